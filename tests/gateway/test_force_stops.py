"""Force stop against a silent station, one that stops a moment later, and one that comes back with the stop."""

import io
from collections.abc import Awaitable, Callable

import pytest
from django.core.management import call_command

from chargepoints.choices import BillState, PaymentKind
from chargepoints.models import Charge, ChargePoint, Price
from chargepoints.services.bills import bills_due
from chargepoints.services.force_stops import charge_force_stop, charge_loss
from hub.audit.records import HUB
from tests.gateway.bill_tools import Wallet, check, d, iso, payer, the_bill, wallet_of
from tests.gateway.tools import db, station
from tests.stage import Server
from tests.station import Station

pytestmark = pytest.mark.django_db(transaction=True)


async def force(charge_point: ChargePoint) -> Charge:
    """Alice's click."""
    charge = await Charge.objects.select_related("charge_point", "connector").aget()
    loss = await db(lambda: charge_loss(charge))
    assert (loss.energy_wh, loss.amount, loss.currency) == (5_000, d("30.00"), "NOK")
    return await db(lambda: charge_force_stop(charge=charge, actor=HUB, author=None, reason="blocks the site"))


Late = Callable[[Server, Station, int], Awaitable[None]]


async def at_once(gateway: Server, s: Station, transaction: int) -> None:
    """The station takes the stop and tells the end."""
    stop = {"transactionId": transaction, "meterStop": 7_000, "timestamp": iso(60), "reason": "Remote"}
    await s.call("StopTransaction", stop)


async def after_reconnect(gateway: Server, s: Station, transaction: int) -> None:
    """The connection ends first."""
    await s.close()
    async with station(gateway) as again:
        await again.boot()
        await at_once(gateway, again, transaction)


@pytest.mark.parametrize("late", [None, at_once, after_reconnect])
async def test_force_stop(gateway: Server, charge_point: ChargePoint, priced: Price, late: Late | None) -> None:
    """Against a silent station, one that stops a moment later, and one that comes back with the stop."""
    await db(lambda: payer(charge_point, PaymentKind.WALLET, "TAG-A"))
    async with station(gateway) as s:
        await s.boot()
        transaction = (await s.start(1, "TAG-A", 1_000, iso(0)))["transactionId"]
        value = {"timestamp": iso(30), "sampledValue": [{"value": "6000"}]}
        await s.call("MeterValues", {"connectorId": 1, "transactionId": transaction, "meterValue": [value]})
        await db(bills_due)
        await force(charge_point)
        bill = await the_bill()
        assert (bill.state, bill.energy_wh, bill.total) == (BillState.REMOVED, 5_000, d("0"))
        assert bill.charge.state == "completed"
        if late is not None:
            await late(gateway, s, transaction)
            await db(bills_due)
    bill = await the_bill()
    assert (bill.state, bill.energy_wh) == (BillState.REMOVED, 6_000 if late else 5_000)
    method = bill.payment_method
    assert method is not None
    assert await db(lambda: wallet_of(method)) == Wallet(d("500"), d("0"))
    if late is not None:
        assert bill.charge.needs_review.startswith("It was stopped by force")
    out = io.StringIO()
    await db(lambda: call_command("rebuild", stdout=out))
    assert "equal" in out.getvalue()
    assert "right:" in await db(check)
