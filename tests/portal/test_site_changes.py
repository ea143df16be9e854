"""Sites: created, edited, archived and restored, and what stands in the way."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse

from chargepoints.exceptions import ChangeRefused
from chargepoints.models import ChargePoint, Site
from chargepoints.services.sites import site_archive, site_create, site_edit
from hub.audit.models import AuditEntry
from hub.audit.records import HUB
from hub.teams.models import Organisation, User
from tests import factories
from tests.factories import now

HTMX = {"HX-Request": "true"}
FIELDS = {"name": "Havneparken", "time_zone": "Europe/Oslo", "city": "Oslo"}


def url(name: str, site: Site) -> str:
    return reverse(name, args=[site.pk])


def test_create(alice_client: Client, alice: User, nordlys: Organisation) -> None:
    team = factories.team(nordlys)
    given = {
        **FIELDS,
        "team": team.pk,
        "power_limit_kw": "43.5",
        "latitude": "59.9103",
        "longitude": "10.7285",
        "notes": "Key at the desk",
    }
    response = alice_client.post("/sites/new/", given)
    made = Site.objects.get(name="Havneparken")
    assert response.headers["Location"] == url("site", made)
    assert (made.power_limit_w, made.latitude, made.team_id) == (43_500, Decimal("59.910300"), team.pk)
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.actor_name, entry.site_id, entry.organisation_id) == (
        "site.created",
        "Alice",
        made.pk,
        nordlys.pk,
    )
    assert entry.after["power_limit_w"] == 43_500


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": ""}, "This field is required."),
        ({"time_zone": "Mars/Base"}, "Use a name such as Europe/Oslo"),
        ({"latitude": "59.9"}, "Give both, latitude and longitude, or neither."),
        ({"longitude": "10.7"}, "Give both, latitude and longitude, or neither."),
        ({"latitude": "91", "longitude": "0"}, "less than or equal to 90"),
        ({"power_limit_kw": "-3"}, "greater than or equal to 0.001"),
        ({"power_limit_kw": "1e99"}, "less than or equal to 1000000"),
        ({"name": "Aker Brygge"}, "has a site of that name already. Choose another name."),
        ({"team": "999999"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    alice_client: Client, site: Site, wrong: dict[str, str], says: str
) -> None:
    given = {**FIELDS, "team": str(site.team_id), "notes": "typed with care", **wrong}
    response = alice_client.post("/sites/new/", given)
    assert response.status_code == 422
    html = response.content.decode()
    assert says in html
    assert "typed with care" in html
    assert 'aria-invalid="true"' in html
    assert Site.objects.count() == 1
    assert not AuditEntry.objects.exists()


def test_a_foreign_team_cannot_be_given(alice_client: Client, site: Site, foreign_site: Site) -> None:
    given = {**FIELDS, "team": foreign_site.team_id}
    assert alice_client.post("/sites/new/", given).status_code == 422
    assert alice_client.post(url("site_edit", site), given).status_code == 422
    with pytest.raises(ChangeRefused, match="stays in its organisation"):
        site_edit(actor=HUB, site=site, fields={"team": foreign_site.team})


def test_edit_keeps_what_is_not_typed(alice_client: Client, site: Site) -> None:
    given = {**FIELDS, "name": site.name, "team": site.team_id}
    assert alice_client.post(url("site_edit", site), given).status_code == 302
    assert not AuditEntry.objects.exists()  # nothing differed
    alice_client.post(url("site_edit", site), {**given, "power_limit_kw": "100"})
    site.refresh_from_db()
    assert site.power_limit_w == 100_000
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.before, entry.after) == (
        "site.edited",
        {"power_limit_w": None},
        {"power_limit_w": 100_000},
    )


def test_bob_edits_his_site_but_not_its_team(bob_client: Client, nordlys: Organisation, site: Site) -> None:
    other = factories.team(nordlys, "Netherlands")
    html = bob_client.get(url("site_edit", site)).content.decode()
    assert "Netherlands" not in html
    assert bob_client.post(url("site_edit", site), {**FIELDS, "team": other.pk}).status_code == 422
    assert bob_client.post(url("site_edit", site), {**FIELDS, "team": site.team_id}).status_code == 302


def test_somebody_else_was_faster(alice_client: Client, bob_client: Client, site: Site) -> None:
    page = alice_client.get(url("site_edit", site))
    version = page.context["form"]["version"].value()
    given = {**FIELDS, "name": site.name, "team": site.team_id}
    bob_client.post(url("site_edit", site), {**given, "phone": "111"})

    response = alice_client.post(url("site_edit", site), {**given, "phone": "222", "version": version})

    html = response.content.decode()
    assert response.status_code == 422
    assert "Somebody else changed this site" in html
    assert "Phone is now “111”." in html
    assert 'value="222"' in html
    site.refresh_from_db()
    assert site.phone == "111"
    newer = response.context["form"]["version"].value()
    assert newer != version
    again = alice_client.post(url("site_edit", site), {**given, "phone": "222", "version": newer})
    assert again.status_code == 302
    site.refresh_from_db()
    assert site.phone == "222"


def test_archive_is_refused_while_something_stands_there(alice_client: Client, charge_point: ChargePoint) -> None:
    site = charge_point.site
    dialog = alice_client.get(url("site_archive", site), headers=HTMX).content.decode()
    assert dialog.startswith("<dialog")
    assert "It still has a charge point: NORD-1." in dialog
    response = alice_client.post(url("site_archive", site), headers=HTMX)
    assert response.status_code == 409
    assert "NORD-1" in response.content.decode()
    site.refresh_from_db()
    assert site.archived_at is None
    assert not AuditEntry.objects.exists()


def test_archive_and_restore(alice_client: Client, bob_client: Client, charge_point: ChargePoint) -> None:
    site = charge_point.site
    ChargePoint.objects.update(archived_at=now())
    assert "leaves the list of sites" in alice_client.get(url("site_archive", site)).content.decode()
    response = alice_client.post(url("site_archive", site), {"reason": "Torn down"}, headers=HTMX)
    assert response.headers["HX-Redirect"] == "/sites/"
    assert site.name not in bob_client.get("/").content.decode()
    page = bob_client.get(url("site", site)).content.decode()
    assert "Archived on" in page
    assert "Restore" in page
    assert bob_client.post(url("site_restore", site)).headers["Location"] == url("site", site)
    assert site.name in bob_client.get("/sites/").content.decode()
    entries = AuditEntry.objects.order_by("pk").values_list("act", "reason", "actor_name")
    assert list(entries) == [("site.archived", "Torn down", "Alice"), ("site.restored", "", "Bob")]


def test_restore_is_refused_when_the_name_is_taken(alice_client: Client, site: Site) -> None:
    Site.objects.update(archived_at=now())
    factories.site(site.team, site.name)
    page = alice_client.post(url("site_restore", site), follow=True).content.decode()
    assert "has another site called Aker Brygge by now" in page
    site.refresh_from_db()
    assert site.archived_at is not None


def test_archive_twice_is_once(alice_client: Client, site: Site) -> None:
    for _ in range(2):
        site_archive(actor=HUB, site=site)
    assert AuditEntry.objects.count() == 1


def test_the_service_checks_as_the_form_does(nordlys: Organisation) -> None:
    team = factories.team(nordlys)
    with pytest.raises(ValidationError) as caught:
        site_create(actor=HUB, team=team, fields={"name": "", "time_zone": "Nowhere", "latitude": Decimal(1)})
    assert set(caught.value.message_dict) == {"name", "time_zone", "longitude"}
    assert not Site.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one_site(nordlys: Organisation) -> None:
    team = factories.team(nordlys)

    def make(_: int) -> bool:
        try:
            site_create(actor=HUB, team=team, fields=FIELDS)
        except ValidationError:
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(make, range(4)))
    assert made.count(True) == 1
    assert Site.objects.count() == 1
