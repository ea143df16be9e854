"""What is wrong with a command is told to the operator before anything is queued."""

import pytest

from chargepoints.choices import ChargeState, CommandStatus, Integration
from chargepoints.exceptions import ActionRefused
from chargepoints.models import Charge, ChargePoint, Command, ConfigurationItem, LocalList
from chargepoints.services.commands import command_create
from tests import factories
from tests.gateway.orders import schedule

pytestmark = pytest.mark.usefixtures("clean_redis")
KNOWN = {
    "NumberOfConnectors": "2",
    "LocalAuthListMaxLength": "2",
    "ReserveConnectorZeroSupported": "False",
    "ChargeProfileMaxStackLevel": "1",
    "ChargingScheduleMaxPeriods": "2",
    "ChargingScheduleAllowedChargingRateUnit": "Current",
    "MaxChargingProfilesInstalled": "1",
}
SOON = "2099-01-31T12:00:00Z"


@pytest.fixture
def online(charge_point: ChargePoint) -> ChargePoint:
    """NORD-1, connected, with a charge on connector 1, two keys and known limits."""
    ChargePoint.objects.update(integration=Integration.CONNECTED)
    Charge.objects.create(
        charge_point=charge_point,
        connector=charge_point.connectors.get(number=1),
        transaction_id="88123",
        state=ChargeState.CHARGING,
        started_at=factories.now(),
    )
    for tag in ("CARD-1", "CARD-2", "CARD-3"):
        factories.charge_key(charge_point.site.team.organisation, tag)
    ConfigurationItem.objects.bulk_create(
        ConfigurationItem(
            charge_point=charge_point, key=key, value=value, is_readonly=True, reported_at=factories.now()
        )
        for key, value in KNOWN.items()
    )
    return charge_point


def refused(charge_point: ChargePoint, kind: str, parameters: dict[str, object], words: str) -> None:
    """The command is refused with these words, and no row is left of it."""
    with pytest.raises(ActionRefused, match=words):
        command_create(charge_point=charge_point, kind=kind, parameters=parameters, author=None)
    assert not Command.objects.exists()


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("", "1", "1 to 50 characters"),
        ("K" * 51, "1", "1 to 50 characters"),
        ("K", "v" * 501, "at most 500 characters"),
        ("K", 60, "is a text"),
        ("authorizationKEY", "0" * 40, "password"),
        (" AuthorizationKey ", "0" * 40, "password"),
        ("numberofconnectors", "3", "NumberOfConnectors is read-only"),
    ],
)
def test_settings(online: ChargePoint, key: str, value: object, words: str) -> None:
    refused(online, "configure", {"key": key, "value": value}, words)


@pytest.mark.parametrize("keys", [["K" * 51], [""], [7], "Key"])
def test_settings_to_read(online: ChargePoint, keys: object) -> None:
    refused(online, "read_configuration", {"keys": keys}, "1 to 50 characters")


@pytest.mark.parametrize(
    ("action", "payload", "words"),
    [
        ("Reset", {"type": "Warm"}, "type is none of the allowed values"),
        ("Reset", {}, "type is missing"),
        ("Reset", {"type": "Soft", "now": True}, "unknown fields: now"),
        ("reset", {"type": "Soft"}, "ocpp1.6 has no message called reset"),
        ("SetVariables", {}, "ocpp1.6 has no message called SetVariables"),
        ("", {}, "Name the OCPP message"),
        ("Reset", ["Soft"], "JSON object"),
        ("ChangeConfiguration", {"key": "AuthorizationKey", "value": "0" * 40}, "password"),
        ("ChangeConfiguration", {"key": "A", "value": "\x00"}, "value: a text has no zero character"),
        ("RemoteStopTransaction", {"transactionId": 2**31}, "transactionId: whole numbers have 32 bits"),
        ("ChangeAvailability", {"connectorId": -1, "type": "Operative"}, "connectorId is a number from 0"),
        ("SendLocalList", {"listVersion": -(2**31) - 1, "updateType": "Full"}, "32 bits"),
    ],
)
def test_any_message(online: ChargePoint, action: str, payload: object, words: str) -> None:
    refused(online, "call", {"action": action, "payload": payload}, words)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"update": "Some"}, "as a whole"),
        ({"update": "Full", "keys": ["NOBODY"]}, "There is no key NOBODY"),
        ({"update": "Full", "keys": ["K" * 21]}, "1 to 20 characters"),
        ({"update": "Full", "keys": ["CARD-1"], "version": 0}, "above 0"),
        ({"update": "Full", "keys": ["CARD-1"], "version": -1}, "above 0"),
        ({"update": "Full", "keys": ["CARD-1"], "version": 2**31}, "above 0"),
        ({"update": "Full", "keys": ["CARD-1"], "remove": ["CARD-2"]}, "removes nothing"),
        ({"update": "Full", "keys": ["CARD-1", "CARD-2", "CARD-3"]}, "at most 2 keys; this would be 3"),
        ({"update": "Differential", "keys": ["CARD-3"]}, "at most 2 keys; this would be 3"),
        ({"update": "Differential"}, "Choose the keys"),
    ],
)
def test_local_lists(online: ChargePoint, parameters: dict[str, object], words: str) -> None:
    entries = {"card-1": {"status": "Accepted"}, "card-2": {"status": "Accepted"}}
    LocalList.objects.create(charge_point=online, version=1, entries=entries, updated_at=factories.now())
    refused(online, "local_list", parameters, words)


