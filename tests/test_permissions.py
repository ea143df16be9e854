"""Who may see and do what: every role, team and site limits, and strangers."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from chargepoints.choices import Refusal
from chargepoints.models import Charge, ChargePoint, Command, ConnectionAttempt, Site
from chargepoints.permissions import (
    Person,
    attempts_for,
    charge_points_for,
    charges_for,
    commands_for,
    drivers_for,
    rights_on,
    sites_for,
)
from hub.teams.choices import Right, Role
from hub.teams.models import Organisation, User
from tests import factories

# SPEC section 5, written out.
MAY = {
    Role.ADMIN: {Right.VIEW, Right.REBOOT, Right.COMMAND, Right.EDIT, Right.MONEY, Right.PEOPLE, Right.AUDIT},
    Role.OPERATIONS: {Right.VIEW, Right.REBOOT, Right.COMMAND, Right.EDIT},
    Role.FINANCE: {Right.VIEW, Right.MONEY},
    Role.SUPPORT: {Right.VIEW, Right.REBOOT},
    Role.READ_ONLY: {Right.VIEW},
}


@pytest.fixture
def everything(charge_point: ChargePoint, far_charge_point: ChargePoint, foreign_charge_point: ChargePoint) -> None:
    """Each charge point with a charge, a command and a refused handshake; each operator with a driver."""
    now = timezone.now()
    for point in (charge_point, far_charge_point, foreign_charge_point):
        Charge.objects.create(charge_point=point, transaction_id="1", started_at=now)
        Command.objects.create(charge_point=point, kind="reboot", author_name="x", created_at=now, expires_at=now)
        ConnectionAttempt.objects.create(
            fingerprint=point.identity or "",
            charge_point=point,
            reason=Refusal.WRONG_PASSWORD,
            http_status=401,
            first_at=now,
            last_at=now,
        )
        factories.driver(point.site.team.organisation, f"Driver at {point.site}")
    ConnectionAttempt.objects.create(
        fingerprint="nobody", reason=Refusal.UNKNOWN_IDENTITY, http_status=404, first_at=now, last_at=now
    )


def seen(person: Person, right: Right = Right.VIEW) -> dict[str, list[str]]:
    """What each function gives, by the identity of the charge point."""
    owned = {
        "charges": charges_for(person, right),
        "commands": commands_for(person, right),
    }
    found = {name: sorted(rows.values_list("charge_point__identity", flat=True)) for name, rows in owned.items()}
    points = sorted(filter(None, charge_points_for(person, right).values_list("identity", flat=True)))
    sites = sorted(filter(None, sites_for(person, right).values_list("charge_points__identity", flat=True)))
    return {"charge points": points, "sites": sites, **found}


def everywhere(*identities: str) -> dict[str, list[str]]:
    """The same answer from every function."""
    return {name: list(identities) for name in ("charge points", "sites", "charges", "commands")}


def test_the_cast(everything: None, alice: User, bob: User, charlie: User) -> None:
    assert seen(alice) == everywhere("NORD-1", "NORD-2")
    assert seen(bob) == everywhere("NORD-1")
    assert seen(charlie) == everywhere("FJORD-1")


def test_attempts(everything: None, alice: User, bob: User, charlie: User) -> None:
    """Knocks of unknown identities are nobody's."""
    for person, count in ((alice, 2), (bob, 1), (charlie, 1)):
        assert attempts_for(person).count() == count
        assert not attempts_for(person).filter(charge_point__isnull=True).exists()


@pytest.mark.parametrize("role", Role)
def test_every_role(
    role: Role, everything: None, nordlys: Organisation, charge_point: ChargePoint, far_charge_point: ChargePoint
) -> None:
    person = factories.user()
    factories.member(nordlys, person, role)
    for right in Right:
        expected = everywhere("NORD-1", "NORD-2") if right in MAY[role] else everywhere()
        assert seen(person, right) == expected
    assert rights_on(person, charge_point) == rights_on(person, far_charge_point) == MAY[role]
    assert drivers_for(person).count() == (2 if Right.COMMAND in MAY[role] else 0)


@pytest.mark.parametrize("role", Role)
def test_a_team_membership_reaches_its_team_only(
    role: Role, everything: None, nordlys: Organisation, charge_point: ChargePoint
) -> None:
    person, other = factories.user(), factories.team(nordlys, "Another team")
    point = factories.charge_point(factories.site(other), "NORD-3")
    factories.member(other, person, role)
    assert charge_points_for(person).get() == point
    assert rights_on(person, point) == MAY[role]
    assert rights_on(person, charge_point) == frozenset()


def test_site_limits(everything: None, bob: User, charge_point: ChargePoint, far_charge_point: ChargePoint) -> None:
    assert rights_on(bob, charge_point) == MAY[Role.OPERATIONS]
    assert rights_on(bob, far_charge_point) == frozenset()
    assert seen(bob, Right.COMMAND) == everywhere("NORD-1")


def test_memberships_add_up(
    everything: None, bob: User, charge_point: ChargePoint, far_charge_point: ChargePoint
) -> None:
    """Bob commands on one site, and as Finance of the whole he reads everywhere, no more."""
    factories.member(factories.team(far_charge_point.site.team.organisation), bob, Role.FINANCE)
    assert seen(bob) == everywhere("NORD-1", "NORD-2")
    assert seen(bob, Right.COMMAND) == everywhere("NORD-1")
    assert rights_on(bob, charge_point) == MAY[Role.OPERATIONS] | MAY[Role.FINANCE]
    assert rights_on(bob, far_charge_point) == MAY[Role.FINANCE]


def test_two_limits_of_one_membership(everything: None, nordlys: Organisation) -> None:
    person = factories.user()
    sites = tuple(Site.objects.filter(team__organisation=nordlys))
    factories.member(nordlys, person, Role.SUPPORT, sites=sites)
    assert seen(person) == everywhere("NORD-1", "NORD-2")


def test_a_limit_to_a_foreign_site_opens_nothing(
    everything: None, nordlys: Organisation, foreign_charge_point: ChargePoint
) -> None:
    person = factories.user()
    factories.member(nordlys, person, Role.ADMIN, sites=(foreign_charge_point.site,))
    assert seen(person) == everywhere()
    assert rights_on(person, foreign_charge_point) == frozenset()


@pytest.mark.parametrize("right", Right)
def test_no_membership_no_right(
    right: Right, everything: None, alice: User, charge_point: ChargePoint, foreign_charge_point: ChargePoint
) -> None:
    root = factories.user("root", is_staff=True, is_superuser=True)
    for person in (AnonymousUser(), factories.user(), root):
        assert seen(person, right) == everywhere()
        assert not drivers_for(person).exists()
        assert not attempts_for(person).exists()
        assert rights_on(person, charge_point) == frozenset()
    assert rights_on(alice, foreign_charge_point) == frozenset()


def test_an_inactive_person_has_no_right(everything: None, alice: User, charge_point: ChargePoint) -> None:
    alice.is_active = False
    alice.save()
    assert seen(alice) == everywhere()
    assert not drivers_for(alice).exists()
    assert not attempts_for(alice).exists()
    assert rights_on(alice, charge_point) == frozenset()


def test_leaving_ends_it_at_once(everything: None, alice: User, charge_point: ChargePoint) -> None:
    alice.memberships.all().delete()
    assert seen(alice) == everywhere()
    assert rights_on(alice, charge_point) == frozenset()
