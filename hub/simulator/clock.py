"""Time for the simulation: durations shrink with the speed, timestamps stay those of the wall clock."""

import asyncio
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """`speed` 10 lets ten simulated seconds pass in one real second."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed

    def time(self) -> float:
        """Simulated seconds, from an arbitrary beginning."""
        return time.monotonic() * self.speed

    async def sleep(self, seconds: float) -> None:
        """Wait for that many simulated seconds."""
        await asyncio.sleep(self.real(seconds))

    def real(self, seconds: float) -> float:
        """Simulated seconds as real ones."""
        return max(0.0, seconds) / self.speed


def now() -> datetime:
    """The wall clock, UTC."""
    return datetime.now(UTC)


def text(moment: datetime) -> str:
    """A time as OCPP writes it: UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def stamp() -> str:
    """The present as OCPP text."""
    return text(now())


def parse(value: str | None) -> datetime | None:
    """An OCPP time; None when there is none. Raises ValueError when it is not a time."""
    if not value:
        return None
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def seconds_until(moment: datetime | None) -> float:
    """Real seconds from now; 0 for the past and for None."""
    return max(0.0, (moment - now()) / timedelta(seconds=1)) if moment else 0.0