def test_one_local_list_at_a_time(online: ChargePoint) -> None:
    """Two at once would take the same version, and the pieces of one would mix with those of the other."""
    whole: dict[str, object] = {"update": "Full", "keys": ["CARD-1"]}
    first = command_create(charge_point=online, kind="local_list", parameters=dict(whole), author=None)
    with pytest.raises(ActionRefused, match="on its way"):
        command_create(charge_point=online, kind="local_list", parameters=dict(whole), author=None)
    Command.objects.filter(pk=first.pk).update(status=CommandStatus.EXPIRED)
    command_create(charge_point=online, kind="local_list", parameters=dict(whole), author=None)


def test_keys_of_others_are_no_keys(online: ChargePoint, foreign_charge_point: ChargePoint) -> None:
    """A local list takes the operator's own keys only."""
    ChargePoint.objects.update(integration=Integration.CONNECTED)
    refused(foreign_charge_point, "local_list", {"update": "Full", "keys": ["CARD-1"]}, "There is no key CARD-1")


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"connector": 1, "expires_at": SOON}, "Choose a key"),
        ({"connector": 1, "id_tag": "K" * 21, "expires_at": SOON}, "at most 20"),
        ({"connector": 0, "id_tag": "CARD-1", "expires_at": SOON}, "single connectors only"),
        ({"connector": 9, "id_tag": "CARD-1", "expires_at": SOON}, "no connector 9"),
        ({"connector": 1, "id_tag": "CARD-1", "expires_at": "2020-01-01T00:00:00Z"}, "in the future"),
        ({"connector": 1, "id_tag": "CARD-1", "expires_at": "tomorrow"}, "in the future"),
        ({"connector": 1, "id_tag": "CARD-1"}, "in the future"),
        ({"connector": 1, "id_tag": "CARD-1", "expires_at": SOON, "parent_id_tag": "P" * 21}, "group"),
    ],
)
def test_reservations(online: ChargePoint, parameters: dict[str, object], words: str) -> None:
    refused(online, "reserve", parameters, words)
    refused(online, "cancel_reservation", {"reservation": 1}, "already ended")


def profile(**fields: object) -> dict[str, object]:
    """A sound profile, with `fields` in the place of its own."""
    sound: dict[str, object] = {
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule((0, 6.0), startSchedule=SOON),
    }
    return sound | fields


