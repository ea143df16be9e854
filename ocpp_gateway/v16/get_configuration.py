"""GetConfiguration: all settings, or some by name; no names at all, never an empty list (CSMS.md 2.2; TC_019)."""

from collections.abc import Sequence

from chargepoints.reports import Answer
from chargepoints.services.configuration import configuration_reported
from ocpp_gateway.outgoing import Outgoing, Payload


def _build(given: Payload) -> Payload:
    return {"key": list(given["keys"])} if given.get("keys") else {}


def _apply(answers: Sequence[Answer]) -> None:
    configuration_reported(answers=answers)


OUT = Outgoing("read_configuration", "GetConfiguration", _build, apply=_apply)
