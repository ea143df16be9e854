"""How fast a command for many charge points goes out, and when it halts itself. Pure.

Canaries go first, and the others only when all of these are done; then in steps, each when the one before has ended.
"""

from dataclasses import dataclass
from datetime import datetime

# A share of fewer than three says nothing.
JUDGED_AT_LEAST = 3


@dataclass(frozen=True, slots=True)
class Pace:
    """What was chosen for a batch. Zero is no limit, no canaries, no steps, never, at once; times in s."""

    at_once: int = 20
    per_minute: int = 0
    jitter_s: int = 0
    canaries: int = 0
    step: int = 0
    skip_busy: bool = False
    watch_s: int = 0
    halt_percent: int = 0
    keep_s: int = 0
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows of a batch stand where; those left out count nowhere.

    `recent` began within the last minute. `judged` have ended since a person last set the batch going again, and
    `judged_failed` of these have failed.
    """

    waiting: int = 0
    running: int = 0
    watched: int = 0
    done: int = 0
    failed: int = 0
    recent: int = 0
    judged: int = 0
    judged_failed: int = 0
    is_resumed: bool = False

    @property
    def ended(self) -> int:
        """Rows with an outcome."""
        return self.done + self.failed

    @property
    def begun(self) -> int:
        """Rows that are under way or have an outcome."""
        return self.ended + self.running + self.watched


def stage_end(pace: Pace, ended: int) -> int | None:
    """How many rows may have begun when so many have ended; None: all."""
    first = pace.canaries or pace.step
    if not first:
        return None
    if ended < first:
        return first
    return first + ((ended - first) // pace.step + 1) * pace.step if pace.step else None


def room(pace: Pace, tally: Tally) -> int:
    """How many rows may begin now."""
    free = max(pace.at_once, 1) - tally.running
    if (end := stage_end(pace, tally.ended)) is not None:
        free = min(free, end - tally.begun)
    if pace.per_minute:
        free = min(free, pace.per_minute - tally.recent)
    return max(min(free, tally.waiting), 0)


def halt_why(pace: Pace, tally: Tally) -> str:
    """Why the batch must halt now, in one sentence; empty when it may go on, or when nothing is left to save."""
    if not tally.waiting:
        return ""
    if pace.canaries and tally.failed and tally.begun <= pace.canaries and not tally.is_resumed:
        return f"{tally.failed} of the first {pace.canaries} failed; the others were not begun."
    least = max(pace.canaries, JUDGED_AT_LEAST)
    too_many = tally.judged_failed * 100 > pace.halt_percent * tally.judged
    if pace.halt_percent and tally.judged >= least and too_many:
        return f"{tally.judged_failed} of {tally.judged} failed, more than {pace.halt_percent} %."
    return ""


def is_still(tally: Tally) -> bool:
    """Whether nothing is under way any more."""
    return not tally.running and not tally.watched


def is_finished(tally: Tally) -> bool:
    """Whether every row has its outcome."""
    return is_still(tally) and not tally.waiting
