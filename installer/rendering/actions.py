"""The remote actions on the public page: the buttons that fit, why the others do not, and what came of those sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chargepoints.choices import CommandStatus, Effect
from chargepoints.models import Command
from installer.choices import ActionKind
from installer.fits import actions_fit, reasons
from installer.selectors.rows import RowFacts

GLYPHS: Mapping[str, str] = {
    ActionKind.START: "play",
    ActionKind.STOP: "square",
    ActionKind.UNLOCK: "lock-open",
    ActionKind.REBOOT: "rotate-ccw",
}
ENDS_THE_CHARGE = "Reboot ends the charge that runs."
WAITING: Mapping[str, str] = {
    ActionKind.START: "Accepted. Waiting for the charge to begin.",
    ActionKind.STOP: "Accepted. Waiting for the charge to end.",
    ActionKind.REBOOT: "Waiting for it to start again.",
}
DONE: Mapping[str, str] = {
    ActionKind.START: "The charge has started.",
    ActionKind.STOP: "The charge has stopped.",
    ActionKind.UNLOCK: "Unlocked.",
    ActionKind.REBOOT: "It has started again.",
}
NOTHING_SEEN: Mapping[str, str] = {
    ActionKind.START: "Accepted, but no charge began. Plug in a car or a tester, then try again.",
    ActionKind.STOP: "Accepted, but the charge goes on. Try again, or reboot it.",
    ActionKind.REBOOT: "It has not called again yet. Look whether it is on.",
}
REFUSED: Mapping[str, str] = {
    ActionKind.START: "The charger refused. Plug in a car or a tester, then try again.",
    ActionKind.STOP: "The charger refused. Try again, or reboot it.",
    ActionKind.UNLOCK: "The charger refused, or the lock did not open. Stop the charge first, then try again.",
    ActionKind.REBOOT: "The charger refused. Switch it off and on at its breaker.",
}
WRONG_ANSWER = "The charger cannot do this, or answered with an error. Tell the operator."


@dataclass(frozen=True, slots=True)
class ActionButton:
    """A button; `number` is the connector where there are several, `connector` what is sent."""

    kind: str
    label: str
    glyph: str
    connector: int | None
    number: int | None


@dataclass(frozen=True, slots=True)
class ActionResult:
    """What came of an action: `mark` is done, run, hold or bad; `at` is when that was seen."""

    title: str
    words: str
    mark: str
    at: datetime

    @property
    def glyph(self) -> str:
        """The icon."""
        return {"done": "check", "run": "loader-circle", "hold": "hourglass"}.get(self.mark, "triangle-alert")


@dataclass(frozen=True, slots=True)
class ActionPanel:
    """The remote actions of one charge point."""

    buttons: Sequence[ActionButton]
    hints: Sequence[str]
    results: Sequence[ActionResult]


def action_panel(facts: RowFacts) -> ActionPanel:
    """What can be sent now to this charge point of a job, and what came of what was sent before, the newest first."""
    point = facts.row.charge_point
    fits = actions_fit(point, facts.charges)
    several = len(point.connectors.all()) > 1
    buttons = [
        ActionButton(one.kind, one.kind.label, GLYPHS[one.kind], one.connector, one.connector if several else None)
        for one in fits
        if not one.why_not
    ]
    ends = [ENDS_THE_CHARGE] if facts.charges and any(one.kind == ActionKind.REBOOT for one in buttons) else []
    return ActionPanel(buttons, [*reasons(fits), *ends], [action_result(one) for one in facts.commands])


def action_result(command: Command) -> ActionResult:
    """One command of ActionKind in words for whoever stands before the charger; none of the charger's own words."""
    kind = ActionKind(command.kind)
    title = f"{kind.label} {command.connector_number}" if command.connector_number else kind.label
    words, mark = _outcome(kind, command)
    at = command.effect_at or command.answered_at or command.sent_at or command.created_at
    return ActionResult(title, words, mark, at)


def _outcome(kind: ActionKind, command: Command) -> tuple[str, str]:
    """The words and the mark: of its effect where there is one, else of its answer."""
    by_effect = {
        Effect.SEEN: (DONE[kind], "done"),
        Effect.MISSING: (NOTHING_SEEN.get(kind, "Nothing happened."), "bad"),
        Effect.AWAITED: (WAITING.get(kind, "Accepted."), "run"),
    }
    by_answer = {
        CommandStatus.REJECTED: (REFUSED[kind], "bad"),
        CommandStatus.FAILED: (WRONG_ANSWER, "bad"),
        CommandStatus.EXPIRED: ("No answer." if command.sent_at else "It could not be sent in time.", "bad"),
        CommandStatus.CANCELLED: ("The operator has taken it back.", "bad"),
    }
    if command.effect in by_effect:
        return by_effect[Effect(command.effect)]
    if command.status in by_answer:
        return by_answer[CommandStatus(command.status)]
    return "Sent. Waiting for the charger." if command.sent_at else "On its way.", "run"
