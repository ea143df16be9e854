"""Change site: consequences first, refused while a charge runs, on record, seen on the pages."""

import threading

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from chargepoints.choices import ChargeState
from chargepoints.exceptions import ChangeRefused
from chargepoints.models import Charge, ChargePoint, Connection, LogLine, Site
from chargepoints.services.log_lines import sequences_allocate
from chargepoints.services.moves import charge_point_change_site
from hub.audit.models import AuditEntry
from hub.audit.records import HUB
from hub.teams.choices import Role
from hub.teams.models import ApiKey, Member, Organisation, User
from tests import factories
from tests.factories import now

HTMX = {"HX-Request": "true"}


def url(charge_point: ChargePoint) -> str:
    return reverse("change_site", args=[charge_point.pk])


def running(charge_point: ChargePoint) -> Charge:
    """A charge that runs on its first connector."""
    return Charge.objects.create(
        charge_point=charge_point,
        connector=charge_point.connectors.order_by("number").first(),
        transaction_id="7",
        state=ChargeState.CHARGING,
        started_at=now(),
    )


def move(client: Client, charge_point: ChargePoint, site: Site, **more: str) -> object:
    return client.post(url(charge_point), {"site": site.pk, "shown": site.pk, **more}, headers=HTMX)


@pytest.fixture
def target(nordlys: Organisation) -> Site:
    """A site of another team, in another time zone, with another limit."""
    return factories.site(
        factories.team(nordlys, "Netherlands"),
        "Zuidas",
        city="Amsterdam",
        time_zone="Europe/Amsterdam",
        power_limit_w=90_000,
    )


def test_the_dialog_shows_what_follows_before_anything_can_be_sent(
    alice_client: Client, bob: User, nordlys: Organisation, charge_point: ChargePoint, target: Site
) -> None:
    support = factories.user("sam", first_name="Sam")
    factories.member(target.team, support, Role.SUPPORT)
    dialog = alice_client.get(url(charge_point), headers=HTMX).content.decode()
    assert dialog.startswith("<dialog")
    assert "Zuidas" in dialog
    assert "Move to" not in dialog

    chosen = alice_client.get(f"{url(charge_point)}?site={target.pk}", headers=HTMX).content.decode()

    for words in (
        "Its team is Netherlands instead of Operations desk.",
        "Bob no longer sees it.",
        "Sam sees it from then on.",
        "Europe/Amsterdam instead of Europe/Oslo",
        "90 kW instead of no limit",
        "Move to Zuidas",
    ):
        assert words in chosen
    page = alice_client.get(f"{url(charge_point)}?site={target.pk}").content.decode()
    assert "<!doctype html>" in page
    assert "style=" not in page


def test_names_are_for_those_who_manage_people(
    client: Client, nordlys: Organisation, charge_point: ChargePoint, target: Site, bob: User
) -> None:
    person = factories.user()
    factories.member(nordlys, person, Role.OPERATIONS)
    client.force_login(person)
    html = client.get(f"{url(charge_point)}?site={target.pk}").content.decode()
    assert "One person or API key no longer sees it." in html
    assert "Bob" not in html


def test_an_api_key_that_still_works_counts(
    alice_client: Client, nordlys: Organisation, charge_point: ChargePoint, target: Site
) -> None:
    for name, revoked_at in (("Meter reader", None), ("Old one", now())):
        member = Member.objects.create(organisation=nordlys, team=target.team, role=Role.READ_ONLY)
        ApiKey.objects.create(member=member, name=name, prefix=name, key_hash=name, revoked_at=revoked_at)
    html = alice_client.get(f"{url(charge_point)}?site={target.pk}").content.decode()
    assert "API key Meter reader sees it from then on." in html
    assert "Old one" not in html


def test_move(alice_client: Client, bob_client: Client, charge_point: ChargePoint, target: Site) -> None:
    here = charge_point.site
    response = move(alice_client, charge_point, target, reason="New tenant")

    assert response.headers["HX-Redirect"] == reverse("charge_point", args=[charge_point.pk])  # type: ignore[attr-defined]
    charge_point.refresh_from_db()
    assert charge_point.site == target
    assert bob_client.get(reverse("charge_point", args=[charge_point.pk])).status_code == 404
    entries = AuditEntry.objects.order_by("pk")
    assert [(entry.act, entry.site_id, entry.reason) for entry in entries] == [
        ("charge_point.moved_away", here.pk, "New tenant"),
        ("charge_point.moved_here", target.pk, "New tenant"),
    ]
    assert {str(entry.before["site"]) + str(entry.after["site"]) for entry in entries} == {"Aker BryggeZuidas"}
    line = LogLine.objects.get(charge_point=charge_point)
    assert (line.action, line.fact, line.text) == ("Change site", "Aker Brygge → Zuidas", "by Alice, New tenant")
    assert (line.direction, line.category, line.is_error) == ("", "state", False)
    assert "is on Zuidas now." in alice_client.get(reverse("charge_point", args=[charge_point.pk])).content.decode()


def test_nothing_moves_unread(alice_client: Client, charge_point: ChargePoint, target: Site) -> None:
    for given in ({"site": target.pk}, {"site": target.pk, "shown": charge_point.site_id}):
        response = alice_client.post(url(charge_point), given, headers=HTMX)
        assert response.status_code == 422
        html = response.content.decode()
        assert "Read what changes, then confirm." in html
        assert "Move to Zuidas" in html  # and there it is
    charge_point.refresh_from_db()
    assert charge_point.site != target


