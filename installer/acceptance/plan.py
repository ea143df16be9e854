"""In which order the steps go, which stand in the way of others, how long each may take, and the rule of each."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from installer.acceptance import box, charging, settings
from installer.acceptance.facts import Facts, Verdict, failed, waits
from installer.choices import CONNECTOR_STEPS, StepKind, StepState

RULES: Mapping[StepKind, Callable[[Facts], Verdict]] = {
    StepKind.CONNECTED: box.connected,
    StepKind.BOOTED: box.booted,
    StepKind.SERIAL: box.serial,
    StepKind.CLOCK: box.clock,
    StepKind.CONFIGURATION: settings.configuration,
    StepKind.START: charging.start,
    StepKind.ENERGY: charging.energy,
    StepKind.STOP: charging.stop,
    StepKind.UNLOCK: charging.unlock,
    StepKind.KEY: box.key_read,
}
# Seconds; energy and settings take longer, the more there is.
_LIMITS: Mapping[StepKind, int] = {
    StepKind.CONNECTED: 600,
    StepKind.BOOTED: 300,
    StepKind.SERIAL: 90,
    StepKind.CLOCK: 120,
    StepKind.CONFIGURATION: 120,
    StepKind.START: 240,
    StepKind.ENERGY: 300,
    StepKind.STOP: 120,
    StepKind.UNLOCK: 60,
    StepKind.KEY: 180,
}
_PER_SETTING = 10
_OFFLINE = "The charger is offline. Waiting for it to call again."
_OFFLINE_LATE = "The charger is offline. Bring it back, then run this step again."
_REJECTED = "The charger is rejected: the operator has to accept it first."
_ORDER = {kind: place for place, kind in enumerate(StepKind)}


@dataclass(frozen=True, slots=True)
class Planned:
    """A step as the plan sees it; `is_asked`: somebody wants it to be run."""

    kind: StepKind
    connector: int
    state: StepState
    is_asked: bool = False
    skip_reason: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """What becomes of a step that was asked for: it begins, it cannot, or it is left out like the one it needs."""

    step: Planned
    blocked: str = ""
    skipped: str = ""


def place_of(kind: str, connector: int) -> tuple[int, int, int]:
    """Where a step stands: the box first, connector by connector, and the card at the end."""
    found = StepKind(kind)
    group = 1 if found in CONNECTOR_STEPS else 2 if found is StepKind.KEY else 0
    return group, connector, _ORDER[found]


def limit_of(kind: str, *, energy_s: int, settings: int) -> timedelta:
    """How long a step may take."""
    found = StepKind(kind)
    more = {StepKind.ENERGY: energy_s, StepKind.CONFIGURATION: settings * _PER_SETTING}.get(found, 0)
    return timedelta(seconds=_LIMITS[found] + more)


def next_move(steps: Iterable[Planned]) -> Move | None:
    """What to do with the first step that somebody has asked for; None when there is none left."""
    ordered = sorted(steps, key=lambda step: place_of(step.kind, step.connector))
    wanted = next((step for step in ordered if step.is_asked and step.state is StepState.TODO), None)
    if wanted is None:
        return None
    needed = _needed(wanted, ordered)
    if needed is None or needed.state in {StepState.PASSED, StepState.RUNNING}:
        return Move(wanted)
    name = StepKind(needed.kind).label
    if needed.state is StepState.SKIPPED:
        return Move(wanted, skipped=f"“{name}” was left out: {needed.skip_reason}")
    return Move(wanted, blocked=f"“{name}” comes first, and has not passed.")


def _needed(step: Planned, steps: Sequence[Planned]) -> Planned | None:
    """The step without which this one cannot be; None where the job does not have it, or it is no obstacle."""
    if step.kind in {StepKind.ENERGY, StepKind.STOP}:
        found = next((each for each in steps if (each.kind, each.connector) == (StepKind.START, step.connector)), None)
        if found is not None and found.state is not StepState.PASSED:
            return found
    if step.kind is StepKind.CONNECTED:
        return None
    return next((each for each in steps if each.kind is StepKind.CONNECTED and each.state is StepState.FAILED), None)


def judge(kind: str, facts: Facts) -> Verdict:
    """How a step that runs stands. What it still waits for when its time is over is what has failed."""
    found = StepKind(kind)
    if found is not StepKind.CONNECTED and not facts.link.is_connected:
        verdict = waits(_OFFLINE, _OFFLINE_LATE)
    elif found is not StepKind.CONNECTED and facts.boot.registration == "Rejected":
        verdict = failed(_REJECTED)
    else:
        verdict = RULES[found](facts)
    if verdict.state is StepState.RUNNING and facts.is_over:
        return failed(verdict.late or verdict.words)
    return verdict
