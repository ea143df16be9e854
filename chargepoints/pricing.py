"""What a charge costs: one pure function of a tariff, what was used, and the site's time zone.

Amounts are Decimal in the tariff's currency; energy is integer Wh, times are aware datetimes. Lines carry four
decimals; their sum is rounded once, half up, to the currency's smallest unit. What the price says for a time of day
holds by the site's wall clock, so days of 23 and 25 hours need no rule of their own.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from hub.currencies import WHOLE

ZERO = Decimal(0)
_FOUR = Decimal("0.0001")
# Zones change their clocks, and markets their prices, on whole half hours.
_GRID = timedelta(minutes=30)


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
    """One line of a bill. `kind`: start, energy, time, idle or minimum; `amount` has four decimals and is stated as
    the tariff states it (with VAT where its amounts include it)."""

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
    """What `usage` costs under `tariff`; never negative. A charge without energy costs nothing, whatever it lasted.

    The price per minute counts from the start to the last energy, the idle fee after that and its grace.
    """
    seconds = max(_seconds(usage.ended_at - usage.started_at), 0)
    idle = max(_seconds(usage.ended_at - usage.idle_from), 0) if usage.idle_from is not None else 0
    energy = usage.curve[-1][1] if usage.curve else 0
    if energy <= 0:
        return Cost((), ZERO, ZERO, ZERO, seconds, idle)
    lines: list[Line] = []
    if tariff.start_fee:
        lines.append(Line("start", "Start fee", Decimal(1), "", tariff.start_fee, _four(tariff.start_fee)))
    energy_lines, missing = _energy(tariff, usage, zone)
    lines += energy_lines + _time(tariff, usage, zone) + _idle(tariff, idle)
    gross = sum((line.amount for line in lines), ZERO)
    if gross < tariff.minimum:
        rest = _four(tariff.minimum - gross)
        lines.append(Line("minimum", "Up to the minimum", Decimal(1), "", rest, rest))
        gross += rest
    net, vat = _taxed(tariff, gross)
    return Cost(lines, net, vat, net + vat, seconds, idle, missing)


def minor_unit(currency: str) -> Decimal:
    """The smallest amount of a currency: 1 or 0.01 (ISO 4217)."""
    return Decimal(1) if currency in WHOLE else Decimal("0.01")


def rounded(amount: Decimal, currency: str) -> Decimal:
    """An amount in the currency's smallest unit, half up."""
    return amount.quantize(minor_unit(currency), ROUND_HALF_UP)


def _taxed(tariff: Tariff, gross: Decimal) -> tuple[Decimal, Decimal]:
    rate = tariff.vat_percent / 100
    if tariff.includes_vat:
        total = rounded(gross, tariff.currency)
        net = rounded(total / (1 + rate), tariff.currency)
        return net, total - net
    net = rounded(gross, tariff.currency)
    return net, rounded(net * rate, tariff.currency)


def _energy(tariff: Tariff, usage: Usage, zone: ZoneInfo) -> tuple[list[Line], str]:
    """Energy by window and price, and the hour whose price is missing, in words."""
    used: dict[tuple[str, Decimal], int] = {}
    missing = ""
    for begin, end in pairwise(_cuts(tariff, usage.started_at, usage.ended_at, zone)):
        wh = energy_at(usage.curve, end) - energy_at(usage.curve, begin)
        if wh <= 0:
            continue
        window = _window(tariff, begin, zone)
        base = tariff.per_kwh if window is None or window.per_kwh is None else window.per_kwh
        spot = _spot(tariff.spot, begin)
        if spot is None:
            missing = missing or f"There is no hourly price for {_hour(begin):%Y-%m-%d %H:%M} UTC, and no fall-back."
            spot = ZERO
        key = (window.label if window else "", max(base + spot, ZERO))
        used[key] = used.get(key, 0) + wh
    lines = []
    for (label, price), wh in used.items():
        quantity = Decimal(wh) / 1000
        lines.append(
            Line("energy", f"Energy, {label}" if label else "Energy", quantity, "kWh", price, _four(quantity * price))
        )
    return lines, missing


