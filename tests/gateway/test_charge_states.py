"""How charges end, as their frames tell: completed, cancelled, failed; and the same once more by a rebuild."""

import pytest

from chargepoints.choices import BillState, ChargeState, KeyState
from chargepoints.models import Charge, ChargePoint
from chargepoints.services.bills import bills_due
from chargepoints.services.force_stops import charge_force_stop
from hub.audit.records import HUB
from hub.teams.models import Organisation
from tests.gateway.test_core import key
from tests.gateway.test_rebuild import rebuild
from tests.gateway.tools import db, station
from tests.stage import Server

pytestmark = pytest.mark.django_db(transaction=True)
STOPPED, COMPLETED = ChargeState.STOPPED, ChargeState.COMPLETED
CANCELLED, FAILED = ChargeState.CANCELLED, ChargeState.FAILED


async def state(tx: object) -> str:
    """Of the charge with this id."""
    return (await Charge.objects.aget(transaction_id=str(tx))).state


async def unchanged() -> None:
    """The frames say what is stored."""
    code, told = await db(rebuild)
    assert code == 0, told


@pytest.mark.parametrize(
    ("tag", "stop", "reason", "ends"),
    [
        ("X", 100, "Local", CANCELLED),
        ("X", 101, "Local", COMPLETED),
        ("X", 100, "PowerLoss", FAILED),
        ("BLOCKED", 100, "DeAuthorized", FAILED),
        ("BLOCKED", 100, "Local", FAILED),
        ("BLOCKED", 400, "DeAuthorized", COMPLETED),
        ("X", 50, "Local", COMPLETED),
    ],
)
@pytest.mark.parametrize("cable_out_first", [False, True])
async def test_an_end(
    gateway: Server,
    charge_point: ChargePoint,
    nordlys: Organisation,
    tag: str,
    stop: int,
    reason: str,
    ends: ChargeState,
    cable_out_first: bool,
) -> None:
    """Stopped until the cable is out, then as it ended; at once where the cable was out before the stop came."""
    await key(nordlys, "X", state=KeyState.ACTIVE)
    await key(nordlys, "BLOCKED", state=KeyState.BLOCKED)
    async with station(gateway) as one:
        await one.status(1, "Preparing")
        tx = (await one.start(1, tag, 100))["transactionId"]
        await one.status(1, "Charging")
        if cable_out_first:
            await one.status(1, "Available")
        await one.stop(tx, stop, reason)
        if not cable_out_first:
            assert await state(tx) == STOPPED
            await one.status(1, "Finishing")
            assert await state(tx) == STOPPED
            await one.status(1, "Available")
        assert await state(tx) == ends
    await unchanged()


async def test_lost_stops(gateway: Server, charge_point: ChargePoint, nordlys: Organisation) -> None:
    """What never got a reading nor charged was cancelled; a late stop says better."""
    await key(nordlys, "X", state=KeyState.ACTIVE, allows_concurrent=True)
    async with station(gateway) as one:
        never = (await one.start(1, "X", 1000))["transactionId"]
        silent = (await one.start(1, "X", 1000))["transactionId"]
        await one.status(1, "Charging")
        metered = (await one.start(1, "X", 1000))["transactionId"]
        await one.meter(1, 1000, metered)
        last = (await one.start(1, "X", 2000))["transactionId"]
        assert [await state(tx) for tx in (never, silent, metered)] == [CANCELLED, COMPLETED, CANCELLED]
        await unchanged()
        await one.stop(never, 1700, "Local")
        await one.stop(silent, 1000, "Local")
        assert [await state(tx) for tx in (never, silent)] == [COMPLETED, CANCELLED]
        await one.stop(last, 2000)
        await one.status(1, "Preparing")
        assert await state(last) == CANCELLED
    await unchanged()


async def test_bills_and_force_stops(gateway: Server, charge_point: ChargePoint, nordlys: Organisation) -> None:
    """Nobody pays for a cancelled charge; one that was stopped by force stays completed."""
    await key(nordlys, "X", state=KeyState.ACTIVE)
    async with station(gateway) as one:
        await one.status(1, "Available")
        tx = (await one.start(1, "X", 1000))["transactionId"]
        await one.stop(tx, 1000, "Local")
        await db(bills_due)
        cancelled = await Charge.objects.select_related("bill").aget(transaction_id=str(tx))
        assert (cancelled.state, cancelled.bill.state) == (CANCELLED, BillState.CANCELLED)
        forced = (await one.start(1, "X", 1000))["transactionId"]
        charge = await Charge.objects.select_related("charge_point", "connector").aget(transaction_id=str(forced))
        await db(lambda: charge_force_stop(charge=charge, actor=HUB, author=None, reason="It hangs."))
        await one.answer(await one.expect("RemoteStopTransaction"), {"status": "Accepted"})
        await one.stop(forced, 1000, "Remote")
        assert await state(forced) == COMPLETED
