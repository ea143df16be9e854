"""The life of a command: queued, dispatched, sent, answered, effect seen. Every move is a compare-and-set."""

import json
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from chargepoints import sql
from chargepoints.actions import ACTIONS, Proof
from chargepoints.choices import OPEN_CHARGE_STATES, CommandStatus, Effect, Integration
from chargepoints.exceptions import ActionRefused
from chargepoints.models import Charge, ChargePoint, Command
from chargepoints.moments import moment_read
from chargepoints.offers import why_not
from chargepoints.reports import ClaimedCommand, CommandAnswer
from chargepoints.services.binds import BINDS
from chargepoints.services.changes import changed
from chargepoints.services.command_records import command_record
from chargepoints.services.credentials import password_stage
from chargepoints.services.security_commands import security_bind
from hub import bus
from hub.audit.records import Actor
from hub.queue import enqueue_on_commit
from hub.teams.choices import RIGHTS, Role
from hub.teams.models import User

# A command that was not sent by then is not sent at all: what an operator meant now may be wrong in five minutes.
SEND_WITHIN = timedelta(seconds=30)


@transaction.atomic
def command_create(
    *,
    charge_point: ChargePoint,
    kind: str,
    parameters: dict[str, object],
    author: User | None,
    author_address: str = "",
    author_name: str = "",
    reason: str = "",
    actor: Actor | None = None,
) -> Command:
    """Queue a remote action, on record. The caller has checked the person's right; here the facts are checked.

    Raises ActionRefused with a sentence for the operator when the charger is offline or the action cannot fit.
    `parameters`: reboot {"type": "Soft" | "Hard"}, start {"connector": int, "id_tag": str}, stop {"charge": pk},
    unlock {"connector": int}, trigger {"message": str, "connector": int | None}; the others tell theirs in the
    functions of `services.binds` and in `security_commands`.
    """
    now = timezone.now()
    charge_point = ChargePoint.objects.select_related("connection", "site__team").get(pk=charge_point.pk)
    action = ACTIONS.get(kind)
    if action is None:
        raise ActionRefused(f"There is no remote action called {kind!r}.")
    charges = Charge.objects.filter(charge_point=charge_point, state__in=OPEN_CHARGE_STATES)
    told = charge_point.registration_told
    refusal = why_not(action, Integration(charge_point.integration), charges.count(), RIGHTS[Role.ADMIN], told)
    if refusal:
        raise ActionRefused(refusal)
    command = Command(
        charge_point=charge_point,
        kind=kind,
        parameters=parameters,
        author=author,
        author_name=author_name or str(author or "Hub"),
        author_address=author_address,
        reason=reason,
        created_at=now,
        expires_at=now + SEND_WITHIN,
    )
    _bind(command)
    command.save(force_insert=True)
    command_record(command=command, actor=actor)
    # In this transaction, when the charger's gateway is known: a worker would only read the same row, and be later.
    if not (settings.COMMANDS_DIRECT and _dispatched(command.pk)):
        enqueue_on_commit("commands.dispatch", str(command.pk))
    changed([charge_point.pk], "commands", "actions", "row")
    return command


def _bind(command: Command) -> None:
    """Check the parameters and tie the command to its connector and charge; raises ActionRefused."""
    parameters = command.parameters
    if command.kind == "reboot" and parameters.get("type") not in {"Soft", "Hard"}:
        raise ActionRefused("A reboot is soft or hard.")
    if command.kind == "start" and not str(parameters.get("id_tag") or "").strip():
        raise ActionRefused("Choose a key: the charger needs one to start a charge.")
    if command.kind == "stop":
        charge = Charge.objects.filter(
            pk=parameters.get("charge"), charge_point=command.charge_point, state__in=OPEN_CHARGE_STATES
        ).first()
        if charge is None:
            raise ActionRefused("This charge has already ended.")
        command.charge = charge
        parameters["transaction_id"] = charge.transaction_id
        command.connector_number = charge.connector.number if charge.connector else None
    security_bind(command=command)
    number, action = parameters.get("connector"), ACTIONS[command.kind]
    if number is not None or action.needs_connector:
        is_box = action.takes_box and str(number) == "0"
        if not is_box and not command.charge_point.connectors.filter(number=number).exists():
            raise ActionRefused(f"{command.charge_point} has no connector {number}.")
        command.connector_number = int(str(number))
    if check := BINDS.get(command.kind):
        check(command=command)


_DISPATCH = """
UPDATE chargepoints_command m SET status = 'dispatched', dispatched_at = clock_timestamp()
FROM chargepoints_connection c
WHERE m.id = %s AND m.status = 'queued' AND m.expires_at > clock_timestamp()
  AND c.charge_point_id = m.charge_point_id AND c.is_connected
RETURNING m.charge_point_id, c.gateway
"""

