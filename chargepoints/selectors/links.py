"""The link of the last 24 hours, in half-hours."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby

from django.db.models import Q
from django.utils import timezone

from chargepoints.models import LinkPeriod

SLOT = timedelta(minutes=30)
SLOTS = 48


class Slot(StrEnum):
    """How the link was in one half-hour."""

    UP = "up"
    BROKEN = "broken"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Run:
    """Equal half-hours side by side; `start` counts from 24 hours ago."""

    start: int
    count: int
    slot: Slot

    @property
    def x(self) -> float:
        """Where the run begins in a drawing whose slots are 3.1 wide."""
        return round(self.start * 3.1, 1)

    @property
    def width(self) -> float:
        """How wide it is there, without the gap after its last slot."""
        return round(self.count * 3.1 - 1, 1)

    @property
    def y(self) -> int:
        """The middle of its strokes, which stand on the line 15 and are 14, 10 or 6 high."""
        return {Slot.UP: 8, Slot.BROKEN: 10, Slot.DOWN: 12}[self.slot]


@dataclass(frozen=True, slots=True)
class Strip:
    """24 hours of link: its runs, the share of time with a link, and how often it was made."""

    runs: Sequence[Run]
    percent_up: int
    connects: int


def link_strips(charge_point_ids: Iterable[int], now: datetime | None = None) -> dict[int, Strip]:
    """The strip of each charge point: one query."""
    now = now or timezone.now()
    since = now - SLOT * SLOTS
    ids = list(charge_point_ids)
    periods: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    rows = (
        LinkPeriod.objects.filter(Q(ended_at__isnull=True) | Q(ended_at__gte=since), charge_point__in=ids)
        .order_by("charge_point", "started_at")
        .values_list("charge_point", "started_at", "ended_at")
    )
    for charge_point, started, ended in rows:
        mine = periods[charge_point]
        if mine and mine[-1][1] > started:  # a period that a crash left open ends where the next begins
            mine[-1] = (mine[-1][0], started)
        mine.append((started, ended or now))
    return {pk: strip(periods[pk], since, now) for pk in ids}


def strip(periods: Sequence[tuple[datetime, datetime]], since: datetime, now: datetime) -> Strip:
    """The strip of periods that are in order and do not overlap. Pure."""
    slots = [_slot(periods, since + SLOT * at, since + SLOT * (at + 1)) for at in range(SLOTS)]
    runs = []
    for slot, group in groupby(enumerate(slots), key=lambda pair: pair[1]):
        places = [at for at, _ in group]
        runs.append(Run(places[0], len(places), slot))
    up = sum((_overlap(period, since, now) for period in periods), timedelta())
    connects = sum(started >= since for started, _ in periods)
    return Strip(runs, round(100 * (up / (now - since))), connects)


def _slot(periods: Sequence[tuple[datetime, datetime]], start: datetime, end: datetime) -> Slot:
    up = sum((_overlap(period, start, end) for period in periods), timedelta())
    if not up:
        return Slot.DOWN
    # The gap of a quick reconnect is shorter than what a minute's clock shows, yet it is a break.
    begun = any(start < started < end for started, _ in periods)
    return Slot.BROKEN if begun or end - start - up > timedelta(seconds=1) else Slot.UP


def _overlap(period: tuple[datetime, datetime], start: datetime, end: datetime) -> timedelta:
    return max(min(period[1], end) - max(period[0], start), timedelta())
