"""Charges of different kinds, run through the gateway by a station, and the bills that they become."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chargepoints.choices import BillState, Hold, PaymentKind
from chargepoints.models import Bill, Charge, ChargePoint, PaymentMethod, Price, StatusChange
from chargepoints.services.bills import bills_due
from chargepoints.services.reviews import bill_cancel, bill_refund, bill_release, bill_retry
from hub.audit.models import AuditEntry
from hub.audit.records import HUB
from tests.gateway.bill_tools import Wallet, charged, check, d, iso, payer, the_bill, wallet_of
from tests.gateway.tools import db, station
from tests.stage import Server

pytestmark = pytest.mark.django_db(transaction=True)

KINDS: dict[str, tuple[PaymentKind | None, dict[str, Any], BillState, str]] = {
    # 10 to start and 20 kWh at 4.
    "wallet": (PaymentKind.WALLET, {"end": 21_000}, BillState.PAID, "90.00"),
    "card": (PaymentKind.CARD, {"end": 21_000}, BillState.PAID, "90.00"),
    "declined card": (PaymentKind.CARD, {"end": 21_000}, BillState.UNPAID, "90.00"),
    "invoice": (PaymentKind.INVOICE, {"end": 21_000}, BillState.INVOICED, "90.00"),
    "free": (PaymentKind.FREE, {"end": 21_000}, BillState.FREE, "0.00"),
    "nobody": (None, {"end": 21_000}, BillState.UNPAID, "90.00"),
    "no energy": (PaymentKind.WALLET, {"end": 1_000, "minutes": 0.5}, BillState.CANCELLED, "0.00"),
    # Full after 30 of 60 minutes: 20 of the 30 idle ones cost 2 each.
    "idle": (
        PaymentKind.WALLET,
        {"end": 6_000, "readings": [(10, 3_000), (30, 6_000), (50, 6_000)]},
        BillState.PAID,
        "70.00",
    ),
    # More than the 500 of the wallet: the rest is owed.
    "debt": (PaymentKind.WALLET, {"end": 151_000, "minutes": 300}, BillState.PAID, "610.00"),
    "one Wh": (PaymentKind.WALLET, {"end": 1_001}, BillState.PAID, "10.00"),
}


@pytest.mark.parametrize("name", KINDS)
async def test_ten_charges(gateway: Server, charge_point: ChargePoint, priced: Price, name: str) -> None:
    kind, how, state, total = KINDS[name]
    await charge_point.connectors.aupdate(max_power_w=150_000)
    if kind is not None:
        fields = {"reference": "declined-1"} if name == "declined card" else {"reference": "token-1"}
        await db(lambda: payer(charge_point, kind, "TAG-A", **(fields if kind == PaymentKind.CARD else {})))
    async with station(gateway) as s:
        await s.boot()
        await charged(s, "TAG-A", 1_000, **how)
    bill = await the_bill()
    assert (bill.state, bill.total, bill.net + bill.vat) == (state, d(total), d(total))
    lines = sum((d(line["amount"]) for line in bill.lines), d("0"))
    assert lines.quantize(d("0.01")) == bill.total
    if kind == PaymentKind.WALLET:
        method = bill.payment_method
        assert method is not None
        assert await db(lambda: wallet_of(method)) == Wallet(d("500") - d(total), d("0"))
    assert "right:" in await db(check)


async def test_while_it_runs_the_money_is_held(gateway: Server, charge_point: ChargePoint, priced: Price) -> None:
    key = await db(lambda: payer(charge_point, PaymentKind.WALLET, "TAG-A"))
    async with station(gateway) as s:
        await s.boot()
        await s.start(1, "TAG-A", 0, iso(0))
        await db(bills_due)
        method = await PaymentMethod.objects.aget(driver=key.driver_id)
        assert await db(lambda: wallet_of(method)) == Wallet(d("400"), d("100"))
        assert (await the_bill()).state == BillState.OPEN
    assert "right:" in await db(check)


HELD: dict[str, tuple[dict[str, Any], Hold]] = {
    "negative": ({"begin": 50_000, "end": 40_000}, Hold.NEGATIVE),
    "too fast": ({"begin": 1_000, "end": 91_000}, Hold.TOO_FAST),
    "odometer": ({"begin": 0, "end": 4_000_000}, Hold.ODOMETER),
    "reset": ({"begin": 1_000, "end": 9_000, "readings": [(10, 4_000), (20, 200), (30, 2_000)]}, Hold.NEGATIVE),
}


@pytest.mark.parametrize("name", HELD)
async def test_impossible_readings_are_held(
    gateway: Server, charge_point: ChargePoint, priced: Price, name: str
) -> None:
    how, rule = HELD[name]
    await db(lambda: payer(charge_point, PaymentKind.WALLET, "TAG-A"))
    async with station(gateway) as s:
        await s.boot()
        await charged(s, "TAG-A", **how)
    bill = await the_bill()
    assert bill.state == BillState.HELD
    assert rule in [held["rule"] for held in bill.holds]
    assert all(held["text"] and held["before"] and held["after"] for held in bill.holds)
    method = bill.payment_method
    assert method is not None
    # What the running charge held stays held until somebody decides; nothing was taken.
    assert (await db(lambda: wallet_of(method))).balance + (await db(lambda: wallet_of(method))).held == d("500")
    assert "right:" in await db(check)


async def test_charging_without_energy_is_held(gateway: Server, charge_point: ChargePoint, priced: Price) -> None:
    """The connector said Charging for a while, and the meter stood still; a moment of it would be no reason."""
    async with station(gateway) as s:
        await s.boot()
        transaction = (await s.start(1, "X", 5_000, iso(0)))["transactionId"]
        await s.status(1, "Charging")
        earlier = datetime.now(UTC) - timedelta(minutes=5)
        await StatusChange.objects.aupdate(received_at=earlier)
        await Charge.objects.aupdate(start_received_at=earlier)
        await s.stop(transaction, 5_000, timestamp=iso(60))
        await db(bills_due)
    bill = await the_bill()
    assert (bill.state, [held["rule"] for held in bill.holds]) == (BillState.HELD, [Hold.ZERO_ENERGY])


async def test_an_overlap_is_held_and_both_lines_are_told(
    gateway: Server, charge_point: ChargePoint, priced: Price
) -> None:
    async with station(gateway) as s:
        await s.boot()
        await charged(s, "X", 1_000, 11_000)
        await charged(s, "X", 8_000, 18_000, at=61)
    later = await Bill.objects.filter(charge__meter_start_wh=8_000).aget()
    assert (later.state, later.proposed_wh) == (BillState.HELD, 7_000)
    assert later.holds[0]["rule"] == Hold.OVERLAP
    assert (later.holds[0]["before"], later.holds[0]["after"]) == ("11000 Wh", "8000 Wh")


async def test_a_reviewer_releases_what_is_right(gateway: Server, charge_point: ChargePoint, priced: Price) -> None:
    await db(lambda: payer(charge_point, PaymentKind.WALLET, "TAG-A"))
    async with station(gateway) as s:
        await s.boot()
        await charged(s, "TAG-A", 50_000, 8_000)
    bill = await the_bill()
    assert bill.proposed_wh == 8_000
    done = await db(lambda: bill_release(bill=bill, energy_wh=8_000, actor=HUB, note="counted from zero"))
    assert (done.state, done.total, done.energy_wh) == (BillState.PAID, d("42.00"), 8_000)
    assert await AuditEntry.objects.filter(act="bill.released").aexists()
    twice = [
        await db(lambda: bill_refund(bill=bill, amount=d("12.00"), key="a", actor=HUB, reason="goodwill"))
        for _ in range(2)
    ]
    assert [each.state for each in twice] == [BillState.PAID] * 2
    rest = await db(lambda: bill_refund(bill=bill, amount=d("30.00"), key="b", actor=HUB, reason="all of it"))
    assert rest.state == BillState.REFUNDED
    method = done.payment_method
    assert method is not None
    assert await db(lambda: wallet_of(method)) == Wallet(d("500"), d("0"))
    assert "right:" in await db(check)


async def test_a_lost_stop_is_inferred_and_reconciled(
    gateway: Server, charge_point: ChargePoint, priced: Price
) -> None:
    await db(lambda: payer(charge_point, PaymentKind.WALLET, "TAG-A"))
    async with station(gateway) as s:
        await s.boot()
        lost = (await s.start(1, "TAG-A", 1_000, iso(0)))["transactionId"]
        value = {"timestamp": iso(30), "sampledValue": [{"value": "6000"}]}
        await s.call("MeterValues", {"connectorId": 1, "transactionId": lost, "meterValue": [value]})
        await s.start(1, "OTHER", 9_000, iso(120))
        await db(bills_due)
        held = await Bill.objects.aget(charge__transaction_id=str(lost))
        assert (held.state, held.energy_wh) == (BillState.HELD, 5_000)
        assert held.holds[0]["rule"] == Hold.LOST_STOP
        await s.call("StopTransaction", {"transactionId": lost, "meterStop": 9_000, "timestamp": iso(60)})
        await db(bills_due)
    paid = await Bill.objects.aget(charge__transaction_id=str(lost))
    assert (paid.state, paid.energy_wh, paid.total) == (BillState.PAID, 8_000, d("42.00"))


async def test_a_stop_after_the_decision_is_proposed(gateway: Server, charge_point: ChargePoint, priced: Price) -> None:
    await db(lambda: payer(charge_point, PaymentKind.WALLET, "TAG-A"))
    async with station(gateway) as s:
        await s.boot()
        lost = (await s.start(1, "TAG-A", 1_000, iso(0)))["transactionId"]
        await s.start(1, "OTHER", 9_000, iso(120))
        await db(bills_due)
        held = await Bill.objects.aget(charge__transaction_id=str(lost))
        await db(lambda: bill_release(bill=held, energy_wh=3_000, actor=HUB, note="by hand"))
        await s.call("StopTransaction", {"transactionId": lost, "meterStop": 9_000, "timestamp": iso(60)})
        await db(bills_due)
    bill = await Bill.objects.aget(pk=held.pk)
    assert (bill.state, bill.energy_wh, bill.proposed_wh) == (BillState.PAID, 3_000, 8_000)
    assert bill.holds[0]["rule"] == Hold.LATE_STOP


async def test_an_unpaid_bill_is_paid_otherwise_or_cancelled(
    gateway: Server, charge_point: ChargePoint, priced: Price
) -> None:
    organisation = charge_point.site.team.organisation
    async with station(gateway) as s:
        await s.boot()
        await charged(s, "X", 1_000, 11_000)
        await charged(s, "X", 11_000, 21_000, at=61)
    first, second = [bill async for bill in Bill.objects.order_by("pk")]
    invoice = await PaymentMethod.objects.acreate(
        organisation=organisation, kind=PaymentKind.INVOICE, name="Invoice", currency="NOK"
    )
    assert (await db(lambda: bill_retry(bill=first, actor=HUB))).state == BillState.UNPAID
    assert (await db(lambda: bill_retry(bill=first, actor=HUB, method=invoice))).state == BillState.INVOICED
    assert (await db(lambda: bill_cancel(bill=second, actor=HUB, reason="test drive"))).state == BillState.CANCELLED
    assert "right:" in await db(check)