_NOT_CONNECTED = """
UPDATE chargepoints_command m SET status = 'failed', answered_at = clock_timestamp(),
    answer = 'The charger went offline before this could be sent.'
FROM chargepoints_connection c
WHERE m.id = %s AND m.status = 'queued' AND c.charge_point_id = m.charge_point_id AND NOT c.is_connected
RETURNING m.charge_point_id
"""


@transaction.atomic
def command_dispatch(*, command_id: UUID) -> None:
    """Hand a queued command to the gateway process that owns the charger's socket, by a wake-up.

    The row says everything; a wake-up that gets lost is made up for by the gateway's own sweep.
    """
    if not _dispatched(command_id):
        failed = sql.rows(_NOT_CONNECTED, command_id)
        changed([row[0] for row in failed], "commands", "actions", "row")


def _dispatched(command_id: UUID) -> bool:
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
    return [ClaimedCommand(row[0], row[1], row[2], _json(row[3]) | _secret(row[1], row[2])) for row in ordered]


def _secret(charge_point_id: int, kind: str) -> dict[str, object]:
    """What goes to the charger and is stored nowhere; it is good from the commit of the claim on (CSMS.md 2.2)."""
    return {"password": password_stage(charge_point_id=charge_point_id)} if kind == "rotate_password" else {}


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


_ANSWERED = ("status", "answered_at", "answer", "result", "effect", "effect_at", "effect_due_at", "effect_text")


def commands_answer(*, answers: Sequence[CommandAnswer]) -> None:
    """Record the answers of chargers (or that there was none) and start waiting for the effects.

    An effect that was seen before its answer stays seen: some chargers reboot first and answer never (QUIRKS 7.9).
    """
    by_id = {answer.command_id: answer for answer in answers}
    commands = Command.objects.select_for_update().filter(pk__in=by_id, status=CommandStatus.SENT).order_by("pk")
    for command in commands:
        answer = by_id[command.pk]
        command.status = answer.outcome
        command.answered_at = answer.at
        command.answer = answer.word[:255]
        command.result = answer.response
        if command.effect != Effect.SEEN:
            _await_effect(command, answer)
        command.save(update_fields=_ANSWERED)
    changed({answer.charge_point_id for answer in answers}, "commands", "actions", "row")


def _await_effect(command: Command, answer: CommandAnswer) -> None:
    action = ACTIONS[command.kind]
    accepted = answer.outcome == CommandStatus.ACCEPTED
    silent = answer.outcome == CommandStatus.EXPIRED and action.proof is Proof.BOOT
    if action.proof is Proof.ANSWER and accepted:
        command.effect, command.effect_at, command.effect_text = Effect.SEEN, answer.at, action.proof_words
    elif accepted or silent:
        seconds = action.proof_seconds * settings.EFFECT_TIMEOUT_SCALE
        begins = max(answer.at, moment_read(command.parameters.get("retrieve_at")) or answer.at)
        command.effect, command.effect_due_at = Effect.AWAITED, begins + timedelta(seconds=seconds)


# What somebody else is just writing is left for the next second: a sweep waits for nobody, and cannot dead-lock.
_OVERDUE = """
UPDATE chargepoints_command SET status = 'expired', answered_at = clock_timestamp(),
    answer = CASE WHEN status = 'sent' THEN 'No answer: the connection ended.' ELSE 'It could not be sent in time.' END
WHERE id IN (SELECT id FROM chargepoints_command
    WHERE status IN ('queued', 'dispatched', 'sent') AND expires_at <= clock_timestamp() FOR UPDATE SKIP LOCKED)
RETURNING charge_point_id
"""

_MISSING = """
UPDATE chargepoints_command SET effect = 'missing', effect_at = clock_timestamp()
WHERE id IN (SELECT id FROM chargepoints_command
    WHERE effect = 'awaited' AND effect_due_at <= clock_timestamp() FOR UPDATE SKIP LOCKED)
RETURNING charge_point_id
"""


@transaction.atomic
def commands_due() -> None:
    """Once a second: what expired, whose effect is missing, and what was queued but never dispatched."""
    overdue = sql.rows(_OVERDUE) + sql.rows(_MISSING)
    changed({row[0] for row in overdue}, "commands", "actions", "row")
    forgotten = Command.objects.filter(
        status=CommandStatus.QUEUED, created_at__lt=timezone.now() - timedelta(seconds=3)
    ).values_list("pk", flat=True)[:500]
    for pk in forgotten:
        enqueue_on_commit("commands.dispatch", str(pk))
