"""Answers of long jobs: `AcceptedCanceled` accepts, and gives up the job before (GetLog, SignedUpdateFirmware)."""

from collections.abc import Callable, Sequence

from chargepoints.choices import CommandStatus
from chargepoints.reports import Answer
from chargepoints.services.jobs import jobs_superseded
from ocpp_gateway.outgoing import Payload

CANCELLED = "AcceptedCanceled"


def judge_job(payload: Payload) -> tuple[CommandStatus, str]:
    """The outcome of a job's call, with the charger's own word."""
    word = str(payload["status"])
    return (CommandStatus.ACCEPTED if word in {"Accepted", CANCELLED} else CommandStatus.REJECTED), word


def apply_job(kind: str) -> Callable[[Sequence[Answer]], None]:
    """The older jobs of this kind of command end where the charger says so."""

    def apply(answers: Sequence[Answer]) -> None:
        taken = [answer for answer in answers if answer.response and answer.response.get("status") == CANCELLED]
        jobs_superseded(command_ids=[answer.command_id for answer in taken], kind=kind)

    return apply
