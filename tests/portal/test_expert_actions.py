"""The dialogs of profiles, reservations, lists, certificates and the protocol: what they make, and what they refuse."""

import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from chargepoints.actions import ACTIONS
from chargepoints.choices import CommandStatus, Effect, Integration, ReservationState
from chargepoints.forms.action_table import FORMS
from chargepoints.models import (
    ChargePoint,
    ChargingProfile,
    Command,
    Connection,
    InstalledCertificate,
    Reservation,
)
from hub.teams.models import Organisation
from tests import factories
from tests.factories import now

pytestmark = pytest.mark.usefixtures("clean_redis")
HTMX = {"HX-Request": "true"}
DAILY = {
    "connector": "1",
    "purpose": "TxDefaultProfile",
    "stack_level": "2",
    "kind": "Recurring",
    "recurrency": "Daily",
    "unit": "A",
    "periods-TOTAL_FORMS": "2",
    "periods-0-start": "0:00",
    "periods-0-limit": "16",
    "periods-1-start": "6:30",
    "periods-1-limit": "7.4",
    "periods-1-phases": "1",
}
Data = dict[str, Any]


@pytest.fixture
def online(charge_point: ChargePoint) -> ChargePoint:
    """NORD-1, connected and idle; its site keeps the time of Oslo."""
    ChargePoint.objects.filter(pk=charge_point.pk).update(integration=Integration.CONNECTED, state="available")
    Connection.objects.filter(pk=charge_point.pk).update(is_connected=True, connected_at=now(), subprotocol="ocpp1.6")
    charge_point.site.time_zone = "Europe/Oslo"
    charge_point.site.save(update_fields=["time_zone"])
    charge_point.refresh_from_db()
    return charge_point


def url(charge_point: ChargePoint, kind: str) -> str:
    return reverse("action", args=[charge_point.pk, kind])


def made(client: Client, charge_point: ChargePoint, kind: str, data: Data) -> Data:
    """The parameters of the command that a form makes."""
    response = client.post(url(charge_point, kind), data, headers=HTMX)
    assert response.status_code == 204, response.content.decode()[:3000]
    return dict(Command.objects.get(kind=kind).parameters)


def refused(client: Client, charge_point: ChargePoint, kind: str, data: Data) -> str:
    """The dialog of a form that made no command."""
    response = client.post(url(charge_point, kind), data, headers=HTMX)
    assert response.status_code in {409, 422}
    assert not Command.objects.exists()
    html = response.content.decode()
    assert 'role="alert"' in html
    return html


def test_a_daily_profile(alice_client: Client, online: ChargePoint) -> None:
    """It begins at the last midnight of the site; ids are Hub's."""
    given = made(alice_client, online, "set_profile", DAILY | {"reason": "night rate"})
    profile = given["profile"]
    begin = datetime.fromisoformat(profile["chargingSchedule"].pop("startSchedule"))
    assert begin.astimezone(ZoneInfo("Europe/Oslo")).strftime("%H:%M:%S") == "00:00:00"
    assert now() - timedelta(days=1, hours=1) < begin <= now()
    assert profile.pop("chargingProfileId") > 0
    assert profile == {
        "stackLevel": 2,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Recurring",
        "recurrencyKind": "Daily",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [
                {"startPeriod": 0, "limit": 16.0},
                {"startPeriod": 23400, "limit": 7.4, "numberPhases": 1},
            ],
        },
    }


