"""Charges with bills whose figures can be computed by hand."""

import itertools
from datetime import datetime, timedelta
from decimal import Decimal

from chargepoints.choices import BillState, ChargeState, LedgerAccountKind, MovementKind, PaymentKind, PaymentState
from chargepoints.models import (
    Bill,
    Charge,
    ChargePoint,
    Driver,
    LedgerAccount,
    LedgerLine,
    LedgerMovement,
    Payment,
    PaymentMethod,
)

_number = itertools.count(1)


def moment(text: str) -> datetime:
    """`2026-03-01 00:30+01:00`, as it is written."""
    return datetime.fromisoformat(text)


def charge(
    point: ChargePoint,
    begin: datetime,
    *,
    minutes: int = 60,
    wh: int = 10_000,
    driver: Driver | None = None,
    state: str = BillState.PAID,
    net: str = "0",
    vat: str = "0",
    currency: str = "NOK",
    idle: int = 0,
    **fields: object,
) -> Bill:
    """A charge that has ended, on connector 1, and its bill; `idle` are the minutes without energy at its end."""
    end = begin + timedelta(minutes=minutes)
    made = Charge.objects.create(
        charge_point=point,
        connector=point.connectors.get(number=1),
        transaction_id=str(next(_number)),
        state=ChargeState.COMPLETED,
        started_at=begin,
        start_received_at=begin,
        ended_at=end,
        energy_wh=wh,
        bill_due=False,
    )
    return Bill.objects.create(
        charge=made,
        organisation=point.site.team.organisation,
        site=point.site,
        driver=driver,
        state=state,
        currency=currency,
        energy_wh=wh,
        seconds=minutes * 60,
        idle_seconds=idle * 60,
        net=Decimal(net),
        vat=Decimal(vat),
        total=Decimal(net) + Decimal(vat),
        started_at=begin,
        ended_at=end,
        **fields,
    )


def refund(bill: Bill, net: str, vat: str, at: datetime) -> None:
    """A refund as the books have it, at a moment of the past."""
    organisation, currency = bill.organisation, bill.currency
    method, _ = PaymentMethod.objects.get_or_create(
        organisation=organisation, kind=PaymentKind.INVOICE, name="Invoice", currency=currency
    )
    payment = Payment.objects.create(
        bill=bill, payment_method=method, state=PaymentState.CAPTURED, currency=currency, captured=bill.total
    )
    moved = LedgerMovement.objects.create(
        organisation=organisation,
        at=at,
        kind=MovementKind.REFUND,
        key=f"test:{next(_number)}",
        payment=payment,
        actor_name="Hub",
    )
    lines = {
        LedgerAccountKind.REVENUE: -Decimal(net),
        LedgerAccountKind.VAT: -Decimal(vat),
        LedgerAccountKind.RECEIVABLE: Decimal(net) + Decimal(vat),
    }
    accounts = {
        kind: LedgerAccount.objects.get_or_create(organisation=organisation, kind=kind, currency=currency)[0]
        for kind in lines
    }
    LedgerLine.objects.bulk_create(
        LedgerLine(movement=moved, account=accounts[kind], amount=amount) for kind, amount in lines.items()
    )
