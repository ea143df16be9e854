"""The life line of a command: queued, sent, answered, effect; never more than what is known."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from chargepoints.actions import ACTIONS
from chargepoints.choices import KEPT_COMMAND_STATUSES, OPEN_COMMAND_STATUSES, CommandStatus, Effect
from chargepoints.models import Command
from chargepoints.moments import moment_read
from chargepoints.rendering.status import Look
from chargepoints.withheld import tellable
from hub.teams.choices import Right
from hub.templatetags.desk import hms

_ENDED_BADLY = (CommandStatus.REJECTED, CommandStatus.FAILED, CommandStatus.EXPIRED, CommandStatus.CANCELLED)

GLYPHS = {"done": "circle-check", "now": "circle-dashed", "fail": "x", "na": "circle"}


@dataclass(frozen=True, slots=True)
class Step:
    """One station of the life line. `look` is done, now, fail or na; `since` runs while it is now, `at` is ahead."""

    look: str
    name: str
    when: str = ""
    since: datetime | None = None
    at: datetime | None = None

    @property
    def glyph(self) -> str:
        """The icon of the look."""
        return GLYPHS[self.look]


@dataclass(frozen=True, slots=True)
class LifeLine:
    """A command with its title and its steps."""

    command: Command
    title: str
    steps: Sequence[Step]

    @property
    def is_running(self) -> bool:
        """Whether it is kept, still on its way, or its effect is awaited."""
        return self.is_ahead or self.command.effect == Effect.AWAITED

    @property
    def is_ahead(self) -> bool:
        """Whether there is no answer yet, and may be one."""
        return self.command.status in {*KEPT_COMMAND_STATUSES, *OPEN_COMMAND_STATUSES}

    @property
    def can_be_taken_back(self) -> bool:
        """Whether nothing of it has left the house."""
        return self.command.status in {*KEPT_COMMAND_STATUSES, CommandStatus.QUEUED, CommandStatus.DISPATCHED}

    @property
    def last_message(self) -> tuple[datetime | None, str] | None:
        """What the charger told last of a long job: when and what."""
        told = progress_steps(self.command)
        return told[-1] if told else None


@dataclass(frozen=True, slots=True)
class CommandRow:
    """A command as a row of a list."""

    command: Command
    title: str
    look: Look
    took: str


def may_take_back(lines: Iterable[LifeLine], rights: frozenset[Right]) -> set[UUID]:
    """Which of these commands a person with these rights may take back now."""
    return {
        line.command.pk
        for line in lines
        if line.can_be_taken_back and line.command.kind in ACTIONS and ACTIONS[line.command.kind].right in rights
    }


def life_lines(commands: Iterable[Command]) -> list[LifeLine]:
    """The life lines of commands, in their order."""
    return [LifeLine(command, command_title(command), steps(command)) for command in commands]


def command_title(command: Command) -> str:
    """What it does, in few words: `Reboot, soft`, `Unlock 2`."""
    action = ACTIONS.get(command.kind)
    label = action.label if action else command.kind
    given = command.parameters
    number = f" {command.connector_number}" if command.connector_number else ""
    if command.kind == "reboot":
        return f"{label}, {str(given.get('type', '')).lower()}"
    if command.kind in {"trigger", "extended_trigger"}:
        return f"Trigger {given.get('message', '')}{number}"
    if command.kind == "availability":
        return f"{'In' if given.get('type') == 'Operative' else 'Out of'} service{number or ', whole charger'}"
    if command.kind in {"configure", "call"}:
        return f"{label} {given.get('key') or given.get('action') or ''}".strip()
    return f"{label}{number}"


def command_rows(commands: Iterable[Command]) -> list[CommandRow]:
    """Rows of a list, in their order."""
    return [CommandRow(command, command_title(command), outcome_look(command), _took(command)) for command in commands]


def _took(command: Command) -> str:
    """From sending to the effect, or to the answer where none is expected."""
    end = command.effect_at if command.effect == Effect.SEEN else command.answered_at
    return since_words(command.sent_at, end).removeprefix("+")


def queued_words(command: Command) -> str:
    """What a person is told who has just asked for it."""
    if command.status == CommandStatus.SCHEDULED and command.not_before:
        local = command.not_before.astimezone(ZoneInfo(command.charge_point.site.time_zone))
        return f"planned for {local.day} {local:%b %H:%M}"
    return "kept until the charger is back" if command.status == CommandStatus.WAITING else "queued"


def progress_steps(command: Command) -> list[tuple[datetime | None, str]]:
    """What the charger told of a long job: when and what."""
    return [(moment_read(at), str(word)) for at, word in command.progress]


def result_text(command: Command) -> str:
    """The payload of the answer as JSON, for people; empty when it says no more than the answer's word."""
    if not command.result or set(command.result) == {"status"}:
        return ""
    return json.dumps(command.result, indent=1, ensure_ascii=False)


def parameter_rows(command: Command) -> list[tuple[str, object]]:
    """The parameters as people see them: without credentials, and without what continues a longer work."""
    told = tellable(command.parameters)
    assert isinstance(told, dict)
    inner = {"rest", "follows", "piece"}
    return [(name, value) for name, value in told.items() if value is not None and name not in inner]


