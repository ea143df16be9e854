"""Prices and costs in words and numbers, as pages show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from chargepoints.forms.windows import DAYS, windows_overlapping
from chargepoints.hourly import HOUR, Gap
from chargepoints.models import Price
from chargepoints.pricing import Cost, Line
from hub.templatetags.desk import rate

_WEEK, _WORKDAYS, _WEEKEND = list(range(7)), list(range(5)), [5, 6]
_DAY = 1440


@dataclass(frozen=True, slots=True)
class LineWords:
    """A line of a bill: what for, the arithmetic (empty where there is none), and the amount with its parts."""

    label: str
    arithmetic: str
    amount: str


@dataclass(frozen=True, slots=True)
class CostWords:
    """A bill to read; `net`, `vat` and `total` are amounts."""

    currency: str
    lines: Sequence[LineWords]
    net: Decimal
    vat: Decimal
    total: Decimal
    vat_percent: str
    includes_vat: bool
    missing: str


def cost_words(price: Price, cost: Cost) -> CostWords:
    """The lines with what was multiplied, VAT and total."""
    return CostWords(
        currency=price.price_group.currency,
        lines=[LineWords(line.label, _arithmetic(line), rate(line.amount)) for line in cost.lines],
        net=cost.net,
        vat=cost.vat,
        total=cost.total,
        vat_percent=rate(Decimal(price.vat_percent)),
        includes_vat=price.includes_vat,
        missing=cost.missing,
    )


def _arithmetic(line: Line) -> str:
    if not line.unit:
        return ""
    return f"{rate(line.quantity)} {line.unit} × {rate(line.unit_price)}"  # noqa: RUF001 - the sign of multiplication


def price_words(price: Price) -> str:
    """What a price says in one line: `NOK 4.50 / kWh, 10 to start, idle 2 / min after 10 min`."""
    parts = [_energy(price)] if price.per_kwh or price.spot_source_id or price.windows else []
    if price.per_minute:
        free = f" after {price.free_minutes} min" if price.free_minutes else ""
        parts.append(f"{rate(price.per_minute)} / min{free}")
    if price.start_fee:
        parts.append(f"{rate(price.start_fee)} to start")
    if price.idle_per_minute:
        after = f" after {price.idle_grace_minutes} min" if price.idle_grace_minutes else ""
        most = f", at most {rate(price.idle_maximum)}" if price.idle_maximum is not None else ""
        parts.append(f"idle {rate(price.idle_per_minute)} / min{after}{most}")
    if price.minimum:
        parts.append(f"at least {rate(price.minimum)}")
    return f"{price.price_group.currency} {', '.join(parts)}" if parts else "Free"


def _energy(price: Price) -> str:
    said = f"{rate(price.per_kwh)} / kWh"
    if price.spot_source is not None:
        times = "" if price.spot_factor == 1 else f" × {rate(price.spot_factor)}"  # noqa: RUF001 - as above
        fixed = f" + {rate(price.per_kwh)}" if price.per_kwh else ""
        said = f"{price.spot_source.name} by the hour{times}{fixed} / kWh"
    if price.windows:
        names = ", ".join(str(one.get("label") or "") for one in price.windows)
        said += f" ({names} differ{'s' if len(price.windows) == 1 else ''})"
    return said


def vat_words(price: Price) -> str:
    """How VAT is meant."""
    if not price.vat_percent:
        return "no VAT"
    percent = rate(Decimal(price.vat_percent))
    return f"with {percent} % VAT" if price.includes_vat else f"plus {percent} % VAT"


def window_words(windows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Each time of day in a line: `Night, Mon to Fri 22:00 to 06:00: 1.20 / kWh`."""
    return [_window(one) for one in windows]


def overlap_words(windows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Which times of day share some time, and which of them counts then."""
    return [
        f"{first} and {second} overlap: there {first} counts, because it stands first."
        for first, second in windows_overlapping(windows)
    ]


def _window(one: Mapping[str, Any]) -> str:
    begin, end = int(one["from_minute"]), int(one["to_minute"])
    hours = f"{_clock(begin)} to {_clock(end)}" if (end - begin) % _DAY else "all day"
    prices = [
        f"{rate(Decimal(one[name]))} / {unit}"
        for name, unit in (("per_kwh", "kWh"), ("per_minute", "min"))
        if one.get(name) is not None
    ]
    return f"{one.get('label')}, {_days(one.get('weekdays', _WEEK))} {hours}: {', '.join(prices)}"


def _days(days: Sequence[int]) -> str:
    named = {tuple(_WEEK): "every day", tuple(_WORKDAYS): "Mon to Fri", tuple(_WEEKEND): "Sat and Sun"}
    return named.get(tuple(sorted(days))) or ", ".join(DAYS[day] for day in sorted(days))


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def gap_words(gaps: Sequence[Gap], zone: str) -> str:
    """Hours without a price: `3 hours from 20 Nov 14:00 (Europe/Oslo)`; the first stretch and how many more."""
    hours = sum(gap.hours for gap in gaps)
    first = gaps[0].begin.astimezone(ZoneInfo(zone))
    more = f", in {len(gaps)} stretches" if len(gaps) > 1 else ""
    return f"{hours} hour{'' if hours == 1 else 's'} from {first:%-d %b %H:%M} ({zone}){more}"


def hours_used(
    price: Price, hours: Mapping[datetime, Decimal], begin: datetime, end: datetime
) -> list[tuple[datetime, Decimal | None]]:
    """The hours of a charge with the market's price, None where it is missing; nothing for a price without them."""
    found: list[tuple[datetime, Decimal | None]] = []
    at = begin.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while price.spot_source_id and at < end:
        found.append((at, hours.get(at)))
        at += HOUR
    return found
