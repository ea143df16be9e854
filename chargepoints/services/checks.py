"""Run a check: a command of its own without a frame, whose steps are commands. It ends with a verdict.

Every move is made under the lock of the charger's connection row, so that its facts stand still until the commit.
"""

from dataclasses import asdict
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from chargepoints import sql
from chargepoints.checking import Ask, Next, Step, is_asked, next_step
from chargepoints.choices import OPEN_COMMAND_STATUSES, CommandStatus, Effect, Registration
from chargepoints.models import Charge, Command
from chargepoints.selectors.checks import (
    CHECK,
    can_trigger,
    charges_stale,
    check_found,
    check_running,
    check_steps,
    connector_numbers,
    connectors_heard,
    is_linked,
    step_of,
)
from chargepoints.services.changes import changed
from chargepoints.services.command_records import command_record
from chargepoints.services.dispatches import dispatched
from chargepoints.services.kept import SEND_WITHIN
from chargepoints.services.locks import charge_points_locked
from chargepoints.services.lost_stops import CHECKED, charges_close_lost
from chargepoints.services.profiles import profiles_ended
from chargepoints.services.states import states_refresh
from chargepoints.verdicts import Verdict, verdict_of
from hub.audit.records import Actor

# A status that was promised comes within this (s), or the check goes on without it.
_PATIENCE = 20
# What takes longer is concluded with what there is; the row itself lasts a little longer.
_AT_MOST, _ROW_LASTS = timedelta(minutes=3), timedelta(minutes=5)


def check_begin(*, command: Command, actor: Actor | None) -> Command:
    """Begin the check that `command` (not stored yet) asks for, on record; gives the running one instead, if any.

    Of a charger that is offline it gives the verdict at once. Runs in the caller's transaction.
    """
    charge_point = charge_points_locked(pks=[command.charge_point_id])[command.charge_point_id]
    running = check_running(charge_point.pk)
    if running is not None:
        return running
    now = timezone.now()
    command.charge_point = charge_point
    command.status, command.created_at, command.dispatched_at, command.sent_at = CommandStatus.SENT, now, now, now
    command.expires_at = now + _ROW_LASTS
    link = charge_point.connection
    command.sent_generation = link.generation if link.is_connected else None
    command.save(force_insert=True)
    command_record(command=command, actor=actor)
    changed([charge_point.pk], "commands", "actions", "row")
    _advance(command)
    return command


# Those that wait for an answer are woken by it.
_DUE = """
SELECT m.id FROM chargepoints_command m JOIN chargepoints_connection c ON c.charge_point_id = m.charge_point_id
WHERE m.kind = 'check' AND m.status = 'sent' AND (
    NOT c.is_connected OR c.generation IS DISTINCT FROM m.sent_generation OR m.created_at <= %s
    OR NOT EXISTS (SELECT FROM chargepoints_command s
        WHERE s.parent_id = m.id AND s.status IN ('queued', 'dispatched', 'sent')))
ORDER BY m.created_at LIMIT 100
"""


def checks_advance() -> None:
    """Once a second: the checks that can go on, a hundred at most; each in a transaction of its own."""
    for (pk,) in sql.rows(_DUE, timezone.now() - _AT_MOST):
        check_advance(check_id=pk)


@transaction.atomic
def check_advance(*, check_id: UUID) -> None:
    """Make the next step of a check, or conclude it; nothing while it waits for its charger."""
    place = Command.objects.filter(pk=check_id).values_list("charge_point", flat=True).first()
    if place is None:
        return
    charge_point = charge_points_locked(pks=[place])[place]
    check = Command.objects.select_for_update().filter(pk=check_id, kind=CHECK, status=CommandStatus.SENT).first()
    if check is not None:
        check.charge_point = charge_point
        _advance(check)


def _advance(check: Command) -> None:
    now = timezone.now()
    steps = check_steps(check)
    over = now - check.created_at >= _AT_MOST
    if over or not is_linked(check) or check.charge_point.registration_told == Registration.REJECTED:
        _conclude(check, steps, now)
        return
    numbers, triggers = connector_numbers(check.charge_point), can_trigger(check.charge_point)
    plan = [step_of(step) for step in steps]
    following = next_step(numbers=numbers, steps=plan, can_trigger=triggers)
    if following is not None:
        _ask(check, following, now)
    elif is_asked(numbers=numbers, steps=plan, can_trigger=triggers) and not _waits(check, steps, plan, now):
        _conclude(check, steps, now)


def _waits(check: Command, steps: list[Command], plan: list[Step], now: datetime) -> bool:
    """Whether a status that the charger has promised may still come."""
    patience = timedelta(seconds=_PATIENCE * settings.EFFECT_TIMEOUT_SCALE)
    told = [step for step, planned in zip(steps, plan, strict=True) if planned.ask is Ask.STATUS]
    promised = [step for step in told if step.status == CommandStatus.ACCEPTED]
    last = max((step.answered_at for step in promised if step.answered_at), default=None)
    if last is None or now - last >= patience:
        return False
    return not {step.connector_number for step in promised} <= connectors_heard(check)


def _ask(check: Command, following: Next, now: datetime) -> None:
    """One more call, in the name of who asked for the check; what is on record is the check."""
    kind = "read_configuration" if following.ask is Ask.SETTING else "trigger"
    parameters: dict[str, object] = {"message": str(following.ask), "connector": following.connector}
    if following.ask is Ask.SETTING:
        parameters = {"keys": [str(following.ask)]}
    step = Command.objects.create(
        charge_point=check.charge_point,
        kind=kind,
        parameters=parameters,
        connector_number=following.connector,
        parent=check,
        author_id=check.author_id,
        author_name=check.author_name,
        author_address=check.author_address,
        reason="A step of a check.",
        created_at=now,
        expires_at=now + SEND_WITHIN,
    )
    dispatched(step.pk)


def _conclude(check: Command, steps: list[Command], now: datetime) -> None:
    left = [step.pk for step in steps if step.status in {CommandStatus.QUEUED, CommandStatus.DISPATCHED}]
    Command.objects.filter(pk__in=left, status__in=OPEN_COMMAND_STATUSES[:2]).update(
        status=CommandStatus.CANCELLED, answered_at=now, answer="The check has ended."
    )
    closed = _close(check, now) if is_linked(check) else []
    _store(check, verdict_of(check_found(check, check_steps(check), closed, now)), now)
    changed([check.charge_point_id], "commands", "actions", "row", "connectors")


def _close(check: Command, now: datetime) -> list[Charge]:
    """Close the charges that cannot run any more, as a further start on their connector would."""
    stale = charges_stale(check, connectors_heard(check), now)
    connectors = [charge.connector_id for charge in stale if charge.connector_id is not None]
    if connectors:
        charges_close_lost(connector_ids=connectors, at=now, why=CHECKED)
        profiles_ended(transactions=[(charge.charge_point_id, charge.transaction_id) for charge in stale])
        states_refresh(charge_point_ids=[check.charge_point_id])
        changed([check.charge_point_id], "power")
    return stale


def _store(check: Command, verdict: Verdict, now: datetime) -> None:
    told = asdict(verdict)
    check.status, check.answered_at = CommandStatus.ACCEPTED, now
    check.answer = "Nothing is wrong" if verdict.is_sound else "Something is wrong"
    check.effect, check.effect_at = (Effect.SEEN if verdict.is_sound else Effect.MISSING), now
    check.effect_text = verdict.sentence
    check.result = told | {"evidence": list(verdict.evidence), "repaired": list(verdict.repaired)}
    check.save(update_fields=["status", "answered_at", "answer", "effect", "effect_at", "effect_text", "result"])
