"""The acceptance test at work: what runs is judged, commands go out, the next step begins.

Whatever is known stands in rows, so a worker that dies loses nothing, and any number of them does no harm.
"""

import logging
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from chargepoints.choices import OPEN_CHARGE_STATES, OPEN_COMMAND_STATUSES
from chargepoints.exceptions import ActionRefused
from chargepoints.models import Charge, Command
from chargepoints.services.commands import command_create
from installer.acceptance.facts import Ask, Verdict, failed
from installer.acceptance.plan import Move, Planned, judge, limit_of, next_move
from installer.choices import WORKABLE, StepKind, StepState
from installer.models import AcceptanceStep, JobChargePoint
from installer.selectors.acceptance import facts_of, reason_of, test_tag
from installer.services.test_keys import test_key_for

JOB_IS_OVER = "The job ended before this was done."
MOVED = "The charge point was taken away from the site."
_FIELDS = (
    *("state", "evidence", "log_seq", "command", "charge", "skip_reason"),
    *("by_name", "asked_at", "started_at", "due_at", "ended_at"),
)
_WITH = ("job__site__team", "job__organisation", "charge_point__site__team", "charge_point__connection")
_log = logging.getLogger(__name__)


def tests_advance() -> None:
    """Once a second, by any number of workers: move every acceptance test that runs."""
    moving = Q(state=StepState.RUNNING) | Q(state=StepState.TODO, asked_at__isnull=False)
    for pk in AcceptanceStep.objects.filter(moving).order_by("row").values_list("row", flat=True).distinct():
        try:
            test_advance(row_id=pk)
        except Exception:  # one test that cannot be moved must not hold up the others; the next second tries again
            _log.exception("acceptance test of row %s", pk)


@transaction.atomic
def test_advance(*, row_id: int) -> None:
    """Move the test of one charge point of a job as far as it goes now; nothing while another worker does."""
    rows = JobChargePoint.objects.select_for_update(of=("self",), skip_locked=True).select_related(*_WITH)
    if (row := rows.filter(pk=row_id).first()) is not None:
        test_move(row=row)


def row_locked(row: JobChargePoint) -> JobChargePoint:
    """The charge point of a job, locked until the commit, with everything as it is now. Before any of its steps."""
    return JobChargePoint.objects.select_for_update(of=("self",)).select_related(*_WITH).get(pk=row.pk)


def test_move(*, row: JobChargePoint) -> None:
    """The same for a row that is locked, with `job.site.team` and `charge_point.connection` as they are now."""
    steps = list(row.steps.select_for_update().order_by("pk"))
    if why := _ended(row):
        test_halt(row=row, steps=steps, why=why)
        return
    for _ in range(2 * len(steps) + 1):
        running = next((step for step in steps if step.state == StepState.RUNNING), None) or _next(row, steps)
        if running is None:
            charges_end(row=row)
            return
        running.row = row
        before = (running.evidence, running.state, running.command_id)
        verdict = _judged(running)
        _keep(running, verdict)
        if (running.evidence, running.state, running.command_id) != before:
            running.save(update_fields=_FIELDS)
        if verdict.state is StepState.RUNNING:
            return


def test_halt(*, row: JobChargePoint, steps: Sequence[AcceptanceStep], why: str) -> None:
    """Nothing runs or waits any more; a charge that the test has started is stopped. `steps` are locked."""
    for step in steps:
        if step.state == StepState.RUNNING or (step.state == StepState.TODO and step.asked_at is not None):
            step.state, step.evidence = StepState.TODO, why
            step.asked_at = step.started_at = step.due_at = None
            step.save(update_fields=_FIELDS)
    charges_end(row=row)


