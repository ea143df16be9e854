"""Charges as rows of a list: states, people, reasons and money in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from chargepoints.choices import BillState, ChargeState, Verdict
from chargepoints.models import Bill, Charge
from chargepoints.pricing import rounded
from chargepoints.rendering.status import Look
from chargepoints.selectors.charges import SETTLED, ChargeFigures, ChargeScope, is_running
from hub.templatetags.desk import THIN_SPACE

CHARGE_LOOKS: dict[str, Look] = {
    ChargeState.RESERVED: Look("prep", "calendar-clock", "Reserved"),
    ChargeState.SCHEDULED: Look("prep", "clock", "Scheduled"),
    ChargeState.STARTING: Look("prep", "plug", "Starting"),
    ChargeState.CHARGING: Look("charge", "zap", "Charging"),
    ChargeState.PAUSED: Look("warn", "pause", "Paused"),
    ChargeState.STOPPING: Look("warn", "hourglass", "Stopping"),
    ChargeState.STOPPED: Look("prep", "plug", "Stopped", "the cable is still in"),
    ChargeState.COMPLETED: Look("ok", "circle-check", "Completed"),
    ChargeState.CANCELLED: Look("off", "ban", "Cancelled", "it ended before any energy"),
    ChargeState.FAILED: Look("bad", "triangle-alert", "Failed"),
}
BILL_LOOKS: dict[str, Look] = {
    BillState.OPEN: Look("charge", "zap", "Running"),
    BillState.HELD: Look("warn", "hourglass", "Held for review"),
    BillState.PAID: Look("ok", "circle-check", "Paid"),
    BillState.INVOICED: Look("ok", "receipt", "On the next invoice"),
    BillState.FREE: Look("ok", "circle", "Free"),
    BillState.UNPAID: Look("bad", "triangle-alert", "Not paid"),
    BillState.REMOVED: Look("off", "ban", "Payment removed"),
    BillState.CANCELLED: Look("off", "x", "Cancelled"),
    BillState.REFUNDED: Look("prep", "rotate-ccw", "Refunded"),
}
TEST = "Installation test"
# The words of OCPP 1.6 and 2.x, and our own.
REASONS: dict[str, str] = {
    "DeAuthorized": "The key was refused",
    "EmergencyStop": "Emergency stop button",
    "EVDisconnected": "The cable was pulled at the car",
    "GroundFault": "A ground fault",
    "HardReset": "Hard reboot of the charger",
    "Local": "Stopped at the charger",
    "Other": "Another reason",
    "OvercurrentFault": "Too much current",
    "PowerLoss": "Power was lost",
    "PowerQuality": "The power was not good enough",
    "Reboot": "The charger restarted",
    "Remote": "Stopped from the desk or an app",
    "SoftReset": "Soft reboot of the charger",
    "UnlockCommand": "The connector was unlocked",
    "ForceStop": "Stopped by force, payment removed",
}


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """One charge as a row. `amount` is empty where the person sees no money, or there is none yet."""

    charge: Charge
    zone: str
    look: Look
    is_running: bool
    seconds: float
    driver: str
    key: str
    power_w: int | None
    reason: str
    bill_look: Look | None
    amount: str
    review: str


def charge_rows(charges: Iterable[Charge], scope: ChargeScope, powers: Mapping[int, int]) -> list[ChargeRow]:
    """The rows of charges that came from `charges_loaded`; `powers` are the highest in W, by charge."""
    now = timezone.now()
    return [_row(charge, scope, powers.get(charge.pk), now) for charge in charges]


def _row(charge: Charge, scope: ChargeScope, highest: int | None, now: datetime) -> ChargeRow:
    bill = bill_of(charge)
    seen = bill if bill is not None and bill.site_id in scope.money else None
    driver, key = who(charge)
    running = is_running(charge)
    return ChargeRow(
        charge=charge,
        zone=charge.charge_point.site.time_zone,
        look=charge_look(charge),
        is_running=running,
        seconds=max(((charge.ended_at or now) - charge.started_at).total_seconds(), 0),
        driver=driver,
        key=key,
        power_w=highest,
        reason=stop_words(charge),
        bill_look=BILL_LOOKS[seen.state] if seen else None,
        amount=money(seen.total, seen.currency) if seen and seen.state != BillState.OPEN else "",
        review=_review(charge, seen),
    )


def bill_of(charge: Charge) -> Bill | None:
    """The bill of a charge that was loaded with it; None when none was made yet."""
    return getattr(charge, "bill", None)


def charge_look(charge: Charge) -> Look:
    """The pill of a charge's state, with what it means, or why it failed, as cause and title."""
    look = CHARGE_LOOKS[charge.state]
    cause = stop_words(charge) if charge.state == ChargeState.FAILED else look.cause
    return Look(look.kind, look.glyph, look.label, cause, cause)


def who(charge: Charge) -> tuple[str, str]:
    """The driver's name, or that nobody but an installer charged, and the key, of which the last four show."""
    key = charge.charge_key
    tag = charge.id_tag
    shown = f"…{tag[-4:]}" if len(tag) > 4 else tag
    if key is not None and key.for_tests:
        return TEST, shown
    return (key.driver.name if key and key.driver else ""), shown


def stop_words(charge: Charge) -> str:
    """Why a charge stopped, or failed: a key that was refused goes before what was done then."""
    if charge.state == ChargeState.FAILED and charge.verdict not in {Verdict.ACCEPTED, ""}:
        return f"The key was refused: {Verdict(charge.verdict).label}"
    return reason_words(charge.stop_reason)


def reason_words(reason: str) -> str:
    """Why a charge stopped, for people; the charger's own word where it is none of the protocol's."""
    return REASONS.get(reason, reason)


def money(amount: Decimal, currency: str) -> str:
    """An amount with its currency, in that currency's smallest unit: `1 234.50 NOK`."""
    return f"{rounded(amount, currency):,} {currency}".replace(",", THIN_SPACE)


def amounts_words(figures: ChargeFigures) -> list[tuple[str, str]]:
    """The sums by currency: number and currency."""
    return [(money(total, currency).rpartition(" ")[0], currency) for currency, total in figures.amounts.items()]


def needs_decision(bill: Bill) -> str:
    """What a person has to decide about the bill; empty when nothing."""
    if bill.state == BillState.HELD:
        return "The bill is held for review"
    if bill.state == BillState.UNPAID:
        return "The bill is not paid"
    if bill.proposed_wh is not None and bill.state in SETTLED:
        return "Another energy is proposed"
    return ""


def _review(charge: Charge, bill: Bill | None) -> str:
    return (needs_decision(bill) if bill else "") or charge.needs_review
