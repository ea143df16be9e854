"""A command for many charge points: made, stopped, set going again. What moves it is `services.batch_runs`."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from chargepoints.action_choices import BatchRowState, BatchState
from chargepoints.actions import ACTIONS
from chargepoints.exceptions import ActionRefused
from chargepoints.models import BatchRow, CommandBatch, FirmwareFile
from chargepoints.pacing import Pace
from chargepoints.selectors.batches import batch_again
from chargepoints.services.batch_outcomes import TAKEN_BACK, row_end
from chargepoints.services.kept import AHEAD_AT_MOST, KEPT_AT_MOST
from chargepoints.services.releases import command_cancel
from chargepoints.withheld import tellable
from hub.audit.records import Actor, audit_record
from hub.teams.models import ApiKey, Organisation, User

MOST_ROWS = 10_000
NOT_SENT = "Stopped before it was sent."


@transaction.atomic
def batch_create(
    *,
    organisation: Organisation,
    kind: str,
    parameters: dict[str, object],
    charge_points: Sequence[int],
    left_out: Mapping[int, str],
    pace: Pace,
    author: User | ApiKey,
    author_address: str = "",
    reason: str = "",
    firmware: FirmwareFile | None = None,
) -> CommandBatch:
    """Store a batch, on record; it begins within a second, or at `pace.not_before`.

    `charge_points` are ids in the order in which they go, `left_out` others with the reason. The caller has checked
    the person's right on each; it is checked again when the turn of each has come. Raises ActionRefused.
    """
    now = timezone.now()
    _check(kind, charge_points, pace, now, firmware)
    is_later = pace.not_before is not None and pace.not_before > now
    batch = CommandBatch.objects.create(
        organisation=organisation,
        kind=kind,
        parameters=parameters,
        firmware=firmware,
        state=BatchState.SCHEDULED if is_later else BatchState.RUNNING,
        author=author if isinstance(author, User) else None,
        api_key=author if isinstance(author, ApiKey) else None,
        author_name=str(author)[:150],
        author_address=author_address,
        reason=reason,
        created_at=now,
        **asdict(pace),
    )
    _rows(batch, charge_points, left_out, pace, pace.not_before if is_later and pace.not_before else now)
    told = tellable(parameters)
    audit_record(
        actor=Actor.of(author, author_address),
        act="created",
        obj=batch,
        place=batch.place,
        after={
            "command": ACTIONS[kind].label,
            "charge_points": len(charge_points),
            "left_out": len(left_out),
            "parameters": told,
            "pace": {name: value for name, value in asdict(pace).items() if value},
        },
        reason=reason,
    )
    return batch


def _check(kind: str, charge_points: Sequence[int], pace: Pace, now: datetime, firmware: FirmwareFile | None) -> None:
    action = ACTIONS.get(kind)
    if action is None or not (action.in_bulk or firmware):
        raise ActionRefused("This is not done for many chargers at once.")
    if not charge_points:
        raise ActionRefused("No charger is left to send it to.")
    if len(charge_points) > MOST_ROWS:
        raise ActionRefused(f"At most {MOST_ROWS:,} chargers at once.")
    if pace.keep_s and (not action.can_wait or timedelta(seconds=pace.keep_s) > KEPT_AT_MOST):
        raise ActionRefused(f"{action.label} cannot wait that long for chargers that are offline.")
    if pace.not_before is not None and pace.not_before > now + AHEAD_AT_MOST:
        raise ActionRefused(f"It can be planned {AHEAD_AT_MOST.days} days ahead at most.")


def _rows(
    batch: CommandBatch, charge_points: Sequence[int], left_out: Mapping[int, str], pace: Pace, begin: datetime
) -> None:
    rows = [
        BatchRow(batch=batch, charge_point_id=pk, position=position, due_at=_jittered(begin, pace))
        for position, pk in enumerate(charge_points, 1)
    ]
    rows += [
        BatchRow(
            batch=batch,
            charge_point_id=pk,
            position=position,
            state=BatchRowState.LEFT_OUT,
            why=why[:255],
            ended_at=batch.created_at,
        )
        for position, (pk, why) in enumerate(left_out.items(), len(rows) + 1)
    ]
    BatchRow.objects.bulk_create(rows, batch_size=1000)


def _jittered(begin: datetime, pace: Pace) -> datetime | None:
    if not pace.jitter_s:
        return None
    return begin + timedelta(seconds=random.uniform(0, pace.jitter_s))  # noqa: S311 - it spreads load, it guards nothing


def _locked(batch: CommandBatch, *states: BatchState) -> CommandBatch:
    """The batch as it is now, locked against the workers. Raises ActionRefused when it is in none of these states."""
    found = CommandBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    if found.state not in states:
        raise ActionRefused(f"It is {found.get_state_display().lower()} already.")
    return found


@transaction.atomic
def batch_stop(*, batch: CommandBatch, actor: Actor, reason: str = "") -> tuple[int, int]:
    """Begin nothing more, and take back what was not sent yet; what was sent is followed to its end.

    Returns how many were stopped and how many go on. Raises ActionRefused when it has ended already.
    """
    found = _locked(batch, BatchState.SCHEDULED, BatchState.RUNNING, BatchState.HALTED)
    now, before = timezone.now(), found.state
    stopped = found.rows.filter(state=BatchRowState.WAITING).update(
        state=BatchRowState.STOPPED, why=NOT_SENT, ended_at=now
    )
    for row in found.rows.filter(state=BatchRowState.RUNNING).select_related("command"):
        if row.command is not None and command_cancel(command=row.command):
            row_end(row, BatchRowState.STOPPED, TAKEN_BACK, now)
            stopped += 1
    going = found.rows.filter(state__in=[BatchRowState.RUNNING, BatchRowState.WATCHED]).count()
    found.state, found.ended_at = BatchState.STOPPED, None if going else now
    found.state_why = f"Stopped by {actor.name}{': ' + reason if reason else ''}."[:255]
    found.save(update_fields=["state", "state_why", "ended_at"])
    told = {"state": found.state, "not_sent": stopped, "sent_and_followed": going}
    audit_record(
        actor=actor, act="stopped", obj=found, place=found.place, before={"state": before}, after=told, reason=reason
    )
    return stopped, going


@transaction.atomic
def batch_retry(*, batch: CommandBatch, actor: Actor, reason: str = "") -> int:
    """Try again what has failed, and what could not begin at its turn; returns how many chargers that are.

    Those that were left out from the start stay so. A halted batch is resumed instead. Raises ActionRefused.
    """
    found = _locked(batch, BatchState.RUNNING, BatchState.STOPPED, BatchState.FINISHED)
    number = batch_again(found).update(state=BatchRowState.WAITING, why="", due_at=None, ended_at=None)
    if not number:
        raise ActionRefused("Nothing has failed.")
    _go_on(found, actor, "repeated", {"charge_points": number}, reason)
    return number


@transaction.atomic
def batch_resume(*, batch: CommandBatch, actor: Actor, reason: str) -> None:
    """Let a halted batch go on: what has failed so far halts it no more. Raises ActionRefused without a reason."""
    if not reason.strip():
        raise ActionRefused("Say why it may go on.")
    found = _locked(batch, BatchState.HALTED)
    _go_on(found, actor, "resumed", {"after": found.state_why}, reason.strip())


def _go_on(found: CommandBatch, actor: Actor, act: str, told: dict[str, object], reason: str) -> None:
    before = found.state
    found.state, found.state_why, found.ended_at = BatchState.RUNNING, "", None
    found.resumed_at = timezone.now()
    found.save(update_fields=["state", "state_why", "ended_at", "resumed_at"])
    audit_record(
        actor=actor,
        act=act,
        obj=found,
        place=found.place,
        before={"state": before},
        after={"state": found.state, **told},
        reason=reason[:200],
    )
