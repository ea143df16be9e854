"""The life line of a command: queued, sent, answered, effect; never more than what is known."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chargepoints.actions import ACTIONS, Proof
from chargepoints.choices import KEPT_COMMAND_STATUSES, OPEN_COMMAND_STATUSES, CommandStatus, Effect
from chargepoints.models import Command
from chargepoints.moments import moment_read
from hub.templatetags.desk import hms

_ENDED_BADLY = (CommandStatus.REJECTED, CommandStatus.FAILED, CommandStatus.EXPIRED, CommandStatus.CANCELLED)

GLYPHS = {"done": "circle-check", "now": "circle-dashed", "fail": "x", "na": "circle"}


@dataclass(frozen=True, slots=True)
class Step:
    """One station of the life line. `look` is done, now, fail or na; `since` runs while it is now."""

    look: str
    name: str
    when: str = ""
    since: datetime | None = None

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
        """Whether it is still on its way, or its effect is awaited."""
        return self.command.status in OPEN_COMMAND_STATUSES or self.command.effect == Effect.AWAITED

    @property
    def verdict(self) -> str:
        """What a check has found, in one sentence."""
        return self.command.effect_text if _is_check(self.command) else ""


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


def progress_steps(command: Command) -> list[tuple[datetime | None, str]]:
    """What the charger told of a long job: when and what."""
    return [(moment_read(at), str(word)) for at, word in command.progress]


def result_text(command: Command) -> str:
    """The payload of the answer as JSON, for people; empty when it says no more than the answer's word."""
    if _is_check(command):
        return ""
    if not command.result or set(command.result) == {"status"}:
        return ""
    return json.dumps(command.result, indent=1, ensure_ascii=False)


def steps(command: Command) -> list[Step]:
    """The four stations, of a check three. Times count from the moment it was asked for."""
    if _is_check(command):
        return _check_steps(command)
    return [_queued(command), _sent(command), _answered(command), _effect(command)]


def _is_check(command: Command) -> bool:
    action = ACTIONS.get(command.kind)
    return action is not None and action.proof is Proof.VERDICT


def _check_steps(command: Command) -> list[Step]:
    """Asked for, being done, and what came of it; the sentence stands below."""
    begun = Step("done", "Started", "0 ms")
    if command.status == CommandStatus.SENT:
        return [begun, Step("now", "Checking", since=command.created_at), Step("na", "Verdict")]
    took = since_words(command.created_at, command.answered_at)
    if command.status != CommandStatus.ACCEPTED:
        return [begun, Step("fail", "Not finished", took)]
    sound = command.effect == Effect.SEEN
    return [begun, Step("done", "Checked", took), Step("done" if sound else "fail", command.answer)]


def _queued(command: Command) -> Step:
    if command.status == CommandStatus.SCHEDULED:
        return Step("now", "Scheduled")
    if command.status == CommandStatus.WAITING:
        return Step("now", "Waits for the charger", since=command.created_at)
    if command.status == CommandStatus.QUEUED:
        return Step("now", "Queued", since=command.created_at)
    return Step("done", "Queued", "0 ms")


def _sent(command: Command) -> Step:
    if command.sent_at:
        return Step("done", "Sent", since_words(command.created_at, command.sent_at))
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