def outcome_look(command: Command) -> Look:
    """How it ended, or where it is, in a pill."""
    if command.status == CommandStatus.ACCEPTED:
        return _accepted_look(command)
    if command.effect == Effect.SEEN:
        return Look("ok", "circle-check", _effect(command).name)
    if command.status == CommandStatus.EXPIRED:
        return Look("warn", "hourglass", "No answer" if command.sent_at else "Not sent in time")
    return _LOOKS[CommandStatus(command.status)]


_LOOKS = {
    CommandStatus.SCHEDULED: Look("prep", "calendar-clock", "Scheduled"),
    CommandStatus.WAITING: Look("gone", "wifi-off", "Waits for the charger"),
    CommandStatus.QUEUED: Look("charge", "loader-circle", "Queued"),
    CommandStatus.DISPATCHED: Look("charge", "loader-circle", "Sending"),
    CommandStatus.SENT: Look("charge", "loader-circle", "Sent, no answer yet"),
    CommandStatus.REJECTED: Look("bad", "x", "Rejected"),
    CommandStatus.FAILED: Look("bad", "triangle-alert", "Failed"),
    CommandStatus.CANCELLED: Look("off", "ban", "Taken back"),
}


def _accepted_look(command: Command) -> Look:
    step = _effect(command)
    if command.effect == Effect.SEEN:
        return Look("ok", "circle-check", step.name)
    if command.effect == Effect.MISSING:
        return Look("warn", "triangle-alert", step.name if command.effect_text else "Accepted, no effect")
    if command.effect == Effect.AWAITED:
        return Look("charge", "hourglass", "Accepted, effect awaited")
    return Look("ok", "circle-check", "Accepted")


def steps(command: Command) -> list[Step]:
    """The four stations. Times count from the moment it was asked for."""
    return [_queued(command), _sent(command), _answered(command), _effect(command)]


def _queued(command: Command) -> Step:
    if command.status == CommandStatus.SCHEDULED:
        return Step("now", "Scheduled", at=command.not_before)
    if command.status == CommandStatus.WAITING:
        return Step("now", "Waits for the charger", since=command.created_at)
    if command.not_before or command.keep_until:
        return Step("done", "Kept", since_words(command.created_at, command.dispatched_at or command.answered_at))
    if command.status == CommandStatus.QUEUED:
        return Step("now", "Queued", since=command.created_at)
    return Step("done", "Queued", "0 ms")


def _sent(command: Command) -> Step:
    if command.sent_at:
        begun = command.dispatched_at if command.not_before or command.keep_until else command.created_at
        return Step("done", "Sent", since_words(begun, command.sent_at))
    if command.status == CommandStatus.DISPATCHED:
        return Step("now", "Sending", since=command.created_at)
    if command.status in {CommandStatus.QUEUED, *KEPT_COMMAND_STATUSES}:
        return Step("na", "Sent")
    return Step("fail", "Not sent")


def _answered(command: Command) -> Step:
    if command.status == CommandStatus.SENT:
        return Step("now", "Waiting", since=command.sent_at or command.created_at)
    if command.status in {CommandStatus.QUEUED, CommandStatus.DISPATCHED, *KEPT_COMMAND_STATUSES}:
        return Step("na", "Accepted")
    if command.status == CommandStatus.ACCEPTED:
        return Step("done", "Accepted", since_words(command.sent_at, command.answered_at))
    name = {
        CommandStatus.REJECTED: "Rejected",
        CommandStatus.FAILED: "Failed",
        CommandStatus.EXPIRED: "No answer" if command.sent_at else "Expired",
        CommandStatus.CANCELLED: "Taken back",
    }[CommandStatus(command.status)]
    return Step("fail", name, since_words(command.sent_at, command.answered_at))


def _effect(command: Command) -> Step:
    action = ACTIONS.get(command.kind)
    name = action.proof_words if action else "Effect seen"
    if command.effect == Effect.SEEN:
        return Step("done", name, since_words(command.answered_at, command.effect_at))
    if command.effect == Effect.MISSING:
        # A job tells how it failed; of most other things there is only silence.
        if command.effect_text:
            return Step("fail", command.effect_text, since_words(command.answered_at, command.effect_at))
        return Step("fail", "No effect", f"within {_limit(command)}")
    if command.effect == Effect.AWAITED:
        return Step("now", command.effect_text or f"{name}?", since=command.answered_at)
    if command.effect_text:
        return Step("na", command.effect_text)
    failed = command.status in _ENDED_BADLY
    return Step("na", "No effect" if failed else name)


def _limit(command: Command) -> str:
    if not command.answered_at or not command.effect_due_at:
        return "its time"
    return f"{(command.effect_due_at - command.answered_at) / timedelta(seconds=1):.0f} s"


def since_words(start: datetime | None, end: datetime | None) -> str:
    """The time between two stations: `+38 ms`, `+7.6 s`, `+00:02:11`; empty when either is unknown."""
    if start is None or end is None:
        return ""
    seconds = max((end - start) / timedelta(seconds=1), 0)
    if seconds < 1:
        return f"+{seconds * 1000:.0f} ms"
    return f"+{seconds:.1f} s" if seconds < 100 else f"+{hms(seconds)}"
