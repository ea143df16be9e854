"""The life line of a command: queued, sent, answered, effect; never more than what is known."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from chargepoints.actions import ACTIONS
from chargepoints.choices import KEPT_COMMAND_STATUSES, OPEN_COMMAND_STATUSES, CommandStatus, Effect
from chargepoints.models import Command
from chargepoints.rendering.status import Look
from chargepoints.rendering.steps import Step, effect_step, is_check, progress_steps, since_words, steps
from chargepoints.withheld import tellable
from hub.teams.choices import Right


@dataclass(frozen=True, slots=True)
class LifeLine:
    """A command with its title and its steps."""

    command: Command
    title: str
    steps: Sequence[Step]

    @property
    def now(self) -> Step:
        """Where it stands: the first station that is under way or has failed, else the last that was reached."""
        if self.command.effect == Effect.SEEN:
            return self.steps[-1]
        reached = [step for step in self.steps if step.look == "done"]
        stands = next((step for step in self.steps if step.look == "now"), None)
        failed = next((step for step in reversed(self.steps) if step.look == "fail"), None)
        return stands or failed or (reached or self.steps)[-1]

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

    @property
    def verdict(self) -> str:
        """What a check has found, in one sentence."""
        return self.command.effect_text if is_check(self.command) else ""


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


def result_text(command: Command) -> str:
    """The payload of the answer as JSON, for people; empty when it says no more than the answer's word."""
    if is_check(command):
        return ""
    if not command.result or set(command.result) == {"status"} or list(command.result.values()) == [command.answer]:
        return ""
    return json.dumps(command.result, indent=1, ensure_ascii=False)


# What continues a longer work, and what a start shows in words (`rendering.limits`).
_TOLD_OTHERWISE = frozenset({"rest", "follows", "piece", "own", "request_id"}) | frozenset(
    {"payment_method", "price_group", "limit_wh", "limit_s", "limit_amount"}
)


def parameter_rows(command: Command) -> list[tuple[str, object]]:
    """The parameters as people see them: without credentials, and without what continues a longer work."""
    told = tellable(command.parameters)
    assert isinstance(told, dict)
    return [(name, value) for name, value in told.items() if value is not None and name not in _TOLD_OTHERWISE]


def outcome_look(command: Command) -> Look:
    """How it ended, or where it is, in a pill."""
    if command.status == CommandStatus.ACCEPTED:
        return _accepted_look(command)
    if command.effect == Effect.SEEN:
        return Look("ok", "circle-check", effect_step(command).name)
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
    step = effect_step(command)
    if command.effect == Effect.SEEN:
        return Look("ok", "circle-check", step.name)
    if command.effect == Effect.MISSING:
        return Look("warn", "triangle-alert", step.name if command.effect_text else "Accepted, no effect")
    if command.effect == Effect.AWAITED:
        return Look("charge", "hourglass", "Accepted, effect awaited")
    return Look("ok", "circle-check", "Accepted")
