"""Messages that an operator writes by hand: what an accepted answer changes is kept as for our own (CSMS.md 2.2)."""

from datetime import timedelta

import pytest

from chargepoints.choices import CommandStatus, Effect, ReservationState
from chargepoints.models import ChargePoint, ChargingProfile, Command, ConfigurationItem, LocalList, Reservation
from tests.factories import now
from tests.gateway.orders import done, schedule, sent
from tests.gateway.tools import ended, station
from tests.stage import Server
from tests.station import Payload, Station

pytestmark = pytest.mark.django_db(transaction=True)
PROFILE: Payload = {
    "chargingProfileId": 7,
    "stackLevel": 1,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": schedule((0, 16.0)),
}
RESERVATION: Payload = {"connectorId": 1, "idTag": "CARD-1", "reservationId": 55}


async def called(
    charger: Station, charge_point: ChargePoint, action: str, payload: Payload, answer: Payload | str = "Accepted"
) -> Command:
    """A message written by hand, sent as it is, and its command once it was answered."""
    asked, command = await done(charger, charge_point, "call", answer, action=action, payload=payload)
    assert asked == payload
    return command


async def test_settings(gateway: Server, charge_point: ChargePoint) -> None:
    """Changed, waiting for a restart, refused, and read; values that are no texts are mended as ever."""
    async with station(gateway) as charger:
        change = {"key": "HeartbeatInterval", "value": "60"}
        command = await called(charger, charge_point, "ChangeConfiguration", change)
        assert (command.status, command.effect) == (CommandStatus.ACCEPTED, Effect.SEEN)
        await called(charger, charge_point, "ChangeConfiguration", {"key": "A", "value": "1"}, "RebootRequired")
        await called(charger, charge_point, "ChangeConfiguration", {"key": "B", "value": "1"}, "Rejected")
        items = ConfigurationItem.objects.order_by("key").values_list("key", "value", "needs_reboot")
        assert [item async for item in items] == [("A", "1", True), ("HeartbeatInterval", "60", False)]
        told = {"configurationKey": [{"key": "HeartbeatInterval", "readonly": False, "value": 90}], "unknownKey": ["A"]}
        await called(charger, charge_point, "GetConfiguration", {"key": ["HeartbeatInterval", "A"]}, told)
        assert (await ConfigurationItem.objects.aget()).value == "90"


async def test_profiles(gateway: Server, charge_point: ChargePoint) -> None:
    async with station(gateway) as charger:
        wanted = {"connectorId": 1, "csChargingProfiles": PROFILE}
        await called(charger, charge_point, "SetChargingProfile", wanted, "Rejected")
        assert not await ChargingProfile.objects.aexists()
        await called(charger, charge_point, "SetChargingProfile", wanted)
        kept = await ChargingProfile.objects.aget()
        assert (kept.connector_number, kept.profile_id, kept.profile) == (1, 7, PROFILE)
        await called(charger, charge_point, "ClearChargingProfile", {"id": 8}, "Unknown")
        assert await ChargingProfile.objects.aexists()
        await called(charger, charge_point, "ClearChargingProfile", {"connectorId": 1})
        assert not await ChargingProfile.objects.aexists()


async def test_local_list(gateway: Server, charge_point: ChargePoint) -> None:
    """The list, the doubt after a failure, and a version that differs."""
    entry = {"idTag": "CARD-1", "idTagInfo": {"status": "Accepted"}}
    sending = {"listVersion": 4, "updateType": "Full", "localAuthorizationList": [entry]}
    async with station(gateway) as charger:
        await called(charger, charge_point, "SendLocalList", sending)
        kept = await LocalList.objects.aget()
        assert (kept.version, kept.entries, kept.in_doubt) == (4, {"card-1": {"status": "Accepted"}}, False)
        command = await called(charger, charge_point, "GetLocalListVersion", {}, {"listVersion": 4})
        assert command.answer == "Version 4"
        await called(charger, charge_point, "SendLocalList", sending | {"listVersion": 5}, "Failed")
        await kept.arefresh_from_db()
        assert (kept.version, kept.in_doubt) == (4, True)


async def test_reservations(gateway: Server, charge_point: ChargePoint) -> None:
    async with station(gateway) as charger:
        wanted = RESERVATION | {"expiryDate": (now() + timedelta(hours=1)).isoformat()}
        await called(charger, charge_point, "ReserveNow", wanted, "Occupied")
        assert not await Reservation.objects.aexists()
        await called(charger, charge_point, "ReserveNow", wanted)
        kept = await Reservation.objects.aget()
        assert (kept.connector_number, kept.id_tag, kept.state) == (1, "CARD-1", ReservationState.ACTIVE)
        await called(charger, charge_point, "CancelReservation", {"reservationId": 55})
        await kept.arefresh_from_db()
        assert kept.state == ReservationState.CANCELLED


async def test_availability_and_jobs(gateway: Server, charge_point: ChargePoint) -> None:
    """What was asked before is overtaken: a change of availability, an upload of a log."""
    async with station(gateway) as charger:
        _, former = await done(charger, charge_point, "availability", "Scheduled", connector=1, type="Inoperative")
        await called(charger, charge_point, "ChangeAvailability", {"connectorId": 1, "type": "Operative"})
        await former.arefresh_from_db()
        assert (former.effect, former.effect_text) == (Effect.NONE, "Overtaken by a newer one")
        log = {"type": "SecurityLog", "location": "https://files.example/x"}
        _, job = await done(charger, charge_point, "log_upload", "Accepted", **log)
        wanted = {"logType": "SecurityLog", "requestId": 9, "log": {"remoteLocation": "https://files.example/y"}}
        command = await called(charger, charge_point, "GetLog", wanted, "AcceptedCanceled")
        assert command.status == CommandStatus.ACCEPTED
        await job.arefresh_from_db()
        assert (job.effect, job.effect_text) == (Effect.MISSING, "Cancelled by a newer one")


async def test_errors_keep_nothing(gateway: Server, charge_point: ChargePoint) -> None:
    async with station(gateway) as charger:
        for action, payload in (
            ("ChangeConfiguration", {"key": "A", "value": "1"}),
            ("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": PROFILE}),
        ):
            command, call = await sent(charger, charge_point, "call", action=action, payload=payload)
            await charger.answer_error(call, "InternalError", "no")
            assert (await ended(command)).status == CommandStatus.FAILED
    assert not await ConfigurationItem.objects.aexists()
    assert not await ChargingProfile.objects.aexists()