@pytest.mark.parametrize(
    ("connector", "given", "words"),
    [
        (1, profile(chargingSchedule=schedule((60, 6.0), startSchedule=SOON)), "starts at 0"),
        (1, profile(chargingSchedule=schedule((0, 6.0), (0, 7.0), startSchedule=SOON)), "sorted"),
        (1, profile(chargingSchedule=schedule((0, 6.05), startSchedule=SOON)), "one decimal"),
        (1, profile(chargingSchedule=schedule((0, -1), startSchedule=SOON)), "not below 0"),
        (1, profile(chargingSchedule=schedule((0, float("nan")), startSchedule=SOON)), "is a number"),
        (1, profile(chargingSchedule=schedule(startSchedule=SOON)), "at least one period"),
        (1, profile(chargingSchedule=schedule((0, 6), (1, 7), (2, 8), startSchedule=SOON)), "at most 2 periods"),
        (1, profile(chargingSchedule=schedule((0, 6000), unit="W", startSchedule=SOON)), "limits in A only"),
        (1, profile(chargingSchedule=schedule((0, 6), unit="kW", startSchedule=SOON)), "in A or in W"),
        (1, profile(chargingSchedule=schedule((0, 6))), "needs a start"),
        (1, profile(chargingSchedule=schedule((0, 6), startSchedule="noon")), "A time is written like"),
        (1, profile(chargingProfileKind="Relative"), "no start of its own"),
        (1, profile(chargingProfileKind="Recurring"), "daily or weekly"),
        (1, profile(stackLevel=2), "stack levels up to 1"),
        (1, profile(stackLevel=-1), "0 or more"),
        (1, profile(chargingProfilePurpose="Mine"), "The purpose"),
        (1, profile(chargingProfileId=-1), "The id"),
        (1, profile(chargingProfilePurpose="ChargePointMaxProfile"), "belongs to connector 0"),
        (1, profile(transactionId=88123), "Only a profile of a charge"),
        (0, profile(chargingProfilePurpose="TxProfile"), "connector above 0"),
        (2, profile(chargingProfilePurpose="TxProfile"), "No charge is running on connector 2"),
        (1, "fast", "JSON object"),
        (9, profile(), "no connector 9"),
    ],
)
def test_charging_profiles(online: ChargePoint, connector: int, given: object, words: str) -> None:
    refused(online, "set_profile", {"connector": connector, "profile": given}, words)


def test_as_many_profiles_as_the_charger_keeps(online: ChargePoint) -> None:
    online.charging_profiles.create(
        connector_number=1,
        profile_id=7,
        purpose="TxDefaultProfile",
        stack_level=0,
        profile=profile(chargingProfileId=7),
        set_at=factories.now(),
    )
    refused(online, "set_profile", {"connector": 1, "profile": profile(stackLevel=1)}, "at most 1 charging profiles")
    # What it replaces does not count.
    same = command_create(
        charge_point=online, kind="set_profile", parameters={"connector": 1, "profile": profile()}, author=None
    )
    assert same.status == CommandStatus.QUEUED


@pytest.mark.parametrize(
    ("kind", "parameters", "words"),
    [
        ("start", {"connector": 1, "id_tag": "CARD-1", "profile": profile()}, "of its own charge"),
        ("clear_profile", {"profile_id": 1, "connector": 1}, "by its id, or by"),
        ("composite_schedule", {"connector": 1, "duration": 0}, "number of seconds"),
        ("composite_schedule", {"connector": 1, "duration": 60, "unit": "kW"}, "in A or in W"),
        ("diagnostics", {"location": "/tmp/x"}, "The address begins with"),
        ("diagnostics", {"location": "file:///etc/passwd"}, "The address begins with"),
        ("diagnostics", {"location": "https://h/a b"}, "The address begins with"),
        ("diagnostics", {"location": "https://h/", "retries": -1}, "not below 0"),
        ("diagnostics", {"location": "https://h/", "start": SOON, "stop": SOON}, "not before their end"),
        ("firmware", {"location": "https://[bad"}, "The address begins with"),
        ("firmware", {"location": "https://h/f.bin", "retrieve_at": "later"}, "A time is written like"),
        ("data_transfer", {"vendor_id": ""}, "1 to 255"),
        ("data_transfer", {"vendor_id": "v", "message_id": "m" * 51}, "at most 50"),
        ("data_transfer", {"vendor_id": "v", "data": {}}, "text"),
        ("availability", {"connector": 0, "type": "Off"}, "in service or out of service"),
        ("availability", {"connector": 9, "type": "Operative"}, "no connector 9"),
        ("availability", {"type": "Operative"}, "no connector None"),
        ("unlock", {"connector": 0}, "no connector 0"),
    ],
)
def test_the_others(online: ChargePoint, kind: str, parameters: dict[str, object], words: str) -> None:
    refused(online, kind, parameters, words)
