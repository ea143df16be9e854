"""Accepting a charger that nobody has registered: what is asked, what is made, what cannot be."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from chargepoints.models import ChargePoint, Connection, Site
from chargepoints.services.credentials import password_matches
from hub.audit.models import AuditEntry
from hub.teams.models import Organisation
from tests.portal.unknown_tools import HTMX, INBOX, OFFERED, accept, knock, listed

pytestmark = pytest.mark.usefixtures("clean_redis")


def test_accept_with_the_password_it_offered(alice_client: Client, site: Site) -> None:
    attempt = knock()
    dialog = alice_client.get(reverse("unknown_accept"), {"identity": "NEW-1"}, headers=HTMX).content.decode()
    assert dialog.startswith("<dialog")
    assert f'value="{site.pk}" checked' in dialog  # the only one there is
    assert re.search(r'value="offered" checked', dialog)
    assert 'value="none"' not in dialog
    assert accept(alice_client, attempt, site).startswith("200 <dialog")
    made = ChargePoint.objects.get(identity="NEW-1")
    assert (made.site, made.name, made.security_profile, made.integration) == (site, "Left of the lift", 1, "pending")
    assert password_matches("NEW-1", OFFERED.encode(), made.password_hmac)
    assert list(made.connectors.values_list("number", flat=True)) == [1, 2]
    assert Connection.objects.filter(charge_point=made).exists()
    assert made.connection_attempts.get() == attempt
    assert listed(alice_client) == []
    entry = AuditEntry.objects.get(act="charge_point.accepted")
    assert entry.actor_name == "Alice"
    assert entry.after["password"] == "offered"
    assert made.password_hmac not in str(entry.after)


def test_the_page_waits_for_the_next_call(alice_client: Client, site: Site) -> None:
    accept(alice_client, knock(), site)
    made = ChargePoint.objects.get(identity="NEW-1")
    url = reverse("unknown_called", args=[made.pk])
    assert "Waiting for its next call" in alice_client.get(url, headers=HTMX).content.decode()
    Connection.objects.filter(pk=made.pk).update(is_connected=True)
    html = alice_client.get(url, headers=HTMX).content.decode()
    assert reverse("charge_point", args=[made.pk]) in html
    assert "hx-get" not in html


def test_a_new_password_is_shown_once(alice_client: Client, site: Site) -> None:
    attempt = knock(password="short")
    given = {"identity": "NEW-1", "attempt": attempt.pk, "site": site.pk, "name": "A", "connectors": 1, "proof": "new"}
    response = alice_client.post(reverse("unknown_accept"), given)
    assert "no-store" in response["Cache-Control"]
    shown = re.search(r'id="new-password"[^>]*>([0-9A-Za-z]{20})<', response.content.decode())
    assert shown is not None
    made = ChargePoint.objects.get(identity="NEW-1")
    assert password_matches("NEW-1", shown[1].encode(), made.password_hmac)
    assert shown[1] not in alice_client.get(reverse("unknown_called", args=[made.pk])).content.decode()
    assert shown[1] not in str(AuditEntry.objects.get().after)


def test_without_a_password_only_if_it_offered_none(alice_client: Client, site: Site) -> None:
    assert accept(alice_client, knock(), site, proof="none").startswith("422")
    assert accept(alice_client, knock("OPEN-1", password=""), site, proof="none").startswith("200")
    made = ChargePoint.objects.get()
    assert (made.identity, made.security_profile, made.password_hmac) == ("OPEN-1", 0, "")


def test_several_addresses_are_told(alice_client: Client, site: Site) -> None:
    knock(age=60, address="192.0.2.1", password="the-password-of-one!")
    newest = knock(address="192.0.2.2", password="the-password-of-two!")
    dialog = alice_client.get(reverse("unknown_accept"), {"identity": "NEW-1"}).content.decode()
    assert "This identity called from several addresses." in dialog
    assert f'name="attempt" value="{newest.pk}"' in dialog
    accept(alice_client, newest, site)
    assert password_matches("NEW-1", b"the-password-of-two!", ChargePoint.objects.get().password_hmac)


def test_another_user_name_is_told(alice_client: Client) -> None:
    knock(user="operator")
    dialog = alice_client.get(reverse("unknown_accept"), {"identity": "NEW-1"}).content.decode()
    assert "Its user name is operator, not its identity." in dialog


@pytest.mark.parametrize("identity", ["", "a b", "x:y", "ø", "x" * 49, "<b>x</b>"])
def test_what_cannot_be_an_identity_says_so(alice_client: Client, site: Site, identity: str) -> None:
    attempt = knock(identity)
    html = alice_client.get(INBOX).content.decode()
    assert "Change it in the charger." in html or "It gives no identity." in html
    assert reverse("unknown_accept") not in html
    assert "<b>x</b>" not in html
    assert accept(alice_client, attempt, site, proof="new").startswith("409")
    assert not ChargePoint.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("site", "", "Choose a site."),
        ("site", "999999", "Choose one of your sites."),
        ("site", "x", "Choose one of your sites."),
        ("name", " ", "Give the charger a name."),
        ("name", "x" * 61, "A name has 60 characters at most."),
        ("name", "NORD-1", "Aker Brygge has a charge point called NORD-1 already."),
        ("connectors", "0", "Give the number of connectors, 1 to 20."),
        ("connectors", "x", "Give the number of connectors, 1 to 20."),
        ("proof", "", "Choose how it proves itself."),
    ],
)
def test_what_is_wrong_is_named_and_kept(
    alice_client: Client, charge_point: ChargePoint, field: str, value: str, says: str
) -> None:
    answer = accept(alice_client, knock(), charge_point.site, **{field: value})
    assert answer.startswith("422")
    assert says in answer
    assert field == "name" or 'value="Left of the lift"' in answer
    assert ChargePoint.objects.count() == 1


def test_two_accept_at_once(alice_client: Client, site: Site, far_site: Site) -> None:
    attempt = knock()
    accept(alice_client, attempt, site)
    late = accept(alice_client, attempt, far_site)
    assert late.startswith("409")
    assert "Somebody has registered this identity meanwhile." in late
    assert "Left of the lift at Aker Brygge" in late
    assert ChargePoint.objects.get().site == site


def test_the_last_site_is_remembered(alice_client: Client, site: Site, far_site: Site) -> None:
    knock("NEW-2")
    dialog = reverse("unknown_accept") + "?identity=NEW-2"
    assert "checked" not in alice_client.get(dialog).content.decode().partition("sites")[2].partition("</fieldset>")[0]
    accept(alice_client, knock(), far_site)
    assert f'value="{far_site.pk}" checked' in alice_client.get(dialog).content.decode()


def test_the_site_of_its_neighbours_is_suggested(
    alice_client: Client, charge_point: ChargePoint, far_site: Site
) -> None:
    Connection.objects.filter(pk=charge_point.pk).update(is_connected=True, remote_address="192.0.2.9")
    accept(alice_client, knock(address="198.51.100.1"), far_site)
    knock("NEW-2")
    html = alice_client.get(reverse("unknown_accept"), {"identity": "NEW-2"}).content.decode()
    assert f'value="{charge_point.site_id}" checked' in html


def test_sites_are_searched(alice_client: Client, site: Site, far_site: Site, foreign_site: Site) -> None:
    html = alice_client.get(reverse("unknown_sites"), {"q": "bergen"}).content.decode()
    assert "Bergen Havn" in html
    assert "Aker Brygge" not in html
    assert "Tromsø" not in alice_client.get(reverse("unknown_sites"), {"q": "tromsø"}).content.decode().split("<p")[0]


def test_an_ignored_one_can_be_accepted(alice_client: Client, site: Site) -> None:
    attempt = knock()
    alice_client.post(reverse("unknown_ignore"), {"identity": "NEW-1"})
    assert accept(alice_client, attempt, site).startswith("200")
    assert ChargePoint.objects.get().connection_attempts.get().ignored_at is None


def test_a_foreign_site_cannot_be_chosen(alice_client: Client, nordlys: Organisation, foreign_site: Site) -> None:
    Organisation.objects.filter(pk=nordlys.pk).update(receives_unknown=True)
    assert "Choose one of your sites." in accept(alice_client, knock(), foreign_site)
