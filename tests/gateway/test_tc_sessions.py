"""Charging sessions of OCPP 1.6 core, by certification case; the ones of `test_core` and `test_commands` are there."""

from datetime import UTC, datetime, timedelta

import pytest

from chargepoints.choices import ChargeState, CommandStatus, ConnectorStatus, Effect, Verdict
from chargepoints.models import Charge, ChargePoint, Connector
from hub.teams.models import Organisation
from tests import factories
from tests.gateway.orders import done, now, sent
from tests.gateway.tools import db, derived, ended, station
from tests.stage import Server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def card(nordlys: Organisation) -> str:
    """A key that may charge."""
    return factories.charge_key(nordlys, "CARD-1").id_tag


async def the_charge() -> Charge:
    """The only charge there is."""
    return await Charge.objects.aget()


async def state(charge_point: ChargePoint) -> str:
    """What the charge point as a whole is doing."""
    return (await db(lambda: derived(charge_point)))[1]


async def test_tc_004_1_identification_first(gateway: Server, charge_point: ChargePoint, card: str) -> None:
    async with station(gateway) as charger:
        await charger.status(1, "Available")
        assert (await charger.authorize(card))["idTagInfo"]["status"] == "Accepted"
        await charger.status(1, "Preparing")
        started = await charger.start(1, card, 100)
        assert started["idTagInfo"]["status"] == "Accepted"
        await charger.status(1, "Charging")
    charge = await the_charge()
    assert (charge.state, charge.transaction_id) == (ChargeState.CHARGING, str(started["transactionId"]))


async def test_tc_004_2_nobody_plugs_in(gateway: Server, charge_point: ChargePoint, card: str) -> None:
    """Authorised, and the connection time-out passes: everything is answered, and no charge is made of it."""
    async with station(gateway) as charger:
        assert (await charger.authorize(card))["idTagInfo"]["status"] == "Accepted"
        assert await charger.status(1, "Preparing") == {}
        assert await state(charge_point) == "busy-non-charging"
        assert await charger.status(1, "Available") == {}
        assert await state(charge_point) == "available"
    assert not await Charge.objects.aexists()


async def test_tc_007_cached_key(gateway: Server, charge_point: ChargePoint, card: str) -> None:
    """A start without Authorize before it."""
    async with station(gateway) as charger:
        await charger.status(1, "Preparing")
        assert (await charger.start(1, card, 0))["idTagInfo"]["status"] == "Accepted"
        await charger.status(1, "Charging")
        assert await state(charge_point) == "busy-charging"


async def test_tc_011_1_remote_start_first(gateway: Server, charge_point: ChargePoint, card: str) -> None:
    async with station(gateway) as charger:
        asked, command = await done(charger, charge_point, "start", "Accepted", connector=1, id_tag=card)
        assert asked == {"connectorId": 1, "idTag": card}
        assert command.effect == Effect.AWAITED
        assert (await charger.authorize(card))["idTagInfo"]["status"] == "Accepted"
        await charger.status(1, "Preparing")
        await charger.start(1, card, 0)
        await charger.status(1, "Charging")
    assert (await now(command)).effect == Effect.SEEN


async def test_tc_018_1_unlock_during_a_charge(gateway: Server, charge_point: ChargePoint, card: str) -> None:
    async with station(gateway) as charger:
        tx = (await charger.start(1, card, 0))["transactionId"]
        await charger.status(1, "Charging")
        command, call = await sent(charger, charge_point, "unlock", connector=1)
        assert call.payload == {"connectorId": 1}
        await charger.answer(call, {"status": "Unlocked"})
        assert (await ended(command)).effect == Effect.SEEN
        assert await charger.status(1, "Finishing") == {}
        assert await charger.stop(tx, 700, "UnlockCommand") == {}
        assert await charger.status(1, "Available") == {}
    charge = await the_charge()
    assert (charge.state, charge.stop_reason, charge.energy_wh) == (ChargeState.COMPLETED, "UnlockCommand", 700)


async def test_tc_024_lock_failure(gateway: Server, charge_point: ChargePoint, card: str) -> None:
    async with station(gateway) as charger:
        await charger.authorize(card)
        assert await charger.status(1, "Preparing") == {}
        assert await charger.status(1, "Faulted", "ConnectorLockFailure") == {}
        assert await state(charge_point) == "error"
    connector = await Connector.objects.aget(number=1)
    assert (connector.status, connector.error_code) == (ConnectorStatus.FAULTED, "ConnectorLockFailure")
    assert not await Charge.objects.aexists()


async def test_tc_026_remote_start_rejected(gateway: Server, charge_point: ChargePoint, card: str) -> None:
    """Nothing is awaited, and a charge that comes all the same is not bound to it."""
    async with station(gateway) as charger:
        _, command = await done(charger, charge_point, "start", "Rejected", connector=1, id_tag=card)
        assert (command.status, command.answer, command.effect) == (CommandStatus.REJECTED, "Rejected", Effect.NONE)
        await charger.start(1, card, 0)
    assert (await the_charge()).start_command_id is None
    assert (await now(command)).effect == Effect.NONE


async def test_tc_037_1_start_of_an_outage(gateway: Server, charge_point: ChargePoint, card: str) -> None:
    """A start from the past after the reconnect, at the time the charger tells."""
    at = (datetime.now(UTC) - timedelta(hours=2)).replace(microsecond=0)
    async with station(gateway) as charger:
        await charger.boot()
    async with station(gateway) as charger:
        answer = await charger.start(1, card, 0, timestamp=at.isoformat())
        assert answer["idTagInfo"]["status"] == "Accepted"
        await charger.status(1, "Charging")
    charge = await the_charge()
    assert (charge.started_at, charge.state) == (at, ChargeState.CHARGING)


async def test_tc_037_3_start_of_an_outage_with_an_unknown_key(gateway: Server, charge_point: ChargePoint) -> None:
    """Invalid, with a transaction id; the charger stops by itself, and the charge is kept."""
    async with station(gateway) as charger:
        answer = await charger.start(1, "NOBODY", 0)
        assert answer["idTagInfo"] == {"status": "Invalid"}
        assert answer["transactionId"] > 0
        assert await charger.status(1, "Charging") == {}
        assert await charger.stop(answer["transactionId"], 30, "DeAuthorized") == {}
        assert await charger.status(1, "Available") == {}
    charge = await the_charge()
    assert (charge.verdict, charge.stop_reason) == (Verdict.INVALID, "DeAuthorized")
    assert (charge.energy_wh, charge.state) == (30, ChargeState.COMPLETED)
