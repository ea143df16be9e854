"""Reservations: made when the charger accepts, ended by a charge, by hand, or by time."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from chargepoints import sql
from chargepoints.choices import CommandStatus, ReservationState
from chargepoints.exceptions import ActionRefused
from chargepoints.models import ChargeKey, Command, Reservation
from chargepoints.moments import moment_read, moment_write
from chargepoints.reports import Answer, Start
from chargepoints.selectors.configuration import configuration_value
from chargepoints.services.states import states_refresh

TAG_LENGTH = 20
CLOCKS_DIFFER = timedelta(minutes=5)


def reserve_bind(*, command: Command) -> None:
    """Check `{"connector", "id_tag", "expires_at": ISO 8601, "parent_id_tag"?}`; raises ActionRefused.

    The id is random: ids of one charger must not be used twice while a reservation may still live in it. The group
    of a known key goes along by itself (TC_053).
    """
    given = command.parameters
    tag = str(given.get("id_tag") or "").strip()
    if not 0 < len(tag) <= TAG_LENGTH:
        raise ActionRefused(f"Choose a key of at most {TAG_LENGTH} characters.", field="id_tag")
    if command.connector_number == 0 and not _takes_box(command):
        raise ActionRefused("This charger can reserve single connectors only.")
    until = moment_read(given.get("expires_at"))
    if until is None or until <= timezone.now():
        raise ActionRefused("A reservation needs an end in the future.", field="expires_at")
    organisation = command.charge_point.site.team.organisation_id
    known = ChargeKey.objects.filter(organisation=organisation, id_tag__iexact=tag).first()
    parent = str(given.get("parent_id_tag") or (known.parent_id_tag if known else ""))
    if len(parent) > TAG_LENGTH:
        raise ActionRefused(f"A group has at most {TAG_LENGTH} characters.", field="parent_id_tag")
    given |= {"id_tag": tag, "expires_at": moment_write(until), "parent_id_tag": parent}
    given["reservation_id"] = secrets.randbelow(2**31 - 1) + 1


def _takes_box(command: Command) -> bool:
    value = configuration_value(command.charge_point, "ReserveConnectorZeroSupported")
    return value is None or value.strip().lower() != "false"


def cancel_reservation_bind(*, command: Command) -> None:
    """Check `{"reservation": pk}`; raises ActionRefused when it has ended."""
    found = Reservation.objects.filter(
        pk=command.parameters.get("reservation"),
        charge_point=command.charge_point,
        state=ReservationState.ACTIVE,
    ).first()
    if found is None:
        raise ActionRefused("This reservation has already ended.")
    command.parameters["reservation_id"] = found.reservation_id
    command.connector_number = found.connector_number


def reservations_made(*, answers: Sequence[Answer]) -> None:
    """Keep what chargers accepted to reserve."""
    accepted = [answer for answer in answers if answer.outcome == CommandStatus.ACCEPTED]
    for answer in accepted:
        asked: dict[str, Any] = answer.request
        Reservation.objects.update_or_create(
            charge_point_id=answer.charge_point_id,
            reservation_id=asked["reservationId"],
            defaults={
                "connector_number": asked["connectorId"],
                "id_tag": asked["idTag"],
                "parent_id_tag": asked.get("parentIdTag", ""),
                "state": ReservationState.ACTIVE,
                "made_at": answer.at,
                "expires_at": moment_read(asked["expiryDate"]) or answer.at,
                "ended_at": None,
            },
        )
    states_refresh(charge_point_ids={answer.charge_point_id for answer in accepted})


def reservations_cancelled(*, answers: Sequence[Answer]) -> None:
    """End the reservations that chargers agreed to forget; a refusal leaves them as they are (TC_052)."""
    accepted = [answer for answer in answers if answer.outcome == CommandStatus.ACCEPTED]
    for answer in accepted:
        asked: dict[str, Any] = answer.request
        Reservation.objects.filter(
            charge_point=answer.charge_point_id,
            reservation_id=asked["reservationId"],
            state=ReservationState.ACTIVE,
        ).update(state=ReservationState.CANCELLED, ended_at=answer.at)
    states_refresh(charge_point_ids={answer.charge_point_id for answer in accepted})


# Most charges begin where nothing is reserved: the ORM is troubled for the others only.
_ACTIVE = "SELECT r.id FROM chargepoints_reservation r WHERE r.charge_point_id = ANY(%s) AND r.state = 'active'"


def reservations_use(*, starts: Sequence[Start], parents: Sequence[str]) -> None:
    """End the reservations that charges were started on; `parents` is the group of each start's key.

    By the id that the charger tells, or else on the same connector (or for the whole charger) by key or group.
    The states of the charge points are the caller's to refresh.
    """
    found = sql.rows(_ACTIVE, [start.charge_point_id for start in starts])
    if not found:
        return
    active = list(
        Reservation.objects.filter(pk__in=[row[0] for row in found], state=ReservationState.ACTIVE)
        .select_for_update()
        .order_by("-connector_number", "expires_at")
    )
    for start, parent in zip(starts, parents, strict=True):
        mine = [one for one in active if one.charge_point_id == start.charge_point_id]
        named = [one for one in mine if one.reservation_id == start.reservation_id]
        used = next(iter(named or (one for one in mine if _fits(one, start, parent))), None)
        if used is not None:
            active.remove(used)
            used.state, used.ended_at = ReservationState.USED, start.received_at
            used.save(update_fields=["state", "ended_at"])


def _fits(reservation: Reservation, start: Start, parent: str) -> bool:
    if reservation.connector_number not in {0, start.connector_number}:
        return False
    # A start that happened offline, before the reservation was made, cannot have used it.
    if not reservation.made_at - CLOCKS_DIFFER < start.started_at < reservation.expires_at + CLOCKS_DIFFER:
        return False
    same_group = bool(parent) and parent.lower() == reservation.parent_id_tag.lower()
    return same_group or start.id_tag.lower() == reservation.id_tag.lower()


_EXPIRE = """
UPDATE chargepoints_reservation SET state = 'expired', ended_at = expires_at
WHERE state = 'active' AND expires_at <= clock_timestamp() RETURNING charge_point_id
"""


@transaction.atomic
def reservations_expire() -> None:
    """End what has run out: OCPP 1.6 tells no end (CSMS.md 2.2, ReserveNow)."""
    found: Iterable[tuple[int]] = sql.rows(_EXPIRE)
    states_refresh(charge_point_ids={row[0] for row in found})
