"""What moves batches: each second their rows are judged, and as many begin as the pace allows.

The row says everything and its command is made in the transaction that says so: a worker that dies in the middle has
done nothing. The batch's row is locked meanwhile; a worker that finds it locked leaves it to the one that has it.
"""

import copy
import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import OperationalError, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from chargepoints.action_choices import BatchRowState, BatchState
from chargepoints.actions import ACTIONS, Proof
from chargepoints.choices import OPEN_CHARGE_STATES, Integration
from chargepoints.exceptions import ActionRefused
from chargepoints.models import BatchRow, Charge, CommandBatch
from chargepoints.pacing import Pace, Tally, halt_why, is_finished, is_still, room
from chargepoints.permissions import charge_points_for
from chargepoints.selectors.waves import misfit
from chargepoints.services.batch_outcomes import row_end, rows_settle
from chargepoints.services.commands import command_create
from chargepoints.services.releases import SETTLED_AFTER
from hub.audit.records import HUB, Actor, audit_record

# One transaction is short: other batches and whoever wants to stop this one wait for its end.
MOST_AT_A_TIME = 50
# A check holds the row of its charger's connection, for which the gateway waits, until the commit.
MOST_CHECKS_AT_A_TIME = 5
NOT_BACK = "The charger did not come back in time."
NO_RIGHT = "Whoever began this may not do it here any more."
OUR_FAULT = "Hub itself failed here; its own log says why."
_log = logging.getLogger(__name__)


def batches_advance() -> None:
    """Once a second, by any number of workers: move every batch that has something under way or to begin."""
    moving = CommandBatch.objects.filter(ended_at=None).order_by("created_at")
    for pk in list(moving.values_list("pk", flat=True)):
        try:
            batch_advance(batch_id=pk)
        except Exception:  # one batch that cannot be moved must not hold up the others; the next second tries again
            _log.exception("batch %s", pk)


@transaction.atomic
def batch_advance(*, batch_id: UUID) -> None:
    """Judge what is under way, halt the batch when too much has failed, else begin what the pace allows."""
    waiting = CommandBatch.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=batch_id, ended_at=None)
    batch = waiting.select_related("author", "api_key__member", "firmware").first()
    now = timezone.now()
    if batch is None or (batch.not_before and batch.state == BatchState.SCHEDULED and batch.not_before > now):
        return
    if batch.state == BatchState.SCHEDULED:
        batch.state = BatchState.RUNNING
    rows_settle(batch, now)
    pace, tally = pace_of(batch), tally_of(batch, now)
    if batch.state == BatchState.RUNNING:
        if why := halt_why(pace, tally):
            _halt(batch, why)
        else:
            _begin(batch, room(pace, tally), now)
            tally = tally_of(batch, now)
    if is_finished(tally) and batch.state == BatchState.RUNNING:
        batch.state = BatchState.FINISHED
    if is_still(tally) and batch.state != BatchState.RUNNING:
        batch.ended_at = now
    batch.save(update_fields=["state", "state_why", "ended_at"])


def pace_of(batch: CommandBatch) -> Pace:
    """The pace that was chosen for a batch."""
    return Pace(**{name: getattr(batch, name) for name in Pace.__dataclass_fields__})


def tally_of(batch: CommandBatch, now: datetime) -> Tally:
    """How many of its rows stand where: one query."""
    since = Q(ended_at__gte=batch.resumed_at) if batch.resumed_at else Q()
    ended, failed = Q(state__in=[BatchRowState.DONE, BatchRowState.FAILED]), Q(state=BatchRowState.FAILED)
    counted = {
        name: Count("pk", filter=Q(state=state))
        for name, state in (
            ("waiting", BatchRowState.WAITING),
            ("running", BatchRowState.RUNNING),
            ("watched", BatchRowState.WATCHED),
            ("done", BatchRowState.DONE),
            ("failed", BatchRowState.FAILED),
        )
    }
    counted["recent"] = Count("pk", filter=Q(started_at__gt=now - timedelta(minutes=1)))
    counted["judged"] = Count("pk", filter=ended & since)
    counted["judged_failed"] = Count("pk", filter=failed & since)
    return Tally(**batch.rows.order_by().aggregate(**counted), is_resumed=batch.resumed_at is not None)


