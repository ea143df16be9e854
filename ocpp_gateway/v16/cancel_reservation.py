"""CancelReservation: rejected, it stays as it is (CSMS.md 2.2; TC_051, TC_052)."""

from collections.abc import Sequence

from chargepoints.reports import Answer
from chargepoints.services.reservations import reservations_cancelled
from ocpp_gateway.outgoing import Outgoing, Payload


def _build(given: Payload) -> Payload:
    return {"reservationId": int(given["reservation_id"])}


def _apply(answers: Sequence[Answer]) -> None:
    reservations_cancelled(answers=answers)


OUT = Outgoing("cancel_reservation", "CancelReservation", _build, apply=_apply)
