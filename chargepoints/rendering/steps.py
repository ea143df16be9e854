"""The stations of a command's life line; never more than what is known."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chargepoints.actions import ACTIONS, Proof
from chargepoints.choices import KEPT_COMMAND_STATUSES, CommandStatus, Effect
from chargepoints.models import Command
from chargepoints.moments import moment_read
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


def progress_steps(command: Command) -> list[tuple[datetime | None, str]]:
    """What the charger told of a long job: when and what."""
    return [(moment_read(at), str(word)) for at, word in command.progress]


def steps(command: Command) -> list[Step]:
    """Queued, sent, answered, what the charger told of a long job, effect; of a check three stations.

    Times count from the station before.
    """
    if is_check(command):
        return _check_steps(command)
    return [_queued(command), _sent(command), _answered(command), *_told(command), effect_step(command)]


def _told(command: Command) -> list[Step]:
    """What the charger told of its job, the same said again left out; what failed last is its effect already."""
    action = ACTIONS.get(command.kind)
    if action is None or action.proof is not Proof.JOB:
        return []
    found: list[Step] = []
    before = command.answered_at
    for at, word in progress_steps(command):
        if found and found[-1].name == word:
            continue
        failed = word.endswith("Failed") or word in {"InvalidSignature", "UploadFailure"}
        found.append(Step("fail" if failed else "done", word, since_words(before, at)))
        before = at
    return found[:-1] if found and found[-1].name == command.effect_text else found


def is_check(command: Command) -> bool:
    """Whether it is made of others and ends with a verdict."""
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


def effect_step(command: Command) -> Step:
    action = ACTIONS.get(command.kind)
    name = action.proof_words if action else "Effect seen"
    if command.parameters.get("own"):
        name = "Received"
    if command.effect == Effect.SEEN:
        if action and action.proof is Proof.JOB and command.effect_text:
            name = command.effect_text
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
