"""Archived charge points: off the desk, their history kept, and back again."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from chargepoints.choices import ChargeState
from chargepoints.models import Charge, ChargePoint, Site
from chargepoints.selectors.admission import admissions
from chargepoints.services.archive import charge_point_archive, charge_point_restore
from hub.audit.models import AuditEntry
from hub.audit.records import HUB
from hub.teams.choices import Role
from hub.teams.models import Organisation
from tests import factories
from tests.factories import now

pytestmark = pytest.mark.usefixtures("clean_redis")
LIST = "/charge-points/archived/"


def archive(charge_point: ChargePoint) -> str:
    """The address of the dialog."""
    return reverse("charge_point_archive", args=[charge_point.pk])


def restore(charge_point: ChargePoint) -> str:
    """Where "Restore" posts to."""
    return reverse("charge_point_restore", args=[charge_point.pk])


def test_it_leaves_the_desk_and_comes_back(alice_client: Client, charge_point: ChargePoint) -> None:
    password = charge_point.password_hmac
    assert "becomes free" in alice_client.get(archive(charge_point)).content.decode()
    assert alice_client.post(archive(charge_point)).headers["Location"] == LIST
    charge_point.refresh_from_db()
    assert (charge_point.identity, charge_point.former_identity) == (None, "NORD-1")
    assert admissions(["NORD-1"]) == {}, "the gateway knows nobody of this identity"
    for place in ("", "settings/", "integration/", "integration/calls/", "panels/head/", "status-log/", "archive/"):
        assert alice_client.get(f"/charge-points/{charge_point.pk}/{place}").status_code == 404
    assert "NORD-1" in alice_client.get(LIST).content.decode()
    assert "NORD-1" not in alice_client.get("/").content.decode()
    assert alice_client.post(restore(charge_point)).status_code == 302
    charge_point.refresh_from_db()
    assert (charge_point.identity, charge_point.former_identity, charge_point.archived_at) == ("NORD-1", "", None)
    assert charge_point.password_hmac == password
    assert alice_client.get(f"/charge-points/{charge_point.pk}/").status_code == 200
    acts = list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))
    assert acts == ["charge_point.archived", "charge_point.restored"]


def test_not_while_a_charge_runs(alice_client: Client, charge_point: ChargePoint) -> None:
    Charge.objects.create(charge_point=charge_point, transaction_id="7", state=ChargeState.PAUSED, started_at=now())
    assert "It cannot be archived before the end" in alice_client.get(archive(charge_point)).content.decode()
    answer = alice_client.post(archive(charge_point))
    assert answer.status_code == 409
    assert "Not while a charge runs" in answer.content.decode()


def test_an_identity_that_was_taken_meanwhile_is_a_claim(charge_point: ChargePoint, far_site: Site) -> None:
    charge_point_archive(actor=HUB, charge_point=charge_point)
    factories.charge_point(far_site, "nord-1", name="Successor")
    charge_point.refresh_from_db()
    back = charge_point_restore(actor=HUB, charge_point=charge_point)
    assert (back.identity, back.wanted_identity) == (None, "NORD-1")


def test_its_name_and_site_must_be_free(alice_client: Client, charge_point: ChargePoint) -> None:
    charge_point_archive(actor=HUB, charge_point=charge_point)
    other = factories.charge_point(charge_point.site, "OTHER", name="NORD-1")
    answer = alice_client.post(restore(charge_point))
    assert answer.status_code == 409
    assert "has another charge point called NORD-1 by now" in answer.content.decode()
    other.delete()
    Site.objects.update(archived_at=now())
    answer = alice_client.post(restore(charge_point))
    assert "Restore the site first" in answer.content.decode()
    Site.objects.update(archived_at=None)
    assert alice_client.post(restore(charge_point)).status_code == 302


def test_who_may(
    client: Client,
    bob_client: Client,
    charlie_client: Client,
    nordlys: Organisation,
    charge_point: ChargePoint,
    far_charge_point: ChargePoint,
) -> None:
    assert client.get(LIST).headers["Location"].startswith("/login/")
    assert "Nothing is archived." in bob_client.get(LIST).content.decode()
    for one in (charge_point, far_charge_point):
        charge_point_archive(actor=HUB, charge_point=one)
    assert "NORD-1" in bob_client.get(LIST).content.decode()
    assert "NORD-2" not in bob_client.get(LIST).content.decode()
    assert "NORD-1" not in charlie_client.get(LIST).content.decode()
    assert bob_client.post(restore(far_charge_point)).status_code == 404
    assert charlie_client.post(restore(charge_point)).status_code == 404
    assert bob_client.get(restore(charge_point)).status_code == 405
    assert bob_client.post(LIST).status_code == 405
    person = factories.user()
    factories.member(nordlys, person, Role.READ_ONLY)
    client.force_login(person)
    html = client.get(LIST).content.decode()
    assert "NORD-1" in html
    assert restore(charge_point) not in html
    assert client.post(restore(charge_point)).status_code == 403
    assert bob_client.post(restore(charge_point)).status_code == 302
    assert bob_client.post(restore(charge_point)).status_code == 404, "it is not archived any more"


def test_pages(alice_client: Client, site: Site, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    ChargePoint.objects.bulk_create(
        ChargePoint(site=site, name=f"Gone {number:03}", archived_at=now()) for number in range(130)
    )
    with django_assert_max_num_queries(10):
        first = alice_client.get(LIST)
    assert first.content.decode().count("Restore<span") == 100
    second = alice_client.get(f"{LIST}?after={first.context['older']}")
    assert second.content.decode().count("Restore<span") == 30
    assert second.context["older"] is None
    assert alice_client.get(f"{LIST}?after=x").status_code == 200
    assert alice_client.get(f"{LIST}?after=999999").status_code == 200
