"""Identities: changed with their password, claimed while somebody has them, handed on when they become free."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from chargepoints.choices import ChargeState
from chargepoints.exceptions import ActionRefused
from chargepoints.models import Charge, ChargePoint, LogLine, Site
from chargepoints.rendering.status import combined_words
from chargepoints.selectors.overview import overview_by_id
from chargepoints.services.archive import charge_point_archive
from chargepoints.services.charge_points import charge_point_create
from chargepoints.services.credentials import password_matches
from chargepoints.services.identities import claims_settle_free, identity_change
from chargepoints.tasks.upkeep import charge_points_upkeep
from hub.audit.models import AuditEntry
from hub.audit.records import HUB
from hub.teams.choices import Role
from hub.teams.models import Organisation
from tests import factories
from tests.factories import now

pytestmark = pytest.mark.usefixtures("clean_redis")


def page(charge_point: ChargePoint) -> str:
    """The address of the dialog."""
    return reverse("charge_point_identity", args=[charge_point.pk])


def claimed(at: Site, identity: str, name: str) -> ChargePoint:
    """A charge point that wants an identity."""
    return charge_point_create(actor=HUB, site=at, values={"name": name}, identity=identity)[0]


def status(charge_point: ChargePoint) -> str:
    """The combined status, as the overview has it."""
    return combined_words(overview_by_id([charge_point.pk])[0])


def test_another_identity_comes_with_another_password(alice_client: Client, charge_point: ChargePoint) -> None:
    before = charge_point.password_hmac
    assert "The password belongs to the identity" in alice_client.get(page(charge_point)).content.decode()
    answer = alice_client.post(page(charge_point), {"identity": "NORD-9", "how": "made", "opened": "NORD-1"})
    assert answer.headers["Location"] == reverse("charge_point_integration", args=[charge_point.pk])
    charge_point.refresh_from_db()
    assert charge_point.identity == "NORD-9"
    assert charge_point.password_hmac not in {"", before}
    assert "shown this once" in alice_client.get(answer.headers["Location"]).content.decode()
    entry = AuditEntry.objects.get(act="charge_point.identity changed")
    assert (entry.before["identity"], entry.after["identity"]) == ("NORD-1", "NORD-9")
    assert LogLine.objects.get(charge_point=charge_point).fact == "NORD-1 → NORD-9"


def test_another_case_keeps_the_password(charge_point: ChargePoint) -> None:
    before = charge_point.password_hmac
    assert identity_change(actor=HUB, charge_point=charge_point, identity="nord-1", password="") == ""
    charge_point.refresh_from_db()
    assert (charge_point.identity, charge_point.password_hmac) == ("nord-1", before)


def test_no_identity_is_no_password(alice_client: Client, charge_point: ChargePoint) -> None:
    alice_client.post(page(charge_point), {"identity": "", "how": "none", "opened": "NORD-1"})
    charge_point.refresh_from_db()
    assert (charge_point.identity, charge_point.password_hmac, charge_point.integration) == (None, "", "no_integration")
    assert status(charge_point) == "No serial"


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"identity": "NORD-1", "opened": "NORD-1"}, "This is its identity already."),
        ({"identity": "NORD 9", "opened": "NORD-1"}, "Use up to 48 letters, digits and"),
        ({"identity": "NORD-9", "opened": "OLD-1"}, "Somebody changed this meanwhile: it is “NORD-1” now."),
        ({"identity": "NORD-9", "opened": "NORD-1", "how": "typed", "password": "short"}, "Use 16 to 64 characters"),
        ({"identity": "NORD-9", "opened": "NORD-1", "how": "guessed"}, "guessed is not one of the available choices"),
    ],
)
def test_bad_input(alice_client: Client, charge_point: ChargePoint, sent: dict[str, str], words: str) -> None:
    answer = alice_client.post(page(charge_point), {"how": "made", **sent}, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert answer.content.decode().startswith("<dialog")
    charge_point.refresh_from_db()
    assert charge_point.identity == "NORD-1"


def test_not_while_a_charge_runs(alice_client: Client, charge_point: ChargePoint) -> None:
    charge = Charge.objects.create(
        charge_point=charge_point, transaction_id="7", state=ChargeState.CHARGING, started_at=now()
    )
    sent = {"identity": "NORD-9", "how": "made", "opened": "NORD-1"}
    answer = alice_client.post(page(charge_point), sent)
    assert answer.status_code == 409
    assert "Not while a charge runs" in answer.content.decode()
    Charge.objects.filter(pk=charge.pk).update(state=ChargeState.COMPLETED)
    assert alice_client.post(page(charge_point), sent).status_code == 302


@pytest.mark.parametrize("name", ["charge_point_identity", "charge_point_password", "charge_point_archive"])
def test_who_may(
    client: Client,
    bob_client: Client,
    charlie_client: Client,
    nordlys: Organisation,
    charge_point: ChargePoint,
    far_charge_point: ChargePoint,
    name: str,
) -> None:
    mine, far = reverse(name, args=[charge_point.pk]), reverse(name, args=[far_charge_point.pk])
    assert client.get(mine).headers["Location"].startswith("/login/")
    assert bob_client.get(mine).status_code == 200
    for who, place in ((bob_client, far), (charlie_client, mine), (bob_client, reverse(name, args=[999_999]))):
        assert who.get(place).status_code == 404
        assert who.post(place).status_code == 404
    assert bob_client.delete(mine).status_code == 405
    for role in (Role.READ_ONLY, Role.SUPPORT, Role.FINANCE):
        person = factories.user()
        factories.member(nordlys, person, role)
        client.force_login(person)
        assert client.get(mine).status_code == 403
        assert client.post(mine, {"identity": "X"}).status_code == 403
    charge_point.refresh_from_db()
    assert (charge_point.identity, charge_point.archived_at) == ("NORD-1", None)


def test_a_taken_identity_is_kept_as_a_claim(
    alice_client: Client, charge_point: ChargePoint, far_site: Site, foreign_site: Site
) -> None:
    ours, theirs = claimed(far_site, "nord-1", "Second"), claimed(foreign_site, "NORD-1", "Stranger")
    for one in (ours, theirs):
        assert (one.identity, one.wanted_identity.lower(), one.integration) == (None, "nord-1", "no_integration")
    assert status(ours) == "Serial is in use by: Operations desk"
    assert status(theirs) == "Serial is in use by another organisation"
    for place in ("/", reverse("charge_point", args=[ours.pk]), reverse("charge_point_settings", args=[ours.pk])):
        assert "Serial is in use by: Operations desk" in alice_client.get(place).content.decode()
    found = alice_client.get("/?q=nord-1").content.decode()
    assert "Second" in found
    assert "Stranger" not in found


def test_the_oldest_claim_inherits(charge_point: ChargePoint, far_site: Site, foreign_site: Site) -> None:
    younger, older = claimed(far_site, "NORD-1", "Younger"), claimed(foreign_site, "NORD-1", "Older")
    ChargePoint.objects.filter(pk=older.pk).update(wanted_since=now() - timedelta(days=1))
    identity_change(actor=HUB, charge_point=charge_point, identity="NORD-9", password="")
    older.refresh_from_db()
    younger.refresh_from_db()
    assert (older.identity, older.wanted_identity, older.wanted_since) == ("NORD-1", "", None)
    assert older.integration == "pending"
    assert (younger.identity, younger.wanted_identity) == (None, "NORD-1")
    assert status(younger) == "Serial is in use by another organisation"
    entry = AuditEntry.objects.get(act="charge_point.identity taken")
    assert (entry.object_name, entry.actor_name, entry.after["identity"]) == ("Older", "Hub", "NORD-1")
    charge_point_archive(actor=HUB, charge_point=older)
    younger.refresh_from_db()
    assert younger.identity == "NORD-1"


def test_the_password_of_a_claim_is_good_once_it_is_free(charge_point: ChargePoint, far_site: Site) -> None:
    heir, password = charge_point_create(actor=HUB, site=far_site, values={"name": "Heir"}, identity="nord-1")
    identity_change(actor=HUB, charge_point=charge_point, identity="", password=None)
    heir.refresh_from_db()
    assert heir.identity == "nord-1"
    assert password_matches("NORD-1", password.encode(), heir.password_hmac)


def test_what_became_free_in_another_way_is_handed_on(charge_point: ChargePoint, far_site: Site) -> None:
    heir = claimed(far_site, "NORD-1", "Heir")
    assert claims_settle_free() == 0
    ChargePoint.objects.filter(pk=charge_point.pk).update(identity=None)
    charge_points_upkeep()
    charge_points_upkeep()
    heir.refresh_from_db()
    assert heir.identity == "NORD-1"
    assert AuditEntry.objects.filter(act="charge_point.identity taken").count() == 1


def test_two_swap_their_identities(charge_point: ChargePoint, far_charge_point: ChargePoint) -> None:
    identity_change(actor=HUB, charge_point=charge_point, identity="NORD-2", password="")
    charge_point.refresh_from_db()
    assert (charge_point.identity, charge_point.wanted_identity) == (None, "NORD-2")
    identity_change(actor=HUB, charge_point=far_charge_point, identity="NORD-1", password="")
    found = dict(ChargePoint.objects.values_list("pk", "identity"))
    assert found == {charge_point.pk: "NORD-2", far_charge_point.pk: "NORD-1"}


def test_a_stale_change_is_refused(charge_point: ChargePoint) -> None:
    stale = ChargePoint.objects.get(pk=charge_point.pk)
    identity_change(actor=HUB, charge_point=charge_point, identity="NORD-9", password="")
    with pytest.raises(ActionRefused, match="meanwhile"):
        identity_change(actor=HUB, charge_point=stale, identity="NORD-8", password="")


def test_conflicts_cost_no_further_query(
    alice_client: Client, charge_point: ChargePoint, site: Site, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(40) as few:
        alice_client.get("/")
    for number in range(5):
        claimed(site, "NORD-1", f"Claim {number}")
    with django_assert_max_num_queries(40) as many:
        alice_client.get("/")
    assert len(many) == len(few)


def test_a_password_is_set_and_not_kept(alice_client: Client, charge_point: ChargePoint) -> None:
    place = reverse("charge_point_password", args=[charge_point.pk])
    answer = alice_client.post(place, {"how": "typed", "password": "a-password-of-mine-1"})
    assert answer.status_code == 302
    charge_point.refresh_from_db()
    assert password_matches("NORD-1", b"a-password-of-mine-1", charge_point.password_hmac)
    entry = AuditEntry.objects.get(act="charge_point.password set")
    assert entry.after == {"password": "typed, not kept"}
    assert (
        alice_client.post(place, {"how": "made"}, headers={"HX-Request": "true"})
        .headers["HX-Redirect"]
        .endswith("/integration/")
    )
    assert alice_client.post(place, {"how": "typed", "password": "short"}).status_code == 422


def test_no_password_without_an_identity(alice_client: Client, site: Site) -> None:
    bare = factories.charge_point(site, None)
    place = reverse("charge_point_password", args=[bare.pk])
    assert "Set the identity first" in alice_client.get(place).content.decode()
    assert alice_client.post(place, {"how": "made"}).status_code == 409
