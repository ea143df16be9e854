"""Commands whose time has come, and those whose charger is back."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from chargepoints import sql
from chargepoints.actions import ACTIONS
from chargepoints.choices import KEPT_COMMAND_STATUSES, CommandStatus
from chargepoints.exceptions import ActionRefused
from chargepoints.models import ChargePoint, Command
from chargepoints.services.changes import changed
from chargepoints.services.commands import command_bind, command_check
from chargepoints.services.kept import SEND_WITHIN
from hub.queue import enqueue_on_commit

# A charger that has just come back is busy with what it missed: its boot, its status, stops that were kept.
SETTLED_AFTER = timedelta(seconds=5)

# One for a charger at a time, the oldest first, and only when nothing else of ours is on its way to it.
_RELEASABLE = """
SELECT m.id FROM chargepoints_command m JOIN chargepoints_connection c ON c.charge_point_id = m.charge_point_id
WHERE m.status IN ('scheduled', 'waiting') AND m.expires_at > %s AND COALESCE(m.not_before, m.created_at) <= %s
  AND (m.status = 'scheduled' OR c.is_connected AND c.connected_at < %s)
  AND NOT EXISTS (SELECT FROM chargepoints_command o WHERE o.charge_point_id = m.charge_point_id
      AND o.status IN ('queued', 'dispatched', 'sent') AND o.expires_at > %s)
  AND NOT EXISTS (SELECT FROM chargepoints_command k WHERE k.charge_point_id = m.charge_point_id
      AND k.status = 'waiting' AND m.status = 'waiting' AND (k.created_at, k.id) < (m.created_at, m.id)
      AND k.expires_at > %s)
ORDER BY m.created_at FOR UPDATE OF m SKIP LOCKED LIMIT 200
"""

_TOO_LATE = """
UPDATE chargepoints_command SET status = 'expired', answered_at = clock_timestamp(), answer = CASE
    WHEN status = 'waiting' THEN 'The charger did not come back in time.' ELSE 'Its time passed unused.' END
WHERE id IN (SELECT id FROM chargepoints_command
    WHERE status IN ('scheduled', 'waiting') AND expires_at <= %s FOR UPDATE SKIP LOCKED)
RETURNING charge_point_id
"""


@transaction.atomic
def commands_release() -> None:
    """Once a second: queue the kept commands that can go now, and end those that waited in vain.

    What was true when a person asked may not be true any more, so everything is checked again.
    """
    now = timezone.now()
    late = sql.rows(_TOO_LATE, now)
    changed({row[0] for row in late}, "commands", "actions", "row")
    found = [row[0] for row in sql.rows(_RELEASABLE, now, now, now - SETTLED_AFTER, now, now)]
    for command in Command.objects.filter(pk__in=found).order_by("created_at"):
        _release(command)


def _release(command: Command) -> None:
    charge_point = ChargePoint.objects.select_related("connection", "site__team").get(pk=command.charge_point_id)
    now = timezone.now()
    if not charge_point.connection.is_connected:
        if command.keep_until is not None and command.keep_until > now:
            command.status, command.expires_at = CommandStatus.WAITING, command.keep_until
        else:
            command.status, command.answered_at = CommandStatus.FAILED, now
            command.answer = "The charger was offline at its time."
    else:
        try:
            command.charge_point = charge_point
            command_check(charge_point=charge_point, action=ACTIONS[command.kind])
            command_bind(command)
            command.status, command.expires_at = CommandStatus.QUEUED, now + SEND_WITHIN
            enqueue_on_commit("commands.dispatch", str(command.pk))
        except ActionRefused as refusal:
            command.status, command.answered_at, command.answer = CommandStatus.FAILED, now, str(refusal)[:255]
    command.save()
    changed([command.charge_point_id], "commands", "actions", "row")


@transaction.atomic
def command_cancel(*, command: Command) -> bool:
    """Take back a command that was not sent yet; False when it is too late for that. The caller puts it on record."""
    moved = Command.objects.filter(
        pk=command.pk, status__in=[*KEPT_COMMAND_STATUSES, CommandStatus.QUEUED, CommandStatus.DISPATCHED]
    ).update(status=CommandStatus.CANCELLED, answered_at=timezone.now(), answer="Taken back before it was sent.")
    changed([command.charge_point_id], "commands", "actions", "row")
    return bool(moved)
