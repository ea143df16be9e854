"""Seeing that a command had its effect: a boot after a reboot, a charge after a start, an end after a stop."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from chargepoints import sql
from chargepoints.actions import ACTIONS
from chargepoints.choices import Effect
from chargepoints.models import Charge, Command
from chargepoints.reports import Start
from chargepoints.services.changes import changed
from hub.queue import enqueue_on_commit

# An effect that comes late is still the truth; after this it is somebody else's doing.
EFFECT_WINDOW = timedelta(minutes=15)
# What was sent within that window was made within this one, unless it was kept: a command waits half a minute at most.
MADE_WITHIN = EFFECT_WINDOW + timedelta(minutes=5)

# By index: what was made shortly before, and what was kept until then, however long.
_SEEN = """
UPDATE chargepoints_command m SET effect = 'seen', effect_at = %s, effect_text = %s
WHERE m.id IN (
    SELECT n.id FROM chargepoints_command n WHERE n.charge_point_id = ANY(%s) AND n.created_at > %s
        AND n.kind = %s AND n.status IN ('sent', 'accepted', 'expired') AND n.sent_at > %s
        AND n.effect IN ('', 'awaited', 'missing') AND (%s::text IS NULL OR n.parameters ->> 'message' = %s)
    UNION ALL
    SELECT k.id FROM chargepoints_command k WHERE k.charge_point_id = ANY(%s) AND k.sent_at > %s
        AND (k.not_before IS NOT NULL OR k.keep_until IS NOT NULL)
        AND k.kind = %s AND k.status IN ('sent', 'accepted', 'expired')
        AND k.effect IN ('', 'awaited', 'missing') AND (%s::text IS NULL OR k.parameters ->> 'message' = %s))
  AND m.effect IN ('', 'awaited', 'missing')
RETURNING m.charge_point_id, m.parent_id
"""


# Most starts and stops were not asked for by anybody here: the ORM is troubled for the others only.
_STARTS = """
SELECT m.id FROM chargepoints_command m WHERE m.charge_point_id = ANY(%s) AND m.kind = 'start'
    AND m.effect IN ('', 'awaited', 'missing') AND m.status IN ('sent', 'accepted', 'expired')
    AND m.sent_at > %s AND m.created_at > %s
"""

_STOPPED = """
UPDATE chargepoints_command m SET effect = 'seen', effect_at = clock_timestamp(), effect_text = %s
WHERE m.charge_id = ANY(%s) AND m.kind = 'stop' AND m.effect IN ('', 'awaited', 'missing')
    AND m.status IN ('sent', 'accepted', 'expired')
RETURNING m.charge_point_id
"""


def effects_seen_boot(*, charge_point_ids: Iterable[int], at: datetime) -> None:
    """A BootNotification proves every reboot that was sent to these charge points shortly before."""
    _seen("reboot", charge_point_ids, at)


def effects_seen_message(*, charge_point_ids: Iterable[int], action: str, at: datetime) -> None:
    """A message proves the trigger that asked for it."""
    ids = sorted(set(charge_point_ids))
    _seen("trigger", ids, at, message=action)
    _seen("extended_trigger", ids, at, message=action)


def _seen(kind: str, charge_point_ids: Iterable[int], at: datetime, message: str | None = None) -> None:
    words = ACTIONS[kind].proof_words
    ids = sorted(set(charge_point_ids))
    since = at - EFFECT_WINDOW
    recent = (ids, at - MADE_WITHIN, kind, since, message, message)
    moved = sql.rows(_SEEN, at, words, *recent, ids, since, kind, message, message)
    changed({row[0] for row in moved}, "commands", "actions", "row")
    for check in {row[1] for row in moved if row[1] is not None}:
        enqueue_on_commit("commands.check", str(check))


def effects_seen_started(*, started: Mapping[tuple[int, str], Start]) -> None:
    """Bind charges to the start commands that caused them: same charger, connector and key (CSMS.md 4.3, 15).

    `started` are the starts by charge point and transaction id.
    """
    now = timezone.now()
    found = sql.rows(_STARTS, [pk for pk, _ in started], now - EFFECT_WINDOW, now - MADE_WITHIN)
    if not found:
        return
    commands = list(Command.objects.filter(pk__in=[row[0] for row in found]).order_by("-created_at"))
    for (_, transaction_id), start in started.items():
        for command in commands:
            tag = str(command.parameters.get("id_tag", ""))
            place = (start.charge_point_id, start.connector_number)
            if (command.charge_point_id, command.connector_number) == place and tag.lower() == start.id_tag.lower():
                _bound(command, Charge.objects.get(charge_point=command.charge_point_id, transaction_id=transaction_id))
                commands.remove(command)
                break


def _bound(command: Command, charge: Charge) -> None:
    charge.start_command = command
    charge.save(update_fields=["start_command"])
    command.charge = charge
    command.effect, command.effect_at = Effect.SEEN, charge.start_received_at
    command.effect_text = f"Charge {charge.transaction_id} started"
    command.save(update_fields=["charge", "effect", "effect_at", "effect_text"])
    changed([charge.charge_point_id], "commands", "actions", "row")


def effects_seen_stopped(*, charge_ids: Sequence[int]) -> None:
    """A charge that ended proves the stop commands for it."""
    if charge_ids:
        rows = sql.rows(_STOPPED, ACTIONS["stop"].proof_words, list(charge_ids))
        changed({row[0] for row in rows}, "commands", "actions", "row")
