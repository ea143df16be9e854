"""Charging schedules as steps: a drawing in numbers, for a template to write as SVG. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

from chargepoints.forms.action_profiles import SetProfileForm
from chargepoints.models import Command
from chargepoints.moments import moment_read

WIDTH, HEIGHT = 440, 132
LEFT, RIGHT, TOP, BOTTOM = 44, 432, 8, 114
HOUR, DAY = 3600, 86400
# Of a schedule without an end one sees as much again as its last period's begin, and an hour at least.
_STEPS = (0.5, 1, 2, 5, 10, 16, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 500_000)
_SPANS = (HOUR / 4, HOUR / 2, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 28 * DAY)
_MOST = 1e9

Period = tuple[int, float]


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark on an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """The drawing, and what it says in words for those who do not see it."""

    unit: str
    path: str
    area: str
    rows: Sequence[Mark]
    columns: Sequence[Mark]
    words: Sequence[str]

    @property
    def label(self) -> str:
        """All of it in one sentence."""
        return "; ".join(self.words)


def schedule_chart(
    periods: Sequence[Period], *, unit: str, span: int | None = None, begin: datetime | None = None
) -> Schedule | None:
    """Draw periods of (start in s, limit) over `span` seconds, by the clock where it is known when they begin.

    None when there is nothing to draw.
    """
    if not periods or any(start < 0 or not 0 <= limit < _MOST for start, limit in periods):
        return None
    end = span or max(periods[-1][0] * 4 // 3, HOUR)
    shown = [(start, limit) for start, limit in periods if start < end]
    if not shown:
        return None
    most = max(limit for _, limit in shown)
    step = next((step for step in _STEPS if max(most, 1) / step <= 4), _MOST)
    top = step * max(1, ceil(most / step))

    def x(seconds: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * seconds / end, 1)

    def y(limit: float) -> float:
        return round(TOP + (BOTTOM - TOP) * (1 - limit / top), 1)

    path = f"M{x(shown[0][0])} {y(shown[0][1])}"
    for start, limit in shown[1:]:
        path += f"H{x(start)}V{y(limit)}"
    path += f"H{RIGHT}"
    rows = [Mark(y(step * at), f"{step * at:g}") for at in range(int(top / step) + 1)]
    columns = _columns(end, begin, x)
    words = [f"from {_at(start, begin)} {limit:g} {unit}" for start, limit in shown]
    return Schedule(unit, path, f"{path}V{BOTTOM}H{x(shown[0][0])}Z", rows, columns, words)


def _columns(end: int, begin: datetime | None, x: Any) -> list[Mark]:
    gap = next((gap for gap in _SPANS if end / gap <= 6), end)
    marks, at = [], 0.0
    while at <= end:
        label = _at(int(at), begin)
        # A label stays within the drawing, with some three units for half a character.
        marks.append(Mark(min(max(x(at), LEFT + 6), RIGHT + 6 - 3 * len(label)), label))
        at += gap
    return marks


def _at(seconds: int, begin: datetime | None) -> str:
    if begin is None:
        if seconds > 2 * DAY and seconds % DAY == 0:
            return f"{seconds // DAY} d"
        return f"{seconds // HOUR}:{seconds // 60 % 60:02}"
    moment = (begin + timedelta(seconds=seconds)).astimezone(begin.tzinfo)
    return f"{moment:%a %H:%M}" if seconds >= DAY else f"{moment:%H:%M}"


def profile_preview(form: SetProfileForm) -> Schedule | None:
    """What was typed so far, if it can be read."""
    return schedule_chart(form.typed(), unit=form.asked("unit") or "A", span=form.typed_span())


def command_schedule(command: Command) -> Schedule | None:
    """The schedule that a command has sent, or that came as its answer; None where there is none to be read."""
    given = command.parameters.get("payload", command.parameters)
    profile = _dict(given).get("profile") or _dict(given).get("csChargingProfiles")
    told = _dict(command.result).get("chargingSchedule")
    schedule = _dict(told) or _dict(_dict(profile).get("chargingSchedule"))
    rows = schedule.get("chargingSchedulePeriod")
    periods = [_period(row) for row in rows] if isinstance(rows, list) else []
    sound = sorted(period for period in periods if period is not None)
    begin = moment_read(_dict(command.result).get("scheduleStart") or schedule.get("startSchedule"))
    span = schedule.get("duration")
    return schedule_chart(
        sound,
        unit=str(schedule.get("chargingRateUnit", ""))[:8],
        span=span if type(span) is int and 0 < span <= 366 * DAY else None,
        begin=begin.astimezone(ZoneInfo(command.charge_point.site.time_zone)) if begin else None,
    )


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _period(row: object) -> Period | None:
    start, limit = _dict(row).get("startPeriod"), _dict(row).get("limit")
    if not isinstance(start, int) or not isinstance(limit, int | float):
        return None
    return (start, float(limit)) if 0 <= start < 366 * DAY and 0 <= limit < _MOST else None
