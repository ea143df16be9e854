"""ChangeAvailability: Scheduled waits for the end of a charge; the status is what proves it (CSMS.md 2.2)."""

from collections.abc import Sequence

from chargepoints.reports import Answer
from chargepoints.services.availability import availability_answered
from ocpp_gateway.outgoing import Outgoing, Payload


def _build(given: Payload) -> Payload:
    return {"connectorId": int(given["connector"]), "type": given["type"]}


def _apply(answers: Sequence[Answer]) -> None:
    availability_answered(answers=answers)


OUT = Outgoing("availability", "ChangeAvailability", _build, apply=_apply)
