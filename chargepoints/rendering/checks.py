"""A check for people: what is being asked while it runs, then its verdict with evidence."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chargepoints.checking import Ask, Ending
from chargepoints.choices import CommandStatus
from chargepoints.models import Command
from chargepoints.rendering.steps import since_words
from chargepoints.selectors.checks import CHECK, check_steps, step_of

_WORDS = {Ask.HEARTBEAT: "Asked for a heartbeat", Ask.SETTING: "Asked for one setting"}


@dataclass(frozen=True, slots=True)
class AskedLine:
    """One call: `look` is done or now; how it ended in words."""

    look: str
    glyph: str
    title: str
    detail: str


@dataclass(frozen=True, slots=True)
class CheckReport:
    """A check as its panel shows it; the verdict is empty while it runs."""

    command: Command
    asked: Sequence[AskedLine]
    is_running: bool
    is_sound: bool
    sentence: str
    advice: str
    evidence: Sequence[str]
    repaired: Sequence[str]


def check_report(check: Command) -> CheckReport | None:
    """The report of a command that is a check, None of another. One query."""
    if check.kind != CHECK:
        return None
    told = check.result if isinstance(check.result, dict) else {}
    is_running = check.status == CommandStatus.SENT
    return CheckReport(
        command=check,
        asked=_asked(check_steps(check)) if is_running else [],
        is_running=is_running,
        is_sound=bool(told.get("is_sound")),
        sentence=str(told.get("sentence", "") or check.effect_text or check.answer),
        advice=str(told.get("advice", "")),
        evidence=[str(line) for line in told.get("evidence", [])],
        repaired=[f"{line[:1].upper()}{line[1:]}." for line in map(str, told.get("repaired", []))],
    )


def _asked(steps: Iterable[Command]) -> list[AskedLine]:
    return [_line(step) for step in steps]


def _line(command: Command) -> AskedLine:
    step = step_of(command)
    whom = f"connector {step.connector}" if step.connector else "the charger"
    title = _WORDS.get(step.ask, f"Asked {whom} for its status")
    if step.ending is Ending.OPEN:
        return AskedLine("now", "circle-dashed", title, "Waiting for the answer")
    after = since_words(command.sent_at, command.answered_at).removeprefix("+")
    word = command.answer or command.get_status_display()
    return AskedLine("done", "circle-check", title, f"{word.rstrip('.')}{f' after {after}' if after else ''}")
