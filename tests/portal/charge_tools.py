"""Charges of every kind, with their money, for the tests of their pages."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from chargepoints.choices import BillState, ChargeState, PaymentKind
from chargepoints.models import Bill, Charge, ChargeKey, ChargePoint, MeterSample, PaymentMethod, Price, PriceGroup
from chargepoints.services.bills import bills_due
from chargepoints.services.ledger import wallet_top_up
from hub.audit.records import HUB
from tests import factories
from tests.factories import now

HTMX = {"HX-Request": "true"}
MONEY_WORDS = ("NOK", "Paid", "Held for review", "Price group", "VAT")


def priced(charge_point: ChargePoint) -> Price:
    """4 NOK per kWh and 10 to start, VAT of 25 % within; the organisation's default."""
    group = PriceGroup.objects.create(
        organisation=charge_point.site.team.organisation,
        name="Public",
        currency="NOK",
        is_default=True,
        authorise_amount=Decimal(100),
    )
    return Price.objects.create(
        price_group=group,
        valid_from=now() - timedelta(days=400),
        vat_percent=Decimal(25),
        start_fee=Decimal(10),
        per_kwh=Decimal(4),
    )


def payer(charge_point: ChargePoint, kind: PaymentKind = PaymentKind.WALLET, tag: str = "TAG-A") -> ChargeKey:
    """A key of Kari with one payment method; her wallet has 500 NOK."""
    organisation = charge_point.site.team.organisation
    driver = factories.driver(organisation, f"Kari {tag}")
    method = PaymentMethod.objects.create(
        organisation=organisation, kind=kind, name=kind.label, driver=driver, currency="NOK", is_default=True
    )
    if kind == PaymentKind.WALLET:
        wallet_top_up(method=method, amount=Decimal(500), key="first", actor=HUB)
    return factories.charge_key(organisation, tag, holder=driver)


def charge(
    charge_point: ChargePoint,
    transaction: str,
    *,
    begun: datetime | None = None,
    minutes: float | None = 60,
    start_wh: int | None = 1_000,
    stop_wh: int | None = 21_000,
    key: ChargeKey | None = None,
    **fields: Any,
) -> Charge:
    """A charge on connector 1 that was told from begin to end; `minutes=None` for one that still runs."""
    began = begun or now() - timedelta(hours=2)
    ended = None if minutes is None else began + timedelta(minutes=minutes)
    running = ended is None
    fields = {
        "connector": charge_point.connectors.order_by("number").first(),
        "state": ChargeState.CHARGING if running else ChargeState.COMPLETED,
        "started_at": began,
        "start_received_at": began,
        "ended_at": ended,
        "stop_received_at": ended,
        "meter_start_wh": start_wh,
        "meter_stop_wh": None if running else stop_wh,
        "energy_wh": max((stop_wh or 0) - (start_wh or 0), 0),
        "charge_key": key,
        "id_tag": key.id_tag if key else "",
        "stop_reason": "" if running else "EVDisconnected",
        **fields,
    }
    return Charge.objects.create(charge_point=charge_point, transaction_id=transaction, **fields)


def billed(of: Charge) -> Bill:
    """Its bill, as the worker makes it."""
    bills_due()
    return Bill.objects.get(charge=of)


def held(charge_point: ChargePoint, key: ChargeKey, transaction: str = "7001") -> Charge:
    """A charge whose register fell; 8 kWh are proposed."""
    made = charge(charge_point, transaction, start_wh=50_000, stop_wh=8_000, key=key)
    assert billed(made).state == BillState.HELD
    return made


def samples(of: Charge, measurand: str, values: dict[float, Any], **fields: Any) -> None:
    """Values of the meter at so many minutes after the begin."""
    MeterSample.objects.bulk_create(
        MeterSample(
            charge_point=of.charge_point,
            connector_number=1,
            charge_id=of.pk,
            at=of.started_at + timedelta(minutes=minute),
            received_at=of.started_at + timedelta(minutes=minute),
            measurand=measurand,
            context="Sample.Periodic",
            value=value,
            raw=str(value),
            **fields,
        )
        for minute, value in values.items()
    )
