"""What a check asks a charger, one call after the other: which is next, from how the others have ended. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Ask(StrEnum):
    """What a step asks for: a connector's status, any message, any setting."""

    STATUS = "StatusNotification"
    HEARTBEAT = "Heartbeat"
    SETTING = "HeartbeatInterval"


class Ending(StrEnum):
    """How a step has ended so far."""

    OPEN = "open"
    ACCEPTED = "accepted"
    # It knows the message and does not do this; it does not know the message at all; it says nothing.
    REFUSED = "refused"
    UNKNOWN = "unknown"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Step:
    """One call; `connector` of a status, None for the whole charger."""

    ask: Ask
    ending: Ending
    connector: int | None = None


@dataclass(frozen=True, slots=True)
class Next:
    """The call that comes next."""

    ask: Ask
    connector: int | None = None


def next_step(*, numbers: Sequence[int], steps: Sequence[Step], can_trigger: bool) -> Next | None:
    """The next call; None while one is open, and when enough is known (`is_asked`).

    The status of each connector; where the charger does not do that, a heartbeat; where it does not know or answer
    triggers, one setting, which every charger has to tell (OCPP 1.6, 5.8).
    """
    if any(step.ending is Ending.OPEN for step in steps):
        return None
    statuses = [step for step in steps if step.ask is Ask.STATUS]
    failed = next((step for step in statuses if step.ending is not Ending.ACCEPTED), None)
    if can_trigger and failed is None:
        done = {step.connector for step in statuses}
        wanted: Sequence[int | None] = numbers or [None]
        return next((Next(Ask.STATUS, number) for number in wanted if number not in done), None)
    others = {step.ask: step.ending for step in steps if step.ask is not Ask.STATUS}
    if failed is not None and failed.ending is Ending.REFUSED and Ask.HEARTBEAT not in others:
        return Next(Ask.HEARTBEAT)
    if Ask.SETTING in others or others.get(Ask.HEARTBEAT) is Ending.ACCEPTED:
        return None
    return Next(Ask.SETTING)


def is_asked(*, numbers: Sequence[int], steps: Sequence[Step], can_trigger: bool) -> bool:
    """Whether every call has been made and answered, or given up."""
    is_open = any(step.ending is Ending.OPEN for step in steps)
    return not is_open and next_step(numbers=numbers, steps=steps, can_trigger=can_trigger) is None
