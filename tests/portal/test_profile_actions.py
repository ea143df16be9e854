"""The dialogs of charging profiles: what they make, what they refuse, and what they draw."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from chargepoints.choices import CommandStatus, Effect
from chargepoints.models import ChargePoint, ChargingProfile, Command
from tests.factories import now
from tests.portal.action_tools import Data, bring_online, made, refused, url

pytestmark = pytest.mark.usefixtures("clean_redis")
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


@pytest.fixture
def online(charge_point: ChargePoint) -> ChargePoint:
    """NORD-1, connected and idle."""
    return bring_online(charge_point)


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
