"""ReserveNow: a connector, or 0 for any, kept for a key (CSMS.md 2.2; TC_046 to TC_053)."""

from collections.abc import Sequence

from chargepoints.reports import Answer
from chargepoints.services.reservations import reservations_made
from ocpp_gateway.outgoing import Outgoing, Payload


def _build(given: Payload) -> Payload:
    payload = {
        "connectorId": int(given["connector"]),
        "expiryDate": given["expires_at"],
        "idTag": given["id_tag"],
        "reservationId": int(given["reservation_id"]),
    }
    if given.get("parent_id_tag"):
        payload["parentIdTag"] = given["parent_id_tag"]
    return payload


def _apply(answers: Sequence[Answer]) -> None:
    reservations_made(answers=answers)


OUT = Outgoing("reserve", "ReserveNow", _build, apply=_apply)
