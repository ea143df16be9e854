"""The curve of one charge: power, energy and battery over its time, as a drawing in numbers. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil
from zoneinfo import ZoneInfo

from chargepoints.rendering.power import Tick, area_data, path_data, pieces_of, step_of
from chargepoints.selectors.charge_detail import Reading

WIDTH, HEIGHT = 780, 196
LEFT, RIGHT, TOP, BOTTOM = 34, 738, 8, 176
MOST_POINTS = 800
_TICKS = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080)
_LABELS = 9

Curve = list[tuple[datetime, float]]


@dataclass(frozen=True, slots=True)
class ChargeChart:
    """The whole drawing. Power is on the left axis (kW), energy on the right (kWh), the battery as tall as 100 %."""

    power: str
    area: str
    energy: str
    battery: str
    rows: Sequence[Tick]
    energy_rows: Sequence[Tick]
    columns: Sequence[Tick]
    limit_y: float | None
    label: str
    is_derived: bool

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not (self.power or self.energy)


def charge_chart(
    readings: Sequence[Reading],
    begin: datetime,
    end: datetime,
    *,
    zone: str,
    first_wh: int | None,
    limit_w: int | None = None,
) -> ChargeChart:
    """Draw the readings from `begin` to `end`; nothing heard for long is a gap, never a slope.

    Of a charger that tells no power, it is the mean between two registers.
    """
    end = max(end, begin + timedelta(seconds=1))
    inside = [reading for reading in readings if begin <= reading.at <= end]
    told: Curve = [(reading.at, reading.power_w / 1000) for reading in inside if reading.power_w is not None]
    registers: Curve = [
        (reading.at, reading.register_wh / 1000) for reading in inside if reading.register_wh is not None
    ]
    derived = [] if told else mean_power(registers)
    energy = [(at, kwh - first_wh / 1000) for at, kwh in registers] if first_wh is not None else []
    battery: Curve = [(reading.at, float(reading.soc)) for reading in inside if reading.soc is not None]
    peak = max((kw for _, kw in told or derived), default=0.0)
    limit = (limit_w or 0) / 1000 if limit_w and limit_w / 1000 <= 3 * peak else 0
    top, rows = _axis(max(peak, limit))
    most, energy_rows = _axis(max((kwh for _, kwh in energy), default=0.0))

    def x(at: datetime) -> float:
        return round(LEFT + (RIGHT - LEFT) * ((at - begin) / (end - begin)), 1)

    def drawn(curve: Curve, height: float, *, whole: bool = False) -> list[list[tuple[float, float]]]:
        cut = [curve] if whole and curve else pieces_of(thinned(curve))
        return [[(min(x(at), RIGHT), _y(value, height)) for at, value in piece] for piece in cut]

    power = drawn(told, top) or drawn(derived, top, whole=True)
    return ChargeChart(
        power="".join(map(path_data, power)),
        area="".join(area_data(piece, BOTTOM) for piece in power),
        energy="".join(map(path_data, drawn(energy, most))),
        battery="".join(map(path_data, drawn(battery, 100))),
        rows=rows,
        energy_rows=energy_rows if energy else (),
        columns=_columns(begin, end, zone, x),
        limit_y=_y(limit, top) if limit else None,
        label=_label(begin, end, zone, peak, energy),
        is_derived=bool(derived),
    )


def mean_power(registers: Curve) -> Curve:
    """kW from a register in kWh: steps, each as high as the mean between two readings."""
    steps: Curve = []
    for (before, low), (at, high) in pairwise(registers):
        hours = (at - before) / timedelta(hours=1)
        if hours > 0:
            mean = max(high - low, 0.0) / hours
            steps += [(before, mean), (at, mean)]
    return steps


def thinned(curve: Curve) -> Curve:
    """At most some hundred points: of each stretch the highest, so that no peak is lost."""
    size = -(-len(curve) // MOST_POINTS)
    if size <= 1:
        return curve
    return [max(curve[at : at + size], key=lambda point: point[1]) for at in range(0, len(curve), size)]


def _axis(peak: float) -> tuple[float, list[Tick]]:
    step = step_of(max(peak, 1))
    top = step * max(1, ceil(peak / step))
    return top, [Tick(_y(step * at, top), f"{step * at:g}") for at in range(round(top / step) + 1)]


def _y(value: float, top: float) -> float:
    return round(min(max(TOP + (BOTTOM - TOP) * (1 - value / top), TOP), BOTTOM), 1)


def _columns(begin: datetime, end: datetime, zone: str, x: Callable[[datetime], float]) -> list[Tick]:
    """Round times by the site's clock; days where the charge is that long."""
    minutes = (end - begin) / timedelta(minutes=1)
    every = next((tick for tick in _TICKS if minutes / tick <= _LABELS), _TICKS[-1])
    local = begin.astimezone(ZoneInfo(zone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    at = midnight + timedelta(minutes=every * ceil((local - midnight) / timedelta(minutes=every)))
    words = "%H:%M" if every < 1440 else "%-d %b"
    ticks: list[Tick] = []
    while at <= end and len(ticks) <= 2 * _LABELS:
        ticks.append(Tick(min(max(x(at), LEFT + 14), RIGHT - 14), at.strftime(words)))
        at += timedelta(minutes=every)
    return ticks


def _label(begin: datetime, end: datetime, zone: str, peak: float, energy: Curve) -> str:
    first, last = (at.astimezone(ZoneInfo(zone)).strftime("%H:%M") for at in (begin, end))
    more = f", energy up to {energy[-1][1]:.2f} kWh" if energy else ""
    return f"Power from {first} to {last}, at most {peak:.1f} kW{more}"
