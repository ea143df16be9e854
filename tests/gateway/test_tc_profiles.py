"""Smart charging, by certification case."""

from typing import Any

import pytest

from chargepoints.choices import CommandStatus, Effect
from chargepoints.models import ChargePoint, ChargingProfile
from tests.gateway.orders import done, schedule, sent
from tests.gateway.tools import db, ended, station
from tests.stage import Server
from tests.station import Payload

pytestmark = pytest.mark.django_db(transaction=True)
START = "2030-01-31T12:00:00Z"


def profile(purpose: str, **fields: Any) -> Payload:
    """An absolute profile of one day: 6.0 A, then 16.3 A."""
    made: Payload = {
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "validFrom": START,
        "validTo": "2031-01-31T12:00:00Z",
        "chargingSchedule": schedule((0, 6.0), (3600, 16.3), startSchedule=START, duration=86400),
    }
    return made | fields


async def kept(charge_point: ChargePoint) -> list[tuple[int, str, int]]:
    """Connector, purpose and level of the profiles known here."""
    found = ChargingProfile.objects.filter(charge_point=charge_point).order_by("connector_number", "purpose")
    return await db(lambda: list(found.values_list("connector_number", "purpose", "stack_level")))


async def test_tc_056_default_profile(gateway: Server, charge_point: ChargePoint) -> None:
    """Exactly what was asked, with an id of our own and no transaction; refused, nothing is kept."""
    wanted = profile("TxDefaultProfile")
    async with station(gateway) as charger:
        for word in ("Rejected", "NotSupported"):
            _, refused = await done(charger, charge_point, "set_profile", word, connector=1, profile=wanted)
            assert (refused.status, refused.answer) == (CommandStatus.REJECTED, word)
        assert await kept(charge_point) == []
        asked, command = await done(charger, charge_point, "set_profile", "Accepted", connector=1, profile=wanted)
        told = asked["csChargingProfiles"]
        number = told.pop("chargingProfileId")
        assert 0 < number < 2**31
        assert asked == {"connectorId": 1, "csChargingProfiles": wanted}
        assert isinstance(told["chargingSchedule"]["chargingSchedulePeriod"][1]["limit"], float)
        assert (command.status, command.effect) == (CommandStatus.ACCEPTED, Effect.SEEN)
        # The same purpose and level comes in its place.
        await done(charger, charge_point, "set_profile", "Accepted", connector=1, profile=wanted)
        watts = profile("TxDefaultProfile", stackLevel=1, chargingSchedule=schedule((0, 6000.0), unit="W"))
        watts |= {"chargingProfileKind": "Relative"}
        await done(charger, charge_point, "set_profile", "Accepted", connector=1, profile=watts)
    assert await kept(charge_point) == [(1, "TxDefaultProfile", 0), (1, "TxDefaultProfile", 1)]


async def test_tc_057_profile_of_a_charge(gateway: Server, charge_point: ChargePoint) -> None:
    """It names the transaction that runs there, and ends with it."""
    async with station(gateway) as charger:
        tx = (await charger.start(1, "X", 0))["transactionId"]
        asked, command = await done(
            charger, charge_point, "set_profile", "Accepted", connector=1, profile=profile("TxProfile")
        )
        assert asked["csChargingProfiles"]["transactionId"] == tx
        assert command.charge_id is not None
        relative = profile("TxProfile", chargingProfileKind="Relative", chargingSchedule=schedule((0, 8)))
        asked, _ = await done(charger, charge_point, "set_profile", "Accepted", connector=1, profile=relative)
        assert "startSchedule" not in asked["csChargingProfiles"]["chargingSchedule"]
        assert await kept(charge_point) == [(1, "TxProfile", 0)]
        await charger.stop(tx, 10)
    assert await kept(charge_point) == []


async def test_tc_059_start_with_a_profile(gateway: Server, charge_point: ChargePoint) -> None:
    """A TxProfile without transaction, its first period at 0."""
    relative = profile("TxProfile", chargingProfileKind="Relative", chargingSchedule=schedule((0, 6.0)))
    async with station(gateway) as charger:
        command, call = await sent(charger, charge_point, "start", connector=1, id_tag="CARD-1", profile=relative)
        assert (call.payload["connectorId"], call.payload["idTag"]) == (1, "CARD-1")
        told = call.payload["chargingProfile"]
        assert told.pop("chargingProfileId") > 0
        assert told == relative
        await charger.answer(call, {"status": "Accepted"})
        await ended(command, Effect.AWAITED)
        await charger.start(1, "CARD-1", 0)
        await ended(command, Effect.SEEN)


async def test_tc_066_composite_schedule(gateway: Server, charge_point: ChargePoint) -> None:
    """Connector, duration and unit; the schedule is the result of the command."""
    answer = {
        "status": "Accepted",
        "connectorId": 1,
        "scheduleStart": START,
        "chargingSchedule": schedule((0, 6.0), duration=300),
    }
    async with station(gateway) as charger:
        asked, command = await done(
            charger, charge_point, "composite_schedule", answer, connector=1, duration=300, unit="A"
        )
        assert asked == {"connectorId": 1, "duration": 300, "chargingRateUnit": "A"}
        assert (command.status, command.result) == (CommandStatus.ACCEPTED, answer)
        asked, command = await done(charger, charge_point, "composite_schedule", "Rejected", connector=0, duration=60)
    assert asked == {"connectorId": 0, "duration": 60}
    assert (command.status, command.result) == (CommandStatus.REJECTED, {"status": "Rejected"})


async def test_tc_067_clear_profiles(gateway: Server, charge_point: ChargePoint) -> None:
    """By id alone, by connector, purpose and level, and all: exactly these fields, and gone here too."""
    async with station(gateway) as charger:
        await charger.start(1, "X", 0)
        for connector, purpose, number in (
            (0, "ChargePointMaxProfile", 1),
            (1, "TxDefaultProfile", 2),
            (1, "TxProfile", 3),
        ):
            one = profile(purpose, chargingProfileId=number)
            await done(charger, charge_point, "set_profile", "Accepted", connector=connector, profile=one)
        assert len(await kept(charge_point)) == 3
        asked, _ = await done(charger, charge_point, "clear_profile", "Accepted", profile_id=3)
        assert asked == {"id": 3}
        assert await kept(charge_point) == [(0, "ChargePointMaxProfile", 0), (1, "TxDefaultProfile", 0)]
        asked, _ = await done(
            charger,
            charge_point,
            "clear_profile",
            "Accepted",
            connector=1,
            purpose="TxDefaultProfile",
            stack_level=0,
        )
        assert asked == {"connectorId": 1, "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 0}
        assert await kept(charge_point) == [(0, "ChargePointMaxProfile", 0)]
        asked, _ = await done(charger, charge_point, "clear_profile", "Accepted")
        assert asked == {}
        assert await kept(charge_point) == []
        _, unknown = await done(charger, charge_point, "clear_profile", "Unknown")
    assert (unknown.status, unknown.answer) == (CommandStatus.REJECTED, "Unknown")
