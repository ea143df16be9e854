"""The page of one charge: phases, the arithmetic of its bill, holds and registers in words. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from chargepoints.choices import Hold
from chargepoints.models import Bill, Charge
from chargepoints.phases import Doing, Phase, lasted
from chargepoints.pricing import rounded
from chargepoints.selectors.charge_detail import Reading
from hub.templatetags.desk import span_words

PHASE_FILLS = {
    Doing.PREPARING: "prep",
    Doing.CHARGING: "charge",
    Doing.PAUSED_CAR: "warn",
    Doing.PAUSED_CHARGER: "off",
    Doing.FINISHING: "ok",
    Doing.FAULT: "bad",
    Doing.OTHER: "none",
}
NUMBERS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class PhasePart:
    """A phase as a piece of a bar of 1000."""

    fill: str
    label: str
    begin: datetime
    end: datetime
    lasted: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class BillLine:
    """A line of the bill with its arithmetic: `20.5 kWh`, times `4.00`, is `82.00`; flat amounts have no factors."""

    label: str
    factors: str
    amount: str


@dataclass(frozen=True, slots=True)
class HoldLine:
    """Why a bill is held: the rule in words, what was found, and both readings."""

    rule: str
    text: str
    before: str
    after: str


def phase_parts(phases: Sequence[Phase]) -> list[PhasePart]:
    """The phases side by side, as long as they lasted."""
    total = sum(phase.seconds for phase in phases) or 1
    parts, x = [], 0.0
    for phase in phases:
        width = phase.seconds / total * 1000
        fill = PHASE_FILLS[phase.doing]
        parts.append(
            PhasePart(
                fill, phase.doing, phase.begin, phase.end, span_words(phase.seconds), round(x, 1), round(width, 1)
            )
        )
        x += width
    return parts


def phase_sums(phases: Sequence[Phase]) -> list[tuple[str, str, str]]:
    """How long each kind of thing went on in all: fill, `14 min`, `paused by the car`."""
    return [
        (PHASE_FILLS[doing], span_words(seconds), str(doing).lower())
        for doing in Doing
        if (seconds := lasted(phases, doing)) >= 1
    ]


def bill_lines(bill: Bill) -> list[BillLine]:
    """The lines of a bill; quantities and unit prices as exact as they are, amounts with what the sum needs."""
    return [_bill_line(line) for line in bill.lines if isinstance(line, dict)]


def _bill_line(line: dict[str, object]) -> BillLine:
    quantity, unit = _number(line.get("quantity")), str(line.get("unit") or "")
    factors = f"{_plain(quantity, 0)} {unit} × {_plain(_number(line.get('unit_price')), 2)}" if unit else ""  # noqa: RUF001 - a sign of multiplication
    return BillLine(str(line.get("label", "")), factors, _plain(_number(line.get("amount")), 2))


def _number(value: object) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return Decimal(0)


def _plain(value: Decimal, least: int) -> str:
    """Without zeros at the end, but with so many digits at least."""
    text = f"{value:f}"
    whole, _, digits = text.partition(".")
    digits = digits.rstrip("0").ljust(least, "0")
    return f"{whole}.{digits}" if digits else whole


def hold_lines(bill: Bill) -> list[HoldLine]:
    """The holds of a bill in words; a rule that is no longer known shows its id."""
    return [
        HoldLine(
            Hold(told["rule"]).label if told.get("rule") in Hold.values else str(told.get("rule", "")),
            str(told.get("text", "")),
            str(told.get("before") or ""),
            str(told.get("after") or ""),
        )
        for told in bill.holds
        if isinstance(told, dict)
    ]


def difference_words(bill: Bill) -> str:
    """What a proposal would change: `1.50 kWh more than billed`; empty without one."""
    if bill.proposed_wh is None:
        return ""
    difference = bill.proposed_wh - bill.energy_wh
    if not difference:
        return "as billed"
    return f"{abs(difference) / 1000:.2f} kWh {'more' if difference > 0 else 'less'} than billed"


def refund_proposed(bill: Bill, left: Decimal) -> Decimal:
    """What to offer for a refund: the share of the energy that was too much, else all that is left."""
    if bill.proposed_wh is not None and 0 <= bill.proposed_wh < bill.energy_wh:
        share = rounded(bill.total * (bill.energy_wh - bill.proposed_wh) / bill.energy_wh, bill.currency)
        return min(share, left)
    return left


def numbers(readings: Sequence[Reading], charge: Charge) -> list[tuple[Reading, int | None]]:
    """Readings for a table, each with the Wh since the begin; evenly thinned out where there are very many."""
    step = max(1, -(-len(readings) // NUMBERS_SHOWN))
    first = first_register(readings, charge)
    return [
        (reading, reading.register_wh - first if reading.register_wh is not None and first is not None else None)
        for reading in readings[::step]
    ]


def first_register(readings: Iterable[Reading], charge: Charge) -> int | None:
    """Where the register stood at the begin."""
    if charge.meter_start_wh is not None:
        return charge.meter_start_wh
    return next((reading.register_wh for reading in readings if reading.register_wh is not None), None)


def ranges(
    begin: datetime, end: datetime, whole: tuple[datetime, datetime]
) -> list[tuple[str, str, datetime, datetime]]:
    """Where the chart can be moved to from [begin, end] within the whole charge: icon, words, and the range."""
    span, (first, last) = end - begin, whole
    quarter, half = span / 4, span / 2
    found = []
    if span > timedelta(minutes=4):
        found.append(("plus", "Closer", begin + quarter, end - quarter))
    if begin > first:
        earlier = max(begin - half, first)
        found.append(("arrow-left", "Earlier", earlier, earlier + span))
    if end < last:
        later = min(end + half, last)
        found.append(("arrow-right", "Later", later - span, later))
    if begin > first or end < last:
        found.append(("search", "Wider", max(begin - half, first), min(end + half, last)))
    return found
