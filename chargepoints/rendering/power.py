"""The power chart: a drawing in numbers, for a template to write as SVG. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil
from zoneinfo import ZoneInfo

from chargepoints.selectors.power import BUCKET, Curve

WIDTH, HEIGHT = 780, 132
LEFT, RIGHT, TOP, BOTTOM = 34, 772, 8, 114
# Chargers report at the latest every quarter of an hour; a longer pause is a gap, not a slope.
GAP = timedelta(minutes=16)
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500)


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """One connector: the outline of its area and its lines, as SVG path data. `look` is 1 to 4."""

    number: int
    look: int
    path: str
    area: str


@dataclass(frozen=True, slots=True)
class PowerChart:
    """The whole drawing; `limit_y` is where the connectors' limit is, if it is in the picture."""

    lines: Sequence[Line]
    rows: Sequence[Tick]
    columns: Sequence[Tick]
    limit_kw: float | None
    limit_y: float | None
    label: str

    @property
    def is_empty(self) -> bool:
        """Whether there was no reading at all."""
        return not any(line.path for line in self.lines)


def power_chart(
    curves: Mapping[int, Curve], *, now: datetime, span: timedelta, zone: str, limit_w: int | None
) -> PowerChart:
    """Draw the curves (W) of the last `span` on an axis in kW and the site's time."""
    peak = max((watts for curve in curves.values() for _, watts in curve), default=0) / 1000
    step = step_of(max(peak, (limit_w or 0) / 1000, 1))
    top = step * max(1, ceil(max(peak, (limit_w or 0) / 1000) / step))

    def x(at: datetime) -> float:
        return round(LEFT + (RIGHT - LEFT) * (1 - (now - at) / span), 1)

    def y(kilowatts: float) -> float:
        return round(TOP + (BOTTOM - TOP) * (1 - kilowatts / top), 1)

    lines = []
    for look, (number, curve) in enumerate(sorted(curves.items()), 1):
        cut = [[(x(at), y(watts / 1000)) for at, watts in piece] for piece in pieces_of(curve)]
        lines.append(Line(number, (look - 1) % 4 + 1, "".join(map(path_data, cut)), "".join(map(area_data, cut))))
    rows = [Tick(y(step * at), f"{step * at:g}") for at in range(int(top / step) + 1)]
    first, last = (moment.astimezone(ZoneInfo(zone)).strftime("%H:%M") for moment in (now - span, now))
    return PowerChart(
        lines=lines,
        rows=rows,
        columns=_hours(now, span, zone, x),
        limit_kw=limit_w / 1000 if limit_w else None,
        limit_y=y(limit_w / 1000) if limit_w else None,
        label=f"Power of each connector, {first} to {last}, at most {peak:.1f} kW",
    )


def step_of(top: float) -> float:
    """The smallest pleasant distance with at most four rows."""
    return next((step for step in _STEPS if top / step <= 4), _STEPS[-1])


def pieces_of(curve: Curve) -> list[Curve]:
    """The curve, cut where nothing was heard for longer than `GAP`."""
    pieces: list[Curve] = [curve[:1]] if curve else []
    for before, point in pairwise(curve):
        if point[0] - before[0] > GAP:
            pieces.append([])
        pieces[-1].append(point)
    return [piece if len(piece) > 1 else _widened(piece) for piece in pieces]


def _widened(piece: Curve) -> Curve:
    """A lone reading as wide as its bucket, so that it can be seen."""
    at, watts = piece[0]
    return [(at, watts), (at + timedelta(seconds=BUCKET), watts)]


def path_data(points: Sequence[tuple[float, float]]) -> str:
    """Points as SVG path data."""
    return "M" + "L".join(f"{x} {y}" for x, y in points)


def area_data(points: Sequence[tuple[float, float]], bottom: float = BOTTOM) -> str:
    """The same, closed down to the axis."""
    return f"M{points[0][0]} {bottom}L{path_data(points)[1:]}L{points[-1][0]} {bottom}Z"


def _hours(now: datetime, span: timedelta, zone: str, x: Callable[[datetime], float]) -> list[Tick]:
    local = (now - span).astimezone(ZoneInfo(zone))
    hour = local.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    ticks = []
    while hour <= now:
        ticks.append(Tick(min(max(x(hour), LEFT + 12), RIGHT - 12), hour.strftime("%H:%M")))
        hour += timedelta(hours=1)
    return ticks
