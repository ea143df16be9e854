"""What a charger's answer to a call of ours means (CSMS.md 2.2, last columns)."""

from typing import Any

from chargepoints.choices import CommandStatus
from ocpp_gateway.errors import Code

_YES = frozenset({"Accepted", "Unlocked", "Scheduled"})
_CANNOT = frozenset({Code.NOT_IMPLEMENTED, Code.NOT_SUPPORTED})


def judge(payload: dict[str, Any]) -> tuple[CommandStatus, str]:
    """The outcome and the charger's own word for it; an answer without a status is an acceptance."""
    word = str(payload.get("status", "Accepted"))[:255]
    return (CommandStatus.ACCEPTED if word in _YES else CommandStatus.REJECTED), word


def judge_error(code: Code, raw_code: str, description: str) -> tuple[CommandStatus, str]:
    """A CALLERROR: failed, with what is wrong in words (QUIRKS 7.5: some refuse by it what they do not know)."""
    if code in _CANNOT:
        return CommandStatus.FAILED, "Not supported by this charger"
    return CommandStatus.FAILED, f"{raw_code or 'Invalid answer'}: {description}".rstrip(": ")[:255]
