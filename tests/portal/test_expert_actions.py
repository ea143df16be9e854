"""The dialogs of reservations, certificates and the protocol: what they make, and what they refuse."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from chargepoints.actions import ACTIONS
from chargepoints.choices import ReservationState
from chargepoints.forms.action_table import FORMS
from chargepoints.models import ChargePoint, InstalledCertificate, Reservation
from hub.teams.models import Organisation
from tests import factories
from tests.factories import now
from tests.portal.action_tools import Data, bring_online, made, refused, url

pytestmark = pytest.mark.usefixtures("clean_redis")


@pytest.fixture
def online(charge_point: ChargePoint) -> ChargePoint:
    """NORD-1, connected and idle."""
    return bring_online(charge_point)


def test_reserve(alice_client: Client, online: ChargePoint, nordlys: Organisation) -> None:
    factories.charge_key(nordlys, "CARD-1", parent_id_tag="FLEET")
    data = {"connector": "1", "id_tag": "CARD-1", "expires_at": "2030-01-31T12:00"}
    given = made(alice_client, online, "reserve", data)
    assert given.pop("reservation_id") > 0
    assert given == {
        "connector": 1,
        "id_tag": "CARD-1",
        "expires_at": "2030-01-31T11:00:00Z",
        "parent_id_tag": "FLEET",
    }


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id_tag": ""}, "Choose a driver or a key."),
        ({"id_tag": "THEIRS"}, "This key is not known."),
        ({"expires_at": ""}, "Type a date and a time."),
        ({"expires_at": "2020-01-31T12:00"}, "Until: choose a time in the future."),
        ({"connector": ""}, "Choose a connector"),
        ({"parent_id_tag": "x" * 21}, "Group: at most 20 characters."),
    ],
)
def test_reserve_refuses(
    alice_client: Client, online: ChargePoint, nordlys: Organisation, fjord: Organisation, change: Data, words: str
) -> None:
    factories.charge_key(nordlys, "CARD-1")
    factories.charge_key(fjord, "THEIRS")
    data = {"connector": "1", "id_tag": "CARD-1", "expires_at": "2030-01-31T12:00"} | change
    assert words in refused(alice_client, online, "reserve", data)


def reservation(charge_point: ChargePoint, number: int, **fields: Any) -> Reservation:
    """One that runs for another hour."""
    fields = {"made_at": now(), "expires_at": now() + timedelta(hours=1), "id_tag": f"CARD-{number}"} | fields
    return Reservation.objects.create(charge_point=charge_point, connector_number=1, reservation_id=number, **fields)


def test_cancel_a_reservation(alice_client: Client, online: ChargePoint, far_charge_point: ChargePoint) -> None:
    """Of those that run here, and of no others."""
    mine, ended = reservation(online, 1), reservation(online, 2, state=ReservationState.USED)
    over, far = reservation(online, 3, expires_at=now()), reservation(far_charge_point, 4)
    html = alice_client.get(url(online, "cancel_reservation")).content.decode()
    assert [f"CARD-{number}" in html for number in (1, 2, 3, 4)] == [True, False, False, False]
    for other in (ended, over, far):
        assert "already ended" in refused(alice_client, online, "cancel_reservation", {"reservation": other.pk})
    assert made(alice_client, online, "cancel_reservation", {"reservation": mine.pk})["reservation_id"] == 1


def test_data_transfer(alice_client: Client, online: ChargePoint) -> None:
    assert "Vendor: write the name" in refused(alice_client, online, "data_transfer", {"text": "x"})
    data = {"vendor_id": "com.example", "message_id": "", "text": " {} "}
    assert made(alice_client, online, "data_transfer", data) == {"vendor_id": "com.example", "data": " {} "}


def test_any_message_begins_with_an_example(alice_client: Client, online: ChargePoint) -> None:
    """Every message that chargers take, each with a payload that its schema allows."""
    html = alice_client.get(url(online, "call")).content.decode()
    assert html.count("<option") >= 25
    assert ">BootNotification<" not in html
    html = alice_client.get(url(online, "call") + "?action=Reset").content.decode()
    assert "<option selected>Reset</option>" in html
    assert "&quot;type&quot;: &quot;Soft&quot;" in html
    typed = "?action=Reset&payload=%7B%22old%22%3A1%7D"
    assert "old" in alice_client.get(url(online, "call") + typed).content.decode()
    assert "&quot;type&quot;" in alice_client.get(url(online, "call") + typed + "&fill=1").content.decode()
    assert alice_client.get(url(online, "call") + "?action=Explode").status_code == 200


def test_any_message(alice_client: Client, online: ChargePoint) -> None:
    data = {"action": "Reset", "payload": '{"type": "Soft"}'}
    assert made(alice_client, online, "call", data) == {"action": "Reset", "payload": {"type": "Soft"}}


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ('{"type": "Now"}', "Reset: type is none of the allowed values."),
        ("{}", "type is missing."),
        ('{"type": 1,\n "x"}', "Payload: this is no JSON, line 2, column 5"),
        ("", "Payload: write a JSON object"),
        ("[1]", "The payload is a JSON object."),
        ("[" * 50_000, "Payload: this is no JSON"),
        ('{"type": "\\u0000"}', "type is none of the allowed values"),
        ("9" * 5000, "Payload: this is no JSON that can be read"),
    ],
)
def test_messages_that_are_refused(alice_client: Client, online: ChargePoint, payload: str, words: str) -> None:
    html = refused(alice_client, online, "call", {"action": "Reset", "payload": payload})
    assert words in html
    assert "<option selected>Reset</option>" in html


def test_the_password_is_no_setting(alice_client: Client, online: ChargePoint) -> None:
    payload = json.dumps({"key": "AuthorizationKey", "value": "secret-secret"})
    html = refused(alice_client, online, "call", {"action": "ChangeConfiguration", "payload": payload})
    assert "Change it with a new password" in html


def test_certificates(alice_client: Client, online: ChargePoint, foreign_charge_point: ChargePoint) -> None:
    central = {"charge_point": online, "type": "CentralSystemRootCertificate", "seen_at": now()}
    one = InstalledCertificate.objects.create(serial_number="00aa", issuer_key_hash="1", **central)
    html = refused(alice_client, online, "delete_certificate", {"certificate": one.pk})
    assert "This is its last root certificate of a central system" in html
    two = InstalledCertificate.objects.create(serial_number="00bb", issuer_key_hash="2", **central)
    theirs = InstalledCertificate.objects.create(
        serial_number="00cc", **central | {"charge_point": foreign_charge_point}
    )
    assert "no longer lists it" in refused(alice_client, online, "delete_certificate", {"certificate": theirs.pk})
    assert made(alice_client, online, "delete_certificate", {"certificate": two.pk})["serial_number"] == "00bb"
    assert made(alice_client, online, "certificate_ids", {"type": central["type"]}) == {"type": central["type"]}


def test_a_root_must_be_one(alice_client: Client, online: ChargePoint) -> None:
    for certificate, words in (("", "Certificate: paste its text"), ("hello", "Certificate: ")):
        data = {"type": "CentralSystemRootCertificate", "certificate": certificate}
        assert words in refused(alice_client, online, "install_certificate", data)
    assert "Select a valid choice" in refused(alice_client, online, "certificate_ids", {"type": "Mine"})


def test_each_form_has_its_template_and_reason(alice_client: Client, online: ChargePoint) -> None:
    """A reason is asked for everywhere, and goes on record with the command."""
    for kind in FORMS:
        html = alice_client.get(url(online, kind)).content.decode()
        assert ACTIONS[kind].label in html
        assert ('name="reason"' in html) == ("why-box" not in html), kind