def _halt(batch: CommandBatch, why: str) -> None:
    batch.state, batch.state_why = BatchState.HALTED, why
    told = {"state": batch.state, "why": why}
    audit_record(
        actor=HUB, act="halted", obj=batch, place=batch.place, before={"state": BatchState.RUNNING}, after=told
    )


def _begin(batch: CommandBatch, number: int, now: datetime) -> None:
    """Begin so many of the rows that can; those that cannot now are passed over and keep their place."""
    if number <= 0:
        return
    action, person = ACTIONS[batch.kind], batch.author or batch.api_key
    most = MOST_CHECKS_AT_A_TIME if action.proof is Proof.VERDICT else MOST_AT_A_TIME
    rows = list(_ready(batch, now).select_related("charge_point")[: min(number, most)])
    wanted = [row.charge_point_id for row in rows]
    mine = charge_points_for(person, action.right).filter(pk__in=wanted) if person else None
    allowed = set(mine.values_list("pk", flat=True)) if mine is not None else set()
    # Whatever locks several chargers does it in this order.
    for row in sorted(rows, key=lambda each: each.charge_point_id):
        _row_begin(batch, row, now, is_allowed=row.charge_point_id in allowed)


def _ready(batch: CommandBatch, now: datetime) -> QuerySet[BatchRow]:
    rows = batch.rows.filter(Q(due_at=None) | Q(due_at__lte=now), state=BatchRowState.WAITING).order_by("position")
    if batch.skip_busy:
        rows = rows.exclude(Exists(busy()))
    if not batch.keep_s:
        return rows
    back = Q(
        charge_point__integration=Integration.CONNECTED, charge_point__connection__connected_at__lte=now - SETTLED_AFTER
    )
    if kept_until(batch) <= now:
        offline = ~Q(charge_point__integration=Integration.CONNECTED)
        gone = BatchRow.objects.filter(pk__in=rows.filter(offline).values("pk"))
        gone.update(state=BatchRowState.LEFT_OUT, why=NOT_BACK, tries=1, ended_at=now)
    return rows.filter(back)


def busy() -> QuerySet[Charge]:
    """The running charges of a row's charge point, as a subquery."""
    return Charge.objects.filter(charge_point=OuterRef("charge_point"), state__in=OPEN_CHARGE_STATES)


def kept_until(batch: CommandBatch) -> datetime:
    """Until when it waits for chargers that are offline; whoever sets it going again gives them the time anew."""
    begun = max(filter(None, (batch.created_at, batch.not_before, batch.resumed_at)))
    return begun + timedelta(seconds=batch.keep_s)


def _row_begin(batch: CommandBatch, row: BatchRow, now: datetime, *, is_allowed: bool) -> None:
    row.tries, row.started_at = row.tries + 1, now
    try:
        with transaction.atomic():
            _row_command(batch, row, is_allowed)
    except ActionRefused as refusal:
        row_end(row, BatchRowState.LEFT_OUT, str(refusal), now)
    except OperationalError:
        raise
    except Exception:  # what one charger's row meets must not stop the others
        _log.exception("batch %s, %s", batch.pk, row.charge_point)
        row_end(row, BatchRowState.FAILED, OUR_FAULT, now)


def _row_command(batch: CommandBatch, row: BatchRow, is_allowed: bool) -> None:
    if not is_allowed:
        raise ActionRefused(NO_RIGHT)
    if batch.firmware is not None and (why := misfit(row.charge_point, batch.firmware)):
        raise ActionRefused(why)
    row.command = command_create(
        charge_point=row.charge_point,
        kind=batch.kind,
        parameters=copy.deepcopy(batch.parameters),
        author=batch.author,
        author_name=batch.author_name,
        author_address=batch.author_address,
        reason=batch.reason,
        actor=Actor.of(batch.api_key, batch.author_address) if batch.api_key else None,
    )
    row.state, row.why = BatchRowState.RUNNING, ""
    row.save(update_fields=["state", "why", "command", "tries", "started_at"])
