"""ChangeConfiguration: one setting; RebootRequired is an acceptance that waits (CSMS.md 2.2; TC_021, TC_040)."""

from collections.abc import Sequence

from chargepoints.reports import Answer
from chargepoints.services.configuration import configuration_changed
from ocpp_gateway.outgoing import Outgoing, Payload


def _build(given: Payload) -> Payload:
    return {"key": given["key"], "value": given["value"]}


def _apply(answers: Sequence[Answer]) -> None:
    configuration_changed(answers=answers)


OUT = Outgoing("configure", "ChangeConfiguration", _build, apply=_apply)