def test_a_profile_with_times(alice_client: Client, online: ChargePoint) -> None:
    """Times are typed by the site's clock and sent in UTC."""
    data = DAILY | {
        "connector": "0",
        "purpose": "ChargePointMaxProfile",
        "kind": "Absolute",
        "starts_at": "2030-01-31T12:00",
        "duration": "2:30",
        "valid_from": "2030-01-31T00:00",
        "valid_to": "2030-02-28T00:00",
    }
    profile = made(alice_client, online, "set_profile", data)["profile"]
    assert profile["chargingSchedule"]["startSchedule"] == "2030-01-31T11:00:00Z"
    assert profile["chargingSchedule"]["duration"] == 9000
    assert (profile["validFrom"], profile["validTo"]) == ("2030-01-30T23:00:00Z", "2030-02-27T23:00:00Z")
    assert "recurrencyKind" not in profile


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"connector": ""}, "Choose a connector, or the whole charger."),
        ({"connector": "7"}, "Select a valid choice"),
        ({"stack_level": "-1"}, "Stack level: 0 is the lowest."),
        ({"stack_level": ""}, "Stack level: write a number"),
        ({"purpose": "ChargePointMaxProfile"}, "belongs to the whole charger"),
        ({"purpose": "TxProfile", "connector": "0"}, "needs its connector"),
        ({"purpose": "TxProfile"}, "No charge is running on connector 1."),
        ({"kind": "Relative", "starts_at": "2030-01-31T12:00"}, "Begins: leave it empty"),
        ({"starts_at": "soon"}, "Type a date and a time"),
        ({"valid_to": "2020-01-31T12:00"}, "Valid until: choose a time"),
        ({"duration": "0:00"}, "Lasts: write more than 0:00"),
        ({"duration": "long"}, "Lasts: write hours and minutes"),
        ({"periods-TOTAL_FORMS": "0"}, "Add a period"),
        ({"periods-0-start": "1:00"}, "Let the first period begin at 0:00"),
        ({"periods-1-start": "0:00"}, "Sort the periods"),
        ({"periods-1-start": ""}, "From: write hours and minutes"),
        ({"periods-1-start": "6:70"}, "From: write hours and minutes"),
        ({"periods-1-limit": ""}, "Limit: write a number"),
        ({"periods-1-limit": "-1"}, "Limit: 0 is the lowest"),
        ({"periods-1-limit": "7.44"}, "Limit: one decimal at most"),
        ({"periods-1-limit": "NaN"}, "Limit: write a number"),
        ({"periods-1-phases": "4"}, "Select a valid choice"),
    ],
)
def test_profiles_that_are_refused(alice_client: Client, online: ChargePoint, change: Data, words: str) -> None:
    html = refused(alice_client, online, "set_profile", DAILY | change)
    assert words in html
    assert 'value="6:30"' in html or "periods-1-start" in change or "periods-TOTAL_FORMS" in change


def test_rows_are_added_and_removed_without_script(alice_client: Client, online: ChargePoint) -> None:
    """What was typed stays, nothing is sent, and the drawing follows."""
    more = alice_client.post(url(online, "set_profile"), DAILY | {"add_period": "1"})
    html = more.content.decode()
    assert more.status_code == 200
    assert 'name="periods-TOTAL_FORMS" value="3"' in html
    assert 'name="periods-2-start"' in html
    assert "<svg viewBox" not in html.split('id="profile-preview"')[1].split("</fieldset>")[0]
    less = alice_client.post(url(online, "set_profile"), DAILY | {"remove_period": "0"}).content.decode()
    assert 'name="periods-TOTAL_FORMS" value="1"' in less
    assert 'value="7.4"' in less
    drawn = alice_client.post(url(online, "set_profile"), DAILY | {"preview": "1"}).content.decode()
    assert 'aria-label="Limits: from 0:00 16 A; from 6:30 7.4 A"' in drawn
    assert "H149.1V" in drawn  # 6:30 of 24 hours
    assert not Command.objects.exists()


@pytest.mark.parametrize(
    "typed", [{"periods-0-start": "9" * 40}, {"periods-0-limit": "1e400"}, {"periods-TOTAL_FORMS": "9" * 9}]
)
def test_a_drawing_of_nonsense(alice_client: Client, online: ChargePoint, typed: Data) -> None:
    response = alice_client.post(url(online, "set_profile"), DAILY | typed | {"preview": "1"})
    assert response.status_code == 200
    assert "Its steps are drawn here" in response.content.decode()