def charges_end(*, row: JobChargePoint) -> None:
    """Stop what the test has started and nobody has stopped: a job without that step, a test that was broken off."""
    running = Charge.objects.filter(
        charge_point=row.charge_point, state__in=OPEN_CHARGE_STATES, start_command__reason=reason_of(row.job)
    )
    for charge in running:
        under_way = Command.objects.filter(charge=charge, kind="stop", status__in=OPEN_COMMAND_STATUSES)
        if not under_way.exists():
            try:
                _send(row, Ask("stop", (("charge", charge.pk),)))
            except ActionRefused as refusal:
                _log.info("test charge %s not stopped: %s", charge.pk, refusal)


def _ended(row: JobChargePoint) -> str:
    """Why this charge point is not tested any more; empty as long as it is."""
    if row.job.state not in WORKABLE:
        return JOB_IS_OVER
    point = row.charge_point
    return MOVED if point.site_id != row.job.site_id or point.archived_at is not None else ""


def _planned(step: AcceptanceStep) -> Planned:
    return Planned(
        StepKind(step.kind),
        step.connector_number,
        StepState(step.state),
        step.asked_at is not None,
        step.skip_reason,
    )


def _next(row: JobChargePoint, steps: Sequence[AcceptanceStep]) -> AcceptanceStep | None:
    """Begin the next step that was asked for; those that cannot be are put aside, with why."""
    by_place = {(step.kind, step.connector_number): step for step in steps}
    while (move := next_move(_planned(step) for step in steps)) is not None:
        step = by_place[move.step.kind, move.step.connector]
        _begin(row, step, move)
        step.save(update_fields=_FIELDS)
        if step.state == StepState.RUNNING:
            return step
    return None


def _begin(row: JobChargePoint, step: AcceptanceStep, move: Move) -> None:
    now = timezone.now()
    if move.blocked:
        step.evidence, step.asked_at = move.blocked[:255], None
    elif move.skipped:
        step.state, step.skip_reason, step.ended_at = StepState.SKIPPED, move.skipped[:200], now
        step.evidence, step.asked_at = "", None
    else:
        job = row.job
        if step.kind == StepKind.START:
            test_key_for(job.organisation)
        if step.kind == StepKind.UNLOCK and StepKind.STOP not in job.checks:
            charges_end(row=row)
        step.state, step.evidence, step.started_at, step.ended_at = StepState.RUNNING, "", now, None
        step.due_at = now + limit_of(step.kind, energy_s=job.energy_s, settings=len(job.configuration))


def _judged(step: AcceptanceStep) -> Verdict:
    """The verdict of now; what it asks for is sent, and what Hub does not send is known to the next look."""
    refused: dict[Ask, str] = {}
    for _ in range(len(step.row.job.configuration) + 8):
        verdict = judge(step.kind, facts_of(step, now=timezone.now(), refused=refused))
        if verdict.ask is None:
            return verdict
        try:
            step.command = _send(step.row, verdict.ask)
        except ActionRefused as refusal:
            refused[verdict.ask] = str(refusal)
        else:
            return verdict
    return failed("It cannot be tested.")


def _send(row: JobChargePoint, ask: Ask) -> Command:
    return command_create(
        charge_point=row.charge_point,
        kind=ask.kind,
        parameters=ask.parameters,
        author=None,
        author_name=f"Acceptance test (job {row.job.number})",
        reason=reason_of(row.job),
    )


def _keep(step: AcceptanceStep, verdict: Verdict) -> None:
    """What is said of the step, without naming the test key."""
    words = _unnamed(verdict.words, test_tag(step.row.job))
    step.state, step.evidence = verdict.state, words[:255]
    if verdict.state is StepState.SKIPPED:
        step.skip_reason, step.evidence = words[:200], ""
    if verdict.state is not StepState.RUNNING:
        step.ended_at, step.log_seq = timezone.now(), verdict.seq
        step.asked_at = step.due_at = None
        step.charge_id = verdict.charge or step.charge_id


def _unnamed(words: str, tag: str) -> str:
    """Without the test key, should a charger name it in its refusal."""
    at = words.lower().find(tag.lower()) if tag else -1
    return words if at < 0 else words[:at] + "the test key" + words[at + len(tag) :]
