"""ClearChargingProfile: by id, by connector, purpose and stack level, or all (CSMS.md 2.2; TC_067)."""

from collections.abc import Sequence

from chargepoints.reports import Answer
from chargepoints.services.profiles import profiles_cleared
from ocpp_gateway.outgoing import Outgoing, Payload

_FIELDS = {
    "profile_id": "id",
    "connector": "connectorId",
    "purpose": "chargingProfilePurpose",
    "stack_level": "stackLevel",
}


def _build(given: Payload) -> Payload:
    return {name: given[ours] for ours, name in _FIELDS.items() if given.get(ours) is not None}


def _apply(answers: Sequence[Answer]) -> None:
    profiles_cleared(answers=answers)


OUT = Outgoing("clear_profile", "ClearChargingProfile", _build, apply=_apply)
