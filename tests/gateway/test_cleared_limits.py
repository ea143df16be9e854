"""A charger whose profiles were cleared: nobody knows what limits it until it boots or takes a new profile."""

import pytest

from chargepoints.models import ChargePoint
from tests.gateway.orders import done, schedule, sent
from tests.gateway.tools import ended, station
from tests.stage import Server
from tests.station import Payload

pytestmark = pytest.mark.django_db(transaction=True)
PROFILE: Payload = {
    "stackLevel": 1,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": schedule((0, 16.0)),
}


async def unknown(charge_point: ChargePoint) -> bool:
    """Whether no limit is known now."""
    return (await ChargePoint.objects.aget(pk=charge_point.pk)).limit_unknown_since is not None


async def test_until_a_boot(gateway: Server, charge_point: ChargePoint) -> None:
    """A boot that was only asked for is no restart."""
    async with station(gateway) as charger:
        await charger.boot()
        await done(charger, charge_point, "clear_profile", "Accepted")
        assert await unknown(charge_point)
        await done(charger, charge_point, "trigger", "Accepted", message="BootNotification")
        await charger.boot()
        assert await unknown(charge_point)
        await charger.boot()
        assert not await unknown(charge_point)


async def test_until_a_new_profile(gateway: Server, charge_point: ChargePoint) -> None:
    """One that the charger accepts, by our own form or by hand."""
    async with station(gateway) as charger:
        await done(charger, charge_point, "call", "Accepted", action="ClearChargingProfile", payload={})
        assert await unknown(charge_point)
        await done(charger, charge_point, "set_profile", "Rejected", connector=1, profile=PROFILE)
        assert await unknown(charge_point)
        await done(charger, charge_point, "set_profile", "Accepted", connector=1, profile=PROFILE)
        assert not await unknown(charge_point)


async def test_nothing_was_cleared(gateway: Server, charge_point: ChargePoint) -> None:
    """Unknown, refused by an error, or no answer that can be read: as before."""
    async with station(gateway) as charger:
        await done(charger, charge_point, "clear_profile", "Unknown", profile_id=7)
        command, call = await sent(charger, charge_point, "clear_profile")
        await charger.answer_error(call, "InternalError", "no")
        await ended(command)
        await done(charger, charge_point, "clear_profile", "Perhaps")
    assert not await unknown(charge_point)
