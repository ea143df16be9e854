"""SetChargingProfile: limits over time; there is no way to read them back (CSMS.md 2.2; TC_056, TC_057)."""

from collections.abc import Sequence

from chargepoints.reports import Answer
from chargepoints.services.profiles import profiles_set
from ocpp_gateway.outgoing import Outgoing, Payload


def _build(given: Payload) -> Payload:
    return {"connectorId": int(given["connector"]), "csChargingProfiles": given["profile"]}


def _apply(answers: Sequence[Answer]) -> None:
    profiles_set(answers=answers)


OUT = Outgoing("set_profile", "SetChargingProfile", _build, apply=_apply)
