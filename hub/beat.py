"""The clock of the workers. Several may run: each task goes out once an interval, whoever is first."""

import time
from typing import Any

from celery.beat import PersistentScheduler, ScheduleEntry
from redis.exceptions import RedisError

from hub import bus
from hub.pulse import clock_ticks

_TURN = "hub:turn:"


class Clock(PersistentScheduler):
    """Celery's own scheduler, which asks in Redis whether another clock has just sent the same task.

    So a second beat for the day on which the first one dies costs nothing and does nothing twice. Nothing is held that
    could be lost: a clock that hangs, or a Redis that restarts empty, is made up for within one interval.
    """

    _told = 0.0

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """As Celery does it, and once a second say that it lives."""
        if time.monotonic() - self._told > 1:
            self._told = time.monotonic()
            clock_ticks()
        return float(super().tick(*args, **kwargs))

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        """Send the task unless another clock did."""
        interval = getattr(entry.schedule, "run_every", None)
        if interval is None or is_first(str(entry.name), interval.total_seconds()):
            super().apply_entry(entry, producer)


def is_first(name: str, seconds: float) -> bool:
    """Whether nobody has had this turn yet; a turn ends shortly before the next one begins.

    While Redis is away everybody is: the task cannot be sent either, and Celery says so.
    """
    try:
        return bool(bus.client().set(_TURN + name, 1, nx=True, px=max(int(seconds * 900), 1)))
    except RedisError:
        return True