@pytest.mark.parametrize("given", [{}, {"site": ""}, {"site": "abc"}, {"site": "99999999999999999999"}])
def test_bad_input(alice_client: Client, charge_point: ChargePoint, given: dict[str, str]) -> None:
    assert alice_client.post(url(charge_point), given).status_code == 422
    assert alice_client.get(url(charge_point), given).status_code == 200


def test_refused_while_a_charge_runs(alice_client: Client, charge_point: ChargePoint, target: Site) -> None:
    running(charge_point)
    page = alice_client.get(reverse("charge_point", args=[charge_point.pk])).content.decode()
    assert 'id="act-change-site" aria-disabled="true"' in page
    chosen = alice_client.get(f"{url(charge_point)}?site={target.pk}", headers=HTMX).content.decode()
    assert "A charge is running." in chosen
    assert "Move to" not in chosen
    response = move(alice_client, charge_point, target)
    assert response.status_code == 409  # type: ignore[attr-defined]
    assert "A charge is running." in response.content.decode()  # type: ignore[attr-defined]
    charge_point.refresh_from_db()
    assert charge_point.site != target
    assert not AuditEntry.objects.exists()
    assert not LogLine.objects.exists()


def test_refusals_of_the_facts(charge_point: ChargePoint, target: Site, foreign_site: Site, far_site: Site) -> None:
    factories.charge_point(target, name="NORD-1")
    Site.objects.filter(pk=far_site.pk).update(archived_at=now())
    for site, says in (
        (target, "another charge point called NORD-1"),
        (foreign_site, "stays in its organisation"),
        (far_site, "is archived"),
        (charge_point.site, "is on Aker Brygge already"),
    ):
        with pytest.raises(ChangeRefused, match=says):
            charge_point_change_site(actor=HUB, charge_point=charge_point, site=site)
    ChargePoint.objects.filter(pk=charge_point.pk).update(archived_at=now())
    with pytest.raises(ChangeRefused, match="NORD-1 is archived"):
        charge_point_change_site(actor=HUB, charge_point=charge_point, site=target)


@pytest.mark.django_db(transaction=True)
def test_a_charge_that_starts_meanwhile_wins(charge_point: ChargePoint, target: Site) -> None:
    """The gateway stores a start under the lock of the connection: whoever moves the charger waits, then sees it."""
    refused: list[str] = []

    def try_to_move() -> None:
        try:
            charge_point_change_site(actor=HUB, charge_point=charge_point, site=target)
        except ChangeRefused as refusal:
            refused.append(str(refusal))
        finally:
            connection.close()

    mover = threading.Thread(target=try_to_move)
    with transaction.atomic():
        sequences_allocate(lines={charge_point.pk: 1})
        mover.start()
        mover.join(0.3)
        assert mover.is_alive()
        running(charge_point)
    mover.join(10)
    assert refused == ["A charge is running. It can change its site when the charge has ended."]


def test_needs_login_and_ownership(
    client: Client,
    bob_client: Client,
    charlie_client: Client,
    charge_point: ChargePoint,
    far_charge_point: ChargePoint,
    target: Site,
) -> None:
    assert client.get(url(charge_point)).headers["Location"].startswith("/login/")
    for visitor, box in ((bob_client, far_charge_point), (charlie_client, charge_point)):
        assert visitor.get(url(box)).status_code == 404
        assert move(visitor, box, target).status_code == 404  # type: ignore[attr-defined]
    # Bob may edit the charger, but not where it would go.
    assert "Zuidas" not in bob_client.get(f"{url(charge_point)}?site={target.pk}").content.decode()
    assert move(bob_client, charge_point, target).status_code == 422  # type: ignore[attr-defined]
    assert bob_client.put(url(charge_point)).status_code == 405
    assert bob_client.get("/charge-points/999999/change-site/").status_code == 404
    charge_point.refresh_from_db()
    assert charge_point.site != target


@pytest.mark.parametrize("role", [Role.FINANCE, Role.SUPPORT, Role.READ_ONLY])
def test_wrong_role(client: Client, nordlys: Organisation, charge_point: ChargePoint, target: Site, role: Role) -> None:
    person = factories.user()
    factories.member(nordlys, person, role)
    client.force_login(person)
    assert client.get(url(charge_point)).status_code == 403
    assert move(client, charge_point, target).status_code == 403  # type: ignore[attr-defined]
    page = client.get(reverse("charge_point", args=[charge_point.pk])).content.decode()
    assert "Your role does not allow this. It needs: change sites and charge points." in page


def test_targets_are_searched(alice_client: Client, charge_point: ChargePoint, target: Site, far_site: Site) -> None:
    def names(query: str) -> list[str]:
        html = alice_client.get(f"{url(charge_point)}?q={query}", headers=HTMX).content.decode()
        return [name for name in ("Zuidas", "Bergen Havn") if f"<b>{name}</b>" in html]

    assert names("") == ["Zuidas", "Bergen Havn"]
    assert names("amster") == ["Zuidas"]
    assert names("nether zui") == ["Zuidas"]
    assert names("xyz") == []
    Connection.objects.filter(pk=charge_point.pk).update(is_connected=True)
    assert names("bergen") == ["Bergen Havn"]
