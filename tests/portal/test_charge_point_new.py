"""Adding a charge point by hand: the form, the password shown once, the page that waits for the first call."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from chargepoints.choices import ConnectorStatus, Refusal
from chargepoints.models import ChargePoint, Connection, ConnectionAttempt, Connector, LogLine, Site
from chargepoints.services.credentials import password_matches
from hub.audit.models import AuditEntry
from hub.teams.choices import Role
from hub.teams.models import Organisation, User
from tests import factories
from tests.factories import now

pytestmark = pytest.mark.usefixtures("clean_redis")
NEW = "/charge-points/new/"
HTMX = {"HX-Request": "true"}


def data(at: Site, **fields: object) -> dict[str, object]:
    """What the form sends."""
    return {
        "site": f"{at.name} ({at.team.name})",
        "name": "Bay 7",
        "identity": " BAY-7 ",
        "how": "made",
        "is_active": "on",
        "connectors-TOTAL_FORMS": "2",
        "connectors-INITIAL_FORMS": "0",
        "connectors-0-number": "1",
        "connectors-0-type": "CCS",
        "connectors-0-max_power_kw": "150",
        "connectors-1-number": "",
        **fields,
    }


def password_in(html: str) -> str:
    """The password that a page shows, if it does."""
    found = re.search(r'<span id="password"[^>]*>([^<]+)</span>', html)
    return found.group(1) if found else ""


def test_it_is_made_and_its_password_is_shown_once(alice_client: Client, alice: User, site: Site) -> None:
    answer = alice_client.post(NEW, data(site, vendor="ACE", sticker="17"))
    made = ChargePoint.objects.get()
    integration = reverse("charge_point_integration", args=[made.pk])
    assert (answer.status_code, answer.headers["Location"]) == (302, integration)
    assert (made.identity, made.name, made.vendor, made.sticker) == ("BAY-7", "Bay 7", "ACE", "17")
    assert (made.is_active, made.integration) == (True, "pending")
    assert list(made.connectors.values_list("number", "type", "max_power_w")) == [(1, "CCS", 150_000)]
    page = alice_client.get(integration)
    password = password_in(page.content.decode())
    assert "no-store" in page.headers["Cache-Control"]
    assert password_matches("BAY-7", password.encode(), made.password_hmac)
    assert len(password) == 20
    assert password_in(alice_client.get(integration).content.decode()) == ""
    entry = AuditEntry.objects.get(act="charge_point.created")
    assert (entry.actor_id, entry.object_id, entry.site_id) == (alice.pk, str(made.pk), site.pk)
    assert entry.after["connectors"] == ["1 CCS 150 kW"]
    assert password not in str(entry.after)
    assert made.password_hmac not in str(entry.after)
    assert LogLine.objects.get(charge_point=made).action == "Registered"


def test_another_session_does_not_see_the_password(alice_client: Client, bob_client: Client, site: Site) -> None:
    alice_client.post(NEW, data(site))
    integration = reverse("charge_point_integration", args=[ChargePoint.objects.get().pk])
    assert password_in(bob_client.get(integration).content.decode()) == ""
    assert password_in(alice_client.get(integration).content.decode()) != ""


def test_a_typed_password(alice_client: Client, site: Site) -> None:
    short = alice_client.post(NEW, data(site, how="typed", password="short"))
    assert short.status_code == 422
    assert "Use 16 to 64 characters" in short.content.decode()
    empty = alice_client.post(NEW, data(site, how="typed", password=""))
    assert "Type the password, or let one be made." in empty.content.decode()
    assert not ChargePoint.objects.exists()
    assert alice_client.post(NEW, data(site, how="typed", password=factories.PASSWORD)).status_code == 302
    made = ChargePoint.objects.get()
    assert password_matches("BAY-7", factories.PASSWORD.encode(), made.password_hmac)


def test_without_an_identity_there_is_no_password(alice_client: Client, site: Site) -> None:
    assert alice_client.post(NEW, data(site, identity="")).status_code == 302
    made = ChargePoint.objects.get()
    assert (made.identity, made.password_hmac, made.integration) == (None, "", "no_integration")
    html = alice_client.get(reverse("charge_point_integration", args=[made.pk])).content.decode()
    assert "No serial" in html
    assert "Set the identity" in html
    assert "administration" not in html.lower().replace(">administration<", "").replace('title="administration"', "")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"identity": "no spaces please"}, "Use up to 48 letters, digits and"),
        ({"identity": "x" * 49}, "Use up to 48 letters, digits and"),
        ({"name": ""}, "This field is required."),
        ({"name": "Taken"}, "This site has a charge point of that name already."),
        ({"site": "Nowhere"}, "There is no site of this name that you may change."),
        ({"site": ""}, "Choose a site."),
        ({"site": "Tromsø Torg"}, "There is no site of this name that you may change."),
        ({"connectors-1-type": "CCS"}, "Give the connector its number."),
        ({"connectors-1-number": "1"}, "Connector 1 is there twice."),
        ({"connectors-1-number": "0"}, "greater than or equal to 1"),
        ({"connectors-0-max_power_kw": "-3"}, "greater than or equal to 0.1"),
        ({"connectors-0-max_power_kw": "many"}, "Enter a number."),
        ({"connectors-0-type": "Steam"}, "Steam is not one of the available choices."),
        ({"connectors-TOTAL_FORMS": "lots"}, "Nothing was stored."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_stored(
    alice_client: Client, site: Site, foreign_site: Site, fields: dict[str, object], words: str
) -> None:
    factories.charge_point(site, name="Taken")
    answer = alice_client.post(NEW, data(site, note="Keep me", **fields))
    html = answer.content.decode()
    assert answer.status_code == 422
    assert words in html
    assert "Keep me" in html, "what was typed stays"
    assert ChargePoint.objects.count() == 1
    assert "style=" not in html


def test_rows_of_connectors_come_and_go_without_script(alice_client: Client, site: Site) -> None:
    more = alice_client.post(NEW, data(site, add_connector="1"))
    html = more.content.decode()
    assert more.status_code == 200
    assert 'name="connectors-2-number" value="2"' in html
    assert 'value="Bay 7"' in html
    assert "This field is required" not in html
    fewer = alice_client.post(NEW, data(site, remove_connector="0")).content.decode()
    assert 'name="connectors-0-number"' in fewer
    assert 'name="connectors-1-number"' not in fewer
    assert not ChargePoint.objects.exists()


def test_a_site_is_preselected(alice_client: Client, site: Site, far_site: Site, foreign_site: Site) -> None:
    assert f'value="{site}' in alice_client.get(f"{NEW}?site={site.pk}").content.decode()
    for query in (f"?site={foreign_site.pk}", "?site=x", ""):
        html = alice_client.get(NEW + query).content.decode()
        assert "Tromsø Torg" not in html
        assert 'name="site" value=' not in html


def test_only_where_the_person_may_edit(
    client: Client, bob_client: Client, site: Site, far_site: Site, nordlys: Organisation
) -> None:
    assert "Bergen Havn" not in bob_client.get(NEW).content.decode()
    assert bob_client.post(NEW, data(far_site)).status_code == 422
    assert client.get(NEW).status_code == 302
    for role in (Role.READ_ONLY, Role.SUPPORT, Role.FINANCE):
        person = factories.user()
        factories.member(nordlys, person, role)
        client.force_login(person)
        assert client.get(NEW).status_code == 403
        assert client.post(NEW, data(site)).status_code == 403
    assert not ChargePoint.objects.exists()
    assert bob_client.put(NEW).status_code == 405


def test_without_a_site_it_says_what_to_do(alice_client: Client) -> None:
    assert "make the site first" in alice_client.get(NEW).content.decode()


def test_an_archived_site_takes_none(alice_client: Client, site: Site) -> None:
    Site.objects.filter(pk=site.pk).update(archived_at=now())
    assert alice_client.post(NEW, data(site)).status_code == 422


def test_earlier_knocks_become_its_own(alice_client: Client, site: Site) -> None:
    common = {"http_status": 401, "first_at": now(), "last_at": now(), "reason": Refusal.UNKNOWN_IDENTITY}
    mine = ConnectionAttempt.objects.create(fingerprint="a", identity="bay-7", remote_address="10.9.9.9", **common)
    other = ConnectionAttempt.objects.create(fingerprint="b", identity="BAY-70", **common)
    alice_client.post(NEW, data(site))
    mine.refresh_from_db()
    other.refresh_from_db()
    assert (mine.charge_point, other.charge_point) == (ChargePoint.objects.get(), None)


def test_the_first_call_step_by_step(alice_client: Client, charge_point: ChargePoint) -> None:
    place = reverse("charge_point_calls", args=[charge_point.pk])

    def shown() -> str:
        return alice_client.get(place, headers=HTMX).content.decode()

    waiting = shown()
    assert "Waiting for its first call" in waiting
    assert 'hx-trigger="every 3s"' in waiting
    assert 'hx-swap-oob="true"' in waiting, "the head of the page follows"
    link = Connection.objects.filter(pk=charge_point.pk)
    link.update(refused_at=now(), refused_reason=Refusal.WRONG_PASSWORD)
    assert "Wrong password" in shown()
    link.update(
        is_connected=True, connected_at=now() + timedelta(seconds=1), subprotocol="ocpp1.6", remote_address="::1"
    )
    assert "from ::1, OCPP 1.6" in shown()
    ChargePoint.objects.update(
        booted_at=now(), vendor="ACE", model="DC150", firmware="5.2", registration_told="Accepted"
    )
    assert "ACE DC150, firmware 5.2" in shown()
    assert 'hx-trigger="every 3s"' in shown()
    Connector.objects.update(status=ConnectorStatus.AVAILABLE)
    done = shown()
    assert "1 Ready, 2 Ready" in done
    assert "hx-trigger" not in done, "nothing is left to wait for"
    ChargePoint.objects.update(is_active=False)
    assert "Deactivated" in shown()


def test_the_first_call_is_for_those_who_see_the_charger(
    client: Client, charlie_client: Client, alice_client: Client, charge_point: ChargePoint
) -> None:
    place = reverse("charge_point_calls", args=[charge_point.pk])
    assert client.get(place).status_code == 302
    assert charlie_client.get(place).status_code == 404
    assert alice_client.post(place).status_code == 405


def test_the_address_comes_as_a_code(alice_client: Client, charge_point: ChargePoint) -> None:
    html = alice_client.get(reverse("charge_point_integration", args=[charge_point.pk])).content.decode()
    assert 'class="qr" viewBox="0 0 37 37"' in html
    assert "style=" not in html
