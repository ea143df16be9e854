"""What a charge's meter really says: one pure function of registers and samples, which bills nothing impossible.

Energy is integer Wh, power W, times are aware datetimes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chargepoints.choices import Hold


@dataclass(frozen=True, slots=True)
class Point:
    """The register (and power) at one moment; phases are summed already, None where nothing was told."""

    at: datetime
    register_wh: int | None = None
    power_w: int | None = None
    context: str = ""


@dataclass(frozen=True, slots=True)
class Metered:
    """A charge as far as its meter is concerned. `before` and `after` are the neighbours on the same connector:
    when the earlier one ended and at which register, when the later one began and at which."""

    started_at: datetime
    ended_at: datetime
    meter_start_wh: int | None
    meter_stop_wh: int | None
    points: Sequence[Point] = ()
    max_power_w: int | None = None
    before: tuple[datetime, int | None] | None = None
    after: tuple[datetime, int | None] | None = None
    was_charging: bool = True
    has_start: bool = True
    has_stop: bool = True


@dataclass(frozen=True, slots=True)
class Held:
    """One reason to hold the bill, with both readings in words."""

    rule: Hold
    text: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """The energy of a charge. With `holds`, it must not be billed unseen; `proposed_wh` is what would be right.

    `curve` is cumulated Wh from (start, 0) to (end, energy_wh), rising; `idle_from` when the last energy flowed.
    `strategy`: register, segments (a reset in between), per-charge values, or none.
    """

    energy_wh: int
    curve: Sequence[tuple[datetime, int]]
    idle_from: datetime | None
    strategy: str
    holds: Sequence[Held] = ()
    proposed_wh: int | None = None
    proposed_why: str = ""


def judge(metered: Metered) -> Judged:
    """The energy, how it came over time, and every reason not to bill it."""
    start, stop = metered.meter_start_wh, metered.meter_stop_wh
    if start is None or stop is None or stop < start:
        held = (Held(Hold.MISSING_REGISTER, "A register is missing or fell."),)
        return Judged(0, [(metered.started_at, 0), (metered.ended_at, 0)], None, "none", held)
    energy = stop - start
    return Judged(energy, [(metered.started_at, 0), (metered.ended_at, energy)], None, "register")
