"""The chart of hourly prices: a drawing in numbers, for a template to write as SVG. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from math import ceil, floor
from zoneinfo import ZoneInfo

from chargepoints.hourly import HOUR
from chargepoints.rendering.power import Tick
from chargepoints.selectors.spot import SpotDay

LEFT, RIGHT, TOP, BOTTOM = 34, 772, 8, 114
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000, 20_000, 100_000)


@dataclass(frozen=True, slots=True)
class SpotChart:
    """The drawing: steps of known hours, and boxes (x, width) where the price is missing; days begin at `days`."""

    path: str
    area: str
    zero: float
    holes: Sequence[tuple[float, float]]
    rows: Sequence[Tick]
    columns: Sequence[Tick]
    days: Sequence[Tick]
    now: float | None
    label: str


def spot_chart(days: Sequence[SpotDay], *, zone: str, now: datetime) -> SpotChart | None:
    """Draw the hours of some days; None when none of them has a price."""
    hours = [hour for day in days for hour in day.hours]
    known = [float(price) for _, price in hours if price is not None]
    if not known:
        return None
    begin, end = hours[0][0], hours[-1][0] + HOUR
    low, high = min(0.0, *known), max(0.0, *known)
    step = next((each for each in _STEPS if (high - low) / each <= 4), _STEPS[-1])
    bottom, top = floor(low / step), max(ceil(high / step), floor(low / step) + 1)

    def x(at: datetime) -> float:
        return round(LEFT + (RIGHT - LEFT) * ((at - begin) / (end - begin)), 1)

    def y(price: float) -> float:
        return round(TOP + (BOTTOM - TOP) * (top * step - price) / ((top - bottom) * step), 1)

    path, area, holes = [], [], []
    for is_known, run in groupby(hours, key=lambda hour: hour[1] is not None):
        stretch = list(run)
        left, right = x(stretch[0][0]), x(stretch[-1][0] + HOUR)
        if not is_known:
            holes.append((left, round(right - left, 1)))
            continue
        steps = "".join(f"V{y(float(price or 0))}H{x(at + HOUR)}" for at, price in stretch)
        path.append(f"M{left} {y(float(stretch[0][1] or 0))}{steps}")
        area.append(f"M{left} {y(0)}{steps}V{y(0)}Z")
    tz = ZoneInfo(zone)
    return SpotChart(
        path="".join(path),
        area="".join(area),
        zero=y(0),
        holes=holes,
        rows=[Tick(y(step * at), f"{step * at:g}") for at in range(bottom, top + 1)],
        columns=[Tick(x(at), f"{at.astimezone(tz):%H:%M}") for at, _ in hours if at.astimezone(tz).hour in {0, 12}],
        days=[Tick(x(day.hours[0][0]), f"{day.day:%a %-d %b}") for day in days],
        now=x(now) if begin <= now < end else None,
        label=f"Prices per kWh by the hour, {min(known):.4g} to {max(known):.4g}",
    )


def spot_table(days: Sequence[SpotDay], zone: str) -> list[tuple[str, list[Decimal | str | None]]]:
    """A row for each hour of the clock with the price of each day; an hour that comes twice has two rows.

    None is a missing price, an empty text an hour that the day does not have.
    """
    tz = ZoneInfo(zone)
    columns: list[dict[tuple[str, int], Decimal | None]] = []
    for day in days:
        told: dict[tuple[str, int], Decimal | None] = {}
        for at, price in day.hours:
            local = at.astimezone(tz)
            told[f"{local:%H:%M}", local.fold] = price
        columns.append(told)
    keys = sorted({key for told in columns for key in told})
    return [
        (f"{clock}{' again' if fold else ''}", [told.get((clock, fold), "") for told in columns])
        for clock, fold in keys
    ]
