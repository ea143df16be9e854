"""The way of a command to its charger: queued, dispatched to the gateway of its socket, claimed and sent."""

import json
from functools import partial
from uuid import UUID

from django.db import transaction

from chargepoints import sql
from chargepoints.action_choices import TransferKind
from chargepoints.models import FirmwareFile
from chargepoints.moments import moment_read
from chargepoints.reports import ClaimedCommand
from chargepoints.services.changes import changed
from chargepoints.services.credentials import password_stage
from chargepoints.services.transfers import transfer_stage
from hub import bus

_DISPATCH = """
UPDATE chargepoints_command m SET status = 'dispatched', dispatched_at = clock_timestamp()
FROM chargepoints_connection c
WHERE m.id = %s AND m.status = 'queued' AND m.expires_at > clock_timestamp()
  AND c.charge_point_id = m.charge_point_id AND c.is_connected
RETURNING m.charge_point_id, c.gateway
"""

# What was not sent goes back to those that wait, when it may.
_NOT_CONNECTED = """
UPDATE chargepoints_command m SET
    status = CASE WHEN m.keep_until > now() THEN 'waiting' ELSE 'failed' END,
    expires_at = CASE WHEN m.keep_until > now() THEN m.keep_until ELSE m.expires_at END,
    answered_at = CASE WHEN m.keep_until > now() THEN NULL ELSE clock_timestamp() END,
    answer = CASE WHEN m.keep_until > now() THEN '' ELSE 'The charger went offline before this could be sent.' END
FROM chargepoints_connection c
WHERE m.id = %s AND m.status = 'queued' AND c.charge_point_id = m.charge_point_id AND NOT c.is_connected
RETURNING m.charge_point_id
"""


@transaction.atomic
def command_dispatch(*, command_id: UUID) -> None:
    """Hand a queued command to the gateway process that owns the charger's socket, by a wake-up.

    The row says everything; a wake-up that gets lost is made up for by the gateway's own sweep.
    """
    if not dispatched(command_id):
        failed = sql.rows(_NOT_CONNECTED, command_id)
        changed([row[0] for row in failed], "commands", "actions", "row")


def dispatched(command_id: UUID) -> bool:
    """Whether it was queued and its charger is connected: then its gateway is woken after the commit."""
    found = sql.rows(_DISPATCH, command_id)
    for charge_point_id, gateway in found:
        message = (bus.gateway_channel(gateway), {"charge_points": [charge_point_id]})
        transaction.on_commit(partial(bus.publish, [message]), robust=True)
        changed([charge_point_id], "commands")
    return bool(found)


# Credentials in addresses go out with this claim and are not kept (SPEC section 4).
# Workers dispatch side by side: an older command that is still with one of them comes first.
# One command a charger, the oldest first, and only for the connection that is current: the generation is the fence.
_CLAIM = """
UPDATE chargepoints_command m SET status = 'sent', sent_at = clock_timestamp(), sent_generation = o.generation,
    expires_at = clock_timestamp() + make_interval(secs => %s),
    parameters = regexp_replace(o.parameters::text, '://[^/@"[:space:]]+@', '://(hidden)@', 'g')::jsonb
FROM (
    SELECT DISTINCT ON (d.charge_point_id) d.id, w.generation, d.parameters
    FROM chargepoints_command d
    JOIN unnest(%s::bigint[], %s::bigint[]) AS w (id, generation) ON w.id = d.charge_point_id
    JOIN chargepoints_connection c ON c.charge_point_id = d.charge_point_id AND c.generation = w.generation
    WHERE d.status = 'dispatched' AND d.expires_at > clock_timestamp() AND NOT EXISTS (
        SELECT FROM chargepoints_command q WHERE q.charge_point_id = d.charge_point_id AND q.status = 'queued'
        AND q.created_at < d.created_at AND q.expires_at > clock_timestamp())
    ORDER BY d.charge_point_id, d.created_at, d.id
) o
WHERE m.id = o.id AND m.status = 'dispatched'
RETURNING m.id, m.charge_point_id, m.kind, o.parameters
"""


@transaction.atomic
def commands_claim(*, generations: dict[int, int], answer_timeout: float) -> list[ClaimedCommand]:
    """Mark the next waiting command of each charge point as sent and return it; the caller must send it now.

    `generations` maps the charge points whose turn is free to the generation of their connection. Marked before it
    is sent: after a crash in between it ends as "no answer" and is never sent twice.
    """
    if not generations:
        return []
    # Five seconds more than the gateway waits: it answers for its own time-outs unless it died.
    found = sql.rows(_CLAIM, answer_timeout + 5, list(generations), list(generations.values()))
    changed([row[1] for row in found], "commands")
    # Their charge points are locked in one order where a secret is made.
    ordered = sorted(found, key=lambda row: int(row[1]))
    return [_claimed(*row) for row in ordered]


def _claimed(command_id: UUID, charge_point_id: int, kind: str, parameters: object) -> ClaimedCommand:
    given = _json(parameters)
    given |= _secret(command_id, charge_point_id, kind, given)
    return ClaimedCommand(command_id, charge_point_id, kind, given)


def _secret(command_id: UUID, charge_point_id: int, kind: str, given: dict[str, object]) -> dict[str, object]:
    """What goes to the charger and is stored nowhere; it is good from the commit of the claim on (CSMS.md 2.2).

    A new password; the one-time address of a file of ours ("firmware": its id), or for an upload to us ("own": true).
    """
    if kind == "rotate_password":
        return {"password": password_stage(charge_point_id=charge_point_id)}
    if kind in {"firmware", "signed_firmware"} and given.get("firmware"):
        file = FirmwareFile.objects.get(pk=str(given["firmware"]))
        begins = moment_read(given.get("retrieve_at"))
        location = transfer_stage(
            command_id=command_id,
            charge_point_id=charge_point_id,
            kind=TransferKind.FIRMWARE,
            firmware=file,
            begins=begins,
        )
        return {"location": location, "signature": file.signature, "certificate": file.certificate}
    if kind in {"diagnostics", "log_upload"} and given.get("own"):
        kind_of_file = TransferKind.DIAGNOSTICS
        location = transfer_stage(command_id=command_id, charge_point_id=charge_point_id, kind=kind_of_file)
        return {"location": location}
    return {}


def _json(value: object) -> dict[str, object]:
    """jsonb as Django's connection delivers it: text."""
    loaded = json.loads(value) if isinstance(value, str) else value
    return loaded if isinstance(loaded, dict) else {}


_WAITING = """
SELECT DISTINCT m.charge_point_id FROM chargepoints_command m
JOIN chargepoints_connection c ON c.charge_point_id = m.charge_point_id
WHERE m.status = 'dispatched' AND c.gateway = %s AND m.expires_at > clock_timestamp()
"""


def commands_waiting(*, gateway: str) -> list[int]:
    """Charge points of this gateway process for which commands wait: the sweep that heals lost wake-ups."""
    return [row[0] for row in sql.rows(_WAITING, gateway)]
