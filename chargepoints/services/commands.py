"""The life of a command: queued, dispatched, sent, answered, effect seen. Every move is a compare-and-set."""

from collections.abc import Sequence
from copy import deepcopy
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from chargepoints import sql
from chargepoints.action import Action, Proof
from chargepoints.actions import ACTIONS, TRIGGERS
from chargepoints.choices import KEPT_COMMAND_STATUSES, OPEN_CHARGE_STATES, CommandStatus, Effect, Integration
from chargepoints.exceptions import ActionRefused
from chargepoints.models import Charge, ChargePoint, Command
from chargepoints.moments import moment_read
from chargepoints.offers import NOTHING, why_not
from chargepoints.reports import CommandAnswer
from chargepoints.selectors.capabilities import profiles_of
from chargepoints.services.binds import BINDS
from chargepoints.services.changes import changed
from chargepoints.services.checks import check_begin
from chargepoints.services.command_records import command_record
from chargepoints.services.dispatches import dispatched
from chargepoints.services.kept import kept_status
from chargepoints.services.security_commands import security_bind
from chargepoints.services.transfers import transfers_close
from hub.audit.records import Actor
from hub.queue import enqueue_on_commit
from hub.teams.choices import RIGHTS, Role
from hub.teams.models import ApiKey, User


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
    not_before: datetime | None = None,
    keep_until: datetime | None = None,
    parent: Command | None = None,
    api_key: ApiKey | None = None,
) -> Command:
    """Queue a remote action, on record. The caller has checked the person's right; here the facts are checked.

    Raises ActionRefused with a sentence for the operator when the charger is offline or the action cannot fit.
    `not_before` schedules it; with `keep_until` it waits for a charger that is offline (`services.kept`).
    `parameters`: reboot {"type": "Soft" | "Hard"}, start {"connector": int, "id_tag": str}, stop {"charge": pk},
    unlock {"connector": int}, trigger {"message": str, "connector": int | None}; the others tell theirs in the
    functions of `services.binds` and in `security_commands`. A check {} gives the one that runs already, if any.
    """
    now = timezone.now()
    charge_point = ChargePoint.objects.select_related("connection", "site__team").get(pk=charge_point.pk)
    if (action := ACTIONS.get(kind)) is None:
        raise ActionRefused(f"There is no remote action called {kind!r}.")
    status, expires_at = kept_status(
        action=action, charge_point=charge_point, now=now, not_before=not_before, keep_until=keep_until
    )
    command_check(charge_point=charge_point, action=action, is_kept=status in KEPT_COMMAND_STATUSES)
    given = deepcopy(parameters)
    command = Command(
        charge_point=charge_point,
        kind=kind,
        parameters=parameters,
        author=author,
        api_key=api_key,
        author_name=author_name or _named(author, api_key),
        author_address=author_address,
        reason=reason,
        parent=parent,
        created_at=now,
        status=status,
        not_before=not_before,
        keep_until=keep_until,
        expires_at=expires_at,
    )
    if action.proof is Proof.VERDICT:
        return check_begin(command=command, actor=actor)
    command_bind(command)
    if status in KEPT_COMMAND_STATUSES:
        _as_given(command, given)
    command.save(force_insert=True)
    command_record(command=command, actor=actor)
    # In this transaction, when the charger's gateway is known: a worker would only read the same row, and be later.
    if status == CommandStatus.QUEUED and not (settings.COMMANDS_DIRECT and dispatched(command.pk)):
        enqueue_on_commit("commands.dispatch", str(command.pk))
    changed([charge_point.pk], "commands", "actions", "row")
    return command


def _named(author: User | None, api_key: ApiKey | None) -> str:
    return f"API key {api_key.name}" if api_key else str(author or "Hub")


def command_check(*, charge_point: ChargePoint, action: Action, is_kept: bool = False) -> None:
    """Raise ActionRefused when the facts forbid `action` now; one that is kept does not need the connection."""
    open_charges = Charge.objects.filter(charge_point=charge_point, state__in=OPEN_CHARGE_STATES).count()
    integration = Integration(charge_point.integration)
    if is_kept and integration != Integration.NO_INTEGRATION:
        integration = Integration.CONNECTED
    if is_kept and not charge_point.may_connect:
        raise ActionRefused("The charger is deactivated. Activate it first.")
    known = profiles_of(charge_point) if action.profile else NOTHING
    refusal = why_not(action, integration, open_charges, RIGHTS[Role.ADMIN], charge_point.registration_told, known)
    if refusal:
        raise ActionRefused(refusal)


def _as_given(command: Command, given: dict[str, object]) -> None:
    """What is kept is checked now and made ready when its time has come, from what is true then."""
    if command.charge is not None:
        raise ActionRefused("It is about the charge that runs now: it is sent now or not at all.")
    command.parameters, command.request_id = given, None


def command_bind(command: Command) -> None:
    """Check the parameters and tie the command to its connector and charge; raises ActionRefused."""
    parameters = command.parameters
    if command.kind == "reboot" and parameters.get("type") not in {"Soft", "Hard"}:
        raise ActionRefused("A reboot is soft or hard.", field="type")
    if command.kind == "trigger" and parameters.get("message") not in TRIGGERS:
        raise ActionRefused("This message cannot be asked for.", field="message")
    if command.kind == "start" and not str(parameters.get("id_tag") or "").strip():
        raise ActionRefused("Choose a key: the charger needs one to start a charge.", field="id_tag")
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
            raise ActionRefused(f"{command.charge_point} has no connector {number}.", field="connector")
        command.connector_number = int(str(number))
    if check := BINDS.get(command.kind):
        check(command=command)


_REFUSED = (CommandStatus.REJECTED, CommandStatus.FAILED)
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
        # A charger that said no fetches and brings nothing. Silence is no answer: it may have understood.
        if ACTIONS[command.kind].proof is Proof.JOB and answer.outcome in _REFUSED:
            transfers_close(command_ids=[command.pk], at=answer.at)
        if command.parent_id is not None:
            enqueue_on_commit("commands.check", str(command.parent_id))
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
# What was not sent goes back to those that wait for their charger, when it may.
_OVERDUE = """
UPDATE chargepoints_command SET
    status = CASE WHEN status <> 'sent' AND keep_until > now() THEN 'waiting' ELSE 'expired' END,
    expires_at = CASE WHEN status <> 'sent' AND keep_until > now() THEN keep_until ELSE expires_at END,
    answered_at = CASE WHEN status <> 'sent' AND keep_until > now() THEN NULL ELSE clock_timestamp() END,
    answer = CASE WHEN status = 'sent' THEN 'No answer: the connection ended.'
        WHEN keep_until > now() THEN '' ELSE 'It could not be sent in time.' END
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
