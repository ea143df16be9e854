"""Seeing that a command had its effect: a boot after a reboot, a charge after a start, an end after a stop."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from chargepoints import sql
from chargepoints.actions import ACTIONS
from chargepoints.choices import CommandStatus, Effect
from chargepoints.models import Charge, Command
from chargepoints.services.changes import changed

# An effect that comes late is still the truth; after this it is somebody else's doing.
EFFECT_WINDOW = timedelta(minutes=15)

_SEEN = """
UPDATE chargepoints_command m SET effect = 'seen', effect_at = %s, effect_text = %s
WHERE m.charge_point_id = ANY(%s) AND m.kind = %s AND m.effect IN ('', 'awaited', 'missing')
  AND m.status IN ('sent', 'accepted', 'expired') AND m.sent_at > %s
  AND (%s::text IS NULL OR m.parameters ->> 'message' = %s)
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
    moved = sql.rows(_SEEN, at, words, ids, kind, at - EFFECT_WINDOW, message, message)
    changed({row[0] for row in moved}, "commands", "actions", "row")


def effects_seen_started(*, charges: Sequence[Charge]) -> None:
    """Bind charges to the start commands that caused them: same charger, connector and key (CSMS.md 4.3, 15)."""
    commands = list(
        Command.objects.filter(
            charge_point__in=[charge.charge_point_id for charge in charges],
            kind="start",
            effect__in=[Effect.NONE, Effect.AWAITED, Effect.MISSING],
            status__in=[CommandStatus.SENT, CommandStatus.ACCEPTED, CommandStatus.EXPIRED],
            sent_at__gt=timezone.now() - EFFECT_WINDOW,
        ).order_by("-created_at")
    )
    for charge in charges if commands else ():
        number = charge.connector.number if charge.connector else None
        for command in commands:
            tag = str(command.parameters.get("id_tag", ""))
            if (command.charge_point_id, command.connector_number) == (charge.charge_point_id, number) and (
                tag.lower() == charge.id_tag.lower()
            ):
                _bound(command, charge)
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
    if not charge_ids:
        return
    commands = Command.objects.filter(
        charge__in=charge_ids,
        kind="stop",
        effect__in=[Effect.NONE, Effect.AWAITED, Effect.MISSING],
        status__in=[CommandStatus.SENT, CommandStatus.ACCEPTED, CommandStatus.EXPIRED],
    )
    ids = list(commands.values_list("charge_point_id", flat=True))
    commands.update(effect=Effect.SEEN, effect_at=timezone.now(), effect_text=ACTIONS["stop"].proof_words)
    changed(ids, "commands", "actions", "row")
