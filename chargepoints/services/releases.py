"""Commands whose time has come, those whose charger is back, and those that are taken back."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from chargepoints import sql
from chargepoints.actions import ACTIONS
from chargepoints.choices import KEPT_COMMAND_STATUSES, CommandStatus
from chargepoints.exceptions import ActionRefused
from chargepoints.models import ChargePoint, Command
from chargepoints.permissions import rights_on
from chargepoints.services.changes import changed
from chargepoints.services.command_records import command_back_record
from chargepoints.services.commands import command_bind, command_check
from chargepoints.services.dispatches import dispatched
from chargepoints.services.kept import SEND_WITHIN
from hub.audit.records import Actor
from hub.queue import enqueue_on_commit

logger = logging.getLogger(__name__)

# A charger that has just come back is busy with what it missed: its boot, its status, stops that were kept.
SETTLED_AFTER = timedelta(seconds=5)
BACK_WORDS = "Taken back before it was sent."
_MOVED = ("status", "expires_at", "answered_at", "answer", "parameters", "request_id", "connector_number", "charge")

# One for a charger at a time, the oldest first, and only when nothing else of ours is on its way to it.
_RELEASABLE = """
SELECT DISTINCT ON (m.charge_point_id) m.id FROM chargepoints_command m
JOIN chargepoints_connection c ON c.charge_point_id = m.charge_point_id
WHERE m.status IN ('scheduled', 'waiting') AND m.expires_at > %s AND COALESCE(m.not_before, m.created_at) <= %s
  AND (m.status = 'scheduled' OR c.is_connected AND c.connected_at < %s)
  AND NOT EXISTS (SELECT FROM chargepoints_command o WHERE o.charge_point_id = m.charge_point_id
      AND o.status IN ('queued', 'dispatched', 'sent') AND o.expires_at > %s)
ORDER BY m.charge_point_id, COALESCE(m.not_before, m.created_at), m.created_at, m.id LIMIT 500
"""

_TOO_LATE = """
UPDATE chargepoints_command SET status = 'expired', answered_at = clock_timestamp(), answer = CASE
    WHEN status = 'waiting' THEN 'The charger did not come back in time.' ELSE 'Its time passed unused.' END
WHERE id IN (SELECT id FROM chargepoints_command
    WHERE status IN ('scheduled', 'waiting') AND expires_at <= %s FOR UPDATE SKIP LOCKED)
RETURNING charge_point_id
"""

_GONE = """
UPDATE chargepoints_command SET status = 'failed', answered_at = clock_timestamp(),
    answer = 'The charger was archived or deactivated meanwhile.'
WHERE id IN (SELECT m.id FROM chargepoints_command m JOIN chargepoints_chargepoint p ON p.id = m.charge_point_id
    WHERE m.status IN ('scheduled', 'waiting') AND (p.archived_at IS NOT NULL OR NOT (p.is_active OR p.commissioning))
    FOR UPDATE OF m SKIP LOCKED)
RETURNING charge_point_id
"""


def commands_release() -> None:
    """Once a second: queue the kept commands that can go now, and end those that waited in vain.

    What was true when a person asked may not be true any more, so everything is checked again.
    """
    now = timezone.now()
    _end(sql.rows(_TOO_LATE, now) + sql.rows(_GONE))
    for row in sql.rows(_RELEASABLE, now, now, now - SETTLED_AFTER, now):
        command_release(command_id=row[0])


@transaction.atomic
def command_release(*, command_id: UUID) -> None:
    """One kept command whose turn it is; does nothing when it is not kept any more or another worker has it."""
    command = (
        Command.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("author", "api_key")
        .filter(pk=command_id, status__in=KEPT_COMMAND_STATUSES, expires_at__gt=timezone.now())
        .first()
    )
    if command is None:
        return
    charge_point = ChargePoint.objects.select_related("connection", "site__team").get(pk=command.charge_point_id)
    now = timezone.now()
    if charge_point.connection.is_connected:
        _ready(command, charge_point, now)
    elif command.keep_until is not None:
        command.status, command.expires_at = CommandStatus.WAITING, command.keep_until
    else:
        _fail(command, now, "The charger was offline at its time.")
    command.save(update_fields=_MOVED)
    if command.status == CommandStatus.QUEUED and not (settings.COMMANDS_DIRECT and dispatched(command.pk)):
        enqueue_on_commit("commands.dispatch", str(command.pk))
    changed([command.charge_point_id], "commands", "actions", "row")


def _ready(command: Command, charge_point: ChargePoint, now: datetime) -> None:
    """Queue it, or say why it cannot go any more; it is never sent after the time that was given for it."""
    try:
        with transaction.atomic():
            command.charge_point = charge_point
            _permitted(command, charge_point)
            command_check(charge_point=charge_point, action=ACTIONS[command.kind])
            command_bind(command)
    except ActionRefused as refusal:
        _fail(command, now, str(refusal))
    except Exception:
        # One that cannot be made ready shall not hold up the others, every second anew.
        logger.exception("command %s cannot be made ready", command.pk)
        _fail(command, now, "It could not be made ready. The reason is in Hub's own log.")
    else:
        command.status, command.expires_at = CommandStatus.QUEUED, min(command.expires_at, now + SEND_WITHIN)


def _permitted(command: Command, charge_point: ChargePoint) -> None:
    """The charger may have moved to another site since, and its author may have lost the right."""
    person = command.author or command.api_key
    if person is not None and ACTIONS[command.kind].right not in rights_on(person, charge_point):
        raise ActionRefused(f"{command.author_name} may not do this here any more.")


def _fail(command: Command, now: datetime, why: str) -> None:
    command.status, command.answered_at, command.answer = CommandStatus.FAILED, now, why[:255]


def _end(rows: Iterable[tuple[int]]) -> None:
    changed({row[0] for row in rows}, "commands", "actions", "row")


@transaction.atomic
def command_cancel(*, command: Command) -> bool:
    """Take back a command that was not sent yet; False when it is too late for that. The caller puts it on record."""
    moved = Command.objects.filter(
        pk=command.pk, status__in=[*KEPT_COMMAND_STATUSES, CommandStatus.QUEUED, CommandStatus.DISPATCHED]
    ).update(status=CommandStatus.CANCELLED, answered_at=timezone.now(), answer=BACK_WORDS)
    changed([command.charge_point_id], "commands", "actions", "row")
    return bool(moved)


@transaction.atomic
def command_take_back(*, command: Command, actor: Actor) -> None:
    """Take it back, on record. Raises ActionRefused when it was sent or has ended already.

    `charge_point.site.team` must be loaded; the caller has checked the right of its action.
    """
    if not command_cancel(command=command):
        raise ActionRefused("It is too late: it was sent, or it has ended.")
    command_back_record(command=command, actor=actor)
