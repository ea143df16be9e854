"""Calls of ours: how a command is written, how its answer is judged, and what the answer changes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chargepoints.choices import Category, CommandStatus
from chargepoints.reports import NOT_SUPPORTED, Answer
from ocpp_gateway.errors import Code

Payload = dict[str, Any]

_YES = frozenset({"Accepted", "Unlocked", "Scheduled", "RebootRequired"})
_CANNOT = frozenset({Code.NOT_IMPLEMENTED, Code.NOT_SUPPORTED})


def judge_status(payload: Payload) -> tuple[CommandStatus, str]:
    """The outcome by the answer's `status`, with the charger's own word; without a status it is an acceptance."""
    word = str(payload.get("status", "Accepted"))[:255]
    return (CommandStatus.ACCEPTED if word in _YES else CommandStatus.REJECTED), word


def judge_error(code: Code, raw_code: str, description: str) -> tuple[CommandStatus, str]:
    """A CALLERROR: failed, with what is wrong in words (QUIRKS 7.5: some refuse by it what they do not know)."""
    if code in _CANNOT:
        return CommandStatus.FAILED, NOT_SUPPORTED
    return CommandStatus.FAILED, f"{raw_code or 'Invalid answer'}: {description}".rstrip(": ")[:255]


def nothing(_: Sequence[Answer]) -> None:
    """Most answers change nothing but their command."""


def unchanged(answer: Any) -> Any:
    """Most answers are taken as they are."""
    return answer


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message that we send; an empty `action` is named by the command's own parameter.

    `build` raises KeyError, ValueError or TypeError for odd parameters. `mend` makes the best of an answer that
    breaks its schema, before it is looked at once more; it takes any JSON value and never raises. `apply` runs in
    the transaction that stores the answers, with every answer of this kind, refusals and silence (`response` is
    None) included.
    """

    kind: str
    action: str
    build: Callable[[Payload], Payload]
    category: str = Category.STATE
    judge: Callable[[Payload], tuple[CommandStatus, str]] = judge_status
    apply: Callable[[Sequence[Answer]], None] = nothing
    mend: Callable[[Any], Any] = unchanged


def outgoing_table(messages: Sequence[Outgoing]) -> Mapping[str, Outgoing]:
    """Messages by the kind of command."""
    return {message.kind: message for message in messages}


def by_hand_table(messages: Sequence[Outgoing], written: Outgoing) -> Mapping[str, Outgoing]:
    """By action: built as `written` is, and for the rest as the message of that action."""
    return {message.action: replace(message, build=written.build) for message in messages if message.action}
