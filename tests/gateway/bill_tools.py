"""What the tests of bills share: a price, people who pay, and a station that charges."""

import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.core.management import call_command

from chargepoints.choices import KeyState, PaymentKind
from chargepoints.models import Bill, ChargeKey, ChargePoint, PaymentMethod
from chargepoints.selectors.wallets import method_lines
from chargepoints.services.bills import bills_due
from chargepoints.services.ledger import wallet_top_up
from hub.audit.records import HUB
from tests import factories
from tests.gateway.tools import db
from tests.station import Station

BEGUN = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=6)


class Wallet(NamedTuple):
    """What a wallet holds: free to use, and held for running charges."""

    balance: Decimal
    held: Decimal


def wallet_of(method: PaymentMethod) -> Wallet:
    """The wallet as its page tells it."""
    [line] = method_lines([method])
    return Wallet(line.free, line.held)


def iso(minutes: float) -> str:
    """So many minutes after the begin."""
    return (BEGUN + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


def d(text: str) -> Decimal:
    return Decimal(text)


def payer(charge_point: ChargePoint, kind: PaymentKind, tag: str, **fields: Any) -> ChargeKey:
    """A driver with one key and one payment method; wallets have 500."""
    organisation = charge_point.site.team.organisation
    driver = factories.driver(organisation, f"Payer {tag}")
    method = PaymentMethod.objects.create(
        organisation=organisation, kind=kind, name=kind.label, driver=driver, currency="NOK", is_default=True, **fields
    )
    if kind == PaymentKind.WALLET:
        wallet_top_up(method=method, amount=d("500"), key="first", actor=HUB)
    return factories.charge_key(organisation, tag, holder=driver, state=KeyState.ACTIVE)


async def charged(
    s: Station, tag: str, begin: int | None, end: int | None, *, minutes: float = 60, at: float = 0, readings: Any = ()
) -> None:
    """One charge on connector 1; `readings` are (minute, Wh)."""
    await s.status(1, "Charging")
    start = await s.start(1, tag, begin or 0, iso(at))
    for minute, register in readings:
        value = {"timestamp": iso(at + minute), "sampledValue": [{"value": str(register)}]}
        body = {"connectorId": 1, "transactionId": start["transactionId"], "meterValue": [value]}
        await s.call("MeterValues", body)
    body = {"transactionId": start["transactionId"], "meterStop": end or 0, "timestamp": iso(at + minutes)}
    await s.call("StopTransaction", body)
    await s.status(1, "Available")
    await db(bills_due)


def check() -> str:
    """What `manage.py ledger_check` prints; it exits when the books are wrong."""
    out = io.StringIO()
    call_command("ledger_check", stdout=out)
    return out.getvalue()


async def the_bill() -> Bill:
    """The only bill there is."""
    return await Bill.objects.select_related("payment_method", "charge", "site").aget()