def test_clear_profiles_wants_a_tick(alice_client: Client, online: ChargePoint) -> None:
    assert "Confirm" in alice_client.get(url(online, "clear_profile")).content.decode()
    assert "Tick Confirm" in refused(alice_client, online, "clear_profile", {"which": "all"})
    assert made(alice_client, online, "clear_profile", {"which": "all", "confirm": "on"}) == {}


@pytest.mark.parametrize(
    ("data", "parameters"),
    [
        ({"which": "id", "profile_id": "7", "connector": "1"}, {"profile_id": 7}),
        ({"which": "some", "connector": "0"}, {"connector": 0}),
        (
            {"which": "some", "purpose": "TxDefaultProfile", "stack_level": "0"},
            {"purpose": "TxDefaultProfile", "stack_level": 0},
        ),
    ],
)
def test_clear_some(alice_client: Client, online: ChargePoint, data: Data, parameters: Data) -> None:
    assert made(alice_client, online, "clear_profile", data | {"confirm": "on"}) == parameters


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"which": "id"}, "Id: write the number"),
        ({"which": "id", "profile_id": "x"}, "Id: write a whole number"),
        ({"which": "some"}, "else clear all"),
        ({"which": "some", "stack_level": "-1"}, "Stack level: 0 is the lowest"),
    ],
)
def test_clear_what(alice_client: Client, online: ChargePoint, data: Data, words: str) -> None:
    assert words in refused(alice_client, online, "clear_profile", data | {"confirm": "on"})


def test_known_profiles_are_named(alice_client: Client, online: ChargePoint) -> None:
    ChargingProfile.objects.create(
        charge_point=online,
        connector_number=0,
        profile_id=77,
        purpose="TxDefaultProfile",
        stack_level=3,
        profile={},
        set_at=now(),
    )
    assert '<option value="77">' in alice_client.get(url(online, "clear_profile")).content.decode()


def test_composite_schedule(alice_client: Client, online: ChargePoint) -> None:
    given = {"connector": "0", "duration": "24:00", "unit": "W"}
    assert made(alice_client, online, "composite_schedule", given) == {"connector": 0, "duration": 86400, "unit": "W"}


def test_composite_schedule_needs_a_time(alice_client: Client, online: ChargePoint) -> None:
    for duration in ("", "0", "-1", "a day"):
        html = refused(alice_client, online, "composite_schedule", {"connector": "0", "duration": duration})
        assert "For the next: write" in html


def test_the_answered_schedule_is_drawn(alice_client: Client, online: ChargePoint) -> None:
    """As steps on the site's clock; whatever else an answer holds draws nothing and breaks nothing."""
    schedule = {
        "chargingRateUnit": "A",
        "duration": 7200,
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}, {"startPeriod": 3600, "limit": 0}],
    }
    command = Command.objects.create(
        charge_point=online,
        kind="composite_schedule",
        parameters={"connector": 1},
        status=CommandStatus.ACCEPTED,
        effect=Effect.SEEN,
        author_name="alice",
        created_at=now(),
        expires_at=now(),
        result={"status": "Accepted", "scheduleStart": "2026-01-31T11:00:00Z", "chargingSchedule": schedule},
    )
    there = reverse("command", args=[command.pk])
    assert 'aria-label="Limits: from 12:00 16 A; from 13:00 0 A"' in alice_client.get(there).content.decode()
    for broken in (
        None,
        {"chargingSchedule": 7},
        {"chargingSchedule": {"chargingSchedulePeriod": 7}},
        {"chargingSchedule": {"chargingSchedulePeriod": [{"startPeriod": "x", "limit": None}]}},
        {"chargingSchedule": {"chargingSchedulePeriod": [{"startPeriod": 0, "limit": 1e300}]}},
    ):
        Command.objects.update(result=broken)
        response = alice_client.get(there)
        assert response.status_code == 200
        assert "Limits:" not in response.content.decode()


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