def _time(tariff: Tariff, usage: Usage, zone: ZoneInfo) -> list[Line]:
    if not tariff.per_minute and not any(window.per_minute for window in tariff.windows):
        return []
    used: dict[tuple[str, Decimal], int] = {}
    until = min(usage.idle_from or usage.ended_at, usage.ended_at)
    paid_from = usage.started_at + timedelta(minutes=tariff.free_minutes)
    for begin, end in pairwise(_cuts(tariff, paid_from, until, zone)):
        window = _window(tariff, begin, zone)
        price = tariff.per_minute if window is None or window.per_minute is None else window.per_minute
        key = (window.label if window else "", price)
        used[key] = used.get(key, 0) + _seconds(end - begin)
    return [
        Line(
            "time",
            f"Time, {label}" if label else "Time",
            _four(Decimal(seconds) / 60),
            "min",
            price,
            _four(Decimal(seconds) * price / 60),
        )
        for (label, price), seconds in used.items()
        if seconds
    ]


def _idle(tariff: Tariff, idle_seconds: int) -> list[Line]:
    paid = max(idle_seconds - tariff.idle_grace_minutes * 60, 0)
    if not paid or not tariff.idle_per_minute:
        return []
    amount = _four(Decimal(paid) * tariff.idle_per_minute / 60)
    most = tariff.idle_maximum
    label = "Idle"
    if most is not None and amount > most:
        amount, label = _four(most), "Idle, at most"
    return [Line("idle", label, _four(Decimal(paid) / 60), "min", tariff.idle_per_minute, amount)]


def energy_at(curve: Sequence[tuple[datetime, int]], at: datetime) -> int:
    """Cumulated Wh at a moment: between two points as if the power had been constant, outside of them the nearest."""
    index = bisect_right(curve, at, key=lambda point: point[0])
    if index == 0:
        return curve[0][1] if curve else 0
    if index == len(curve):
        return curve[-1][1]
    (before, low), (after, high) = curve[index - 1], curve[index]
    return low + (high - low) * ((at - before) // _MICRO) // ((after - before) // _MICRO)


_MICRO = timedelta(microseconds=1)


def _cuts(tariff: Tariff, start: datetime, end: datetime, zone: ZoneInfo) -> list[datetime]:
    """The moments between which neither window nor hour changes, from `start` to `end`, in UTC."""
    if end <= start:
        return []
    if not tariff.windows and tariff.spot is None:
        return [start, end]
    first = datetime.fromtimestamp(start.timestamp() // 1800 * 1800, UTC)
    found = {start.astimezone(UTC), end.astimezone(UTC)}
    for index in range((end - first) // _GRID + 1):
        found.add(first + index * _GRID)
    found.update(_edges(tariff.windows, start, end, zone))
    return sorted(cut for cut in found if start <= cut <= end)


def _edges(windows: Sequence[Window], start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    minutes = {minute for window in windows for minute in (window.from_minute, window.to_minute)}
    day = start.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    while day <= end.astimezone(zone).replace(tzinfo=None):
        for minute in minutes:
            # A wall time can come twice, when clocks are put back.
            for fold in (0, 1):
                local = (day + timedelta(minutes=minute)).replace(tzinfo=zone, fold=fold)
                yield local.astimezone(UTC)
        day += timedelta(days=1)


def _window(tariff: Tariff, at: datetime, zone: ZoneInfo) -> Window | None:
    """The first window that holds at this moment."""
    if not tariff.windows:
        return None
    local = at.astimezone(zone)
    minute, today = local.hour * 60 + local.minute, local.weekday()
    for window in tariff.windows:
        begin, end = window.from_minute, window.to_minute
        if begin < end:
            holds = today in window.weekdays and begin <= minute < end
        else:
            # Past midnight: what began yesterday belongs to yesterday's weekday.
            late = today in window.weekdays and minute >= begin
            holds = late or ((today - 1) % 7 in window.weekdays and minute < end)
        if holds:
            return window
    return None


def _spot(spot: Spot | None, at: datetime) -> Decimal | None:
    """The market's part at this moment; None when it is not known."""
    if spot is None:
        return ZERO
    price = spot.hours.get(_hour(at))
    if price is None:
        return spot.fallback
    price *= spot.factor
    if spot.minimum is not None:
        price = max(price, spot.minimum)
    return price if spot.maximum is None else min(price, spot.maximum)


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _seconds(span: timedelta) -> int:
    return span // timedelta(seconds=1)


def _four(amount: Decimal) -> Decimal:
    return amount.quantize(_FOUR, ROUND_HALF_UP)
