"""What people do with the acceptance test: start it, run a step again, break it off."""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils import timezone

from chargepoints.choices import OPEN_CHARGE_STATES
from chargepoints.exceptions import ActionRefused
from chargepoints.models import Charge
from hub.audit.records import Actor, audit_record
from installer.choices import CHARGE_STEPS, CONNECTOR_STEPS, StepKind, StepState
from installer.models import AcceptanceStep, InstallerJob, JobChargePoint
from installer.selectors.rows import rows_of
from installer.services.acceptance import row_locked, test_halt, test_move
from installer.services.jobs import job_begin, job_locked, job_workable

STOPPED = "The test was stopped."
CHANGED = "The charge point has another identity now: test it again."
NOT_THERE = "This charge point is not part of the job any more."


@transaction.atomic
def test_start(*, actor: Actor, row: JobChargePoint) -> int:
    """Run what has not passed yet, or everything when all has; how many steps. 0: it runs already.

    Raises JobIsOver, ActionRefused when the job asks for no test.
    """
    found = _opened(row)
    _connectors_added(found)
    steps = _steps(found)
    if not steps:
        raise ActionRefused("This job asks for no test.")
    if any(step.state == StepState.RUNNING for step in steps):
        return 0
    undone = [step for step in steps if step.state in {StepState.TODO, StepState.FAILED}]
    wanted = _with_charge(undone or [step for step in steps if step.state == StepState.PASSED] or steps, steps)
    _ask(wanted, actor)
    _record(actor, "test_started", found, steps=len(wanted))
    job_begin(job=found.job)
    test_move(row=found)
    return len(wanted)


@transaction.atomic
def step_again(*, actor: Actor, row: JobChargePoint, step_id: str) -> None:
    """Run one step (again), of a test charge all of its parts; at once, or when what runs has ended.

    Raises JobIsOver, ActionRefused for a step that is not there.
    """
    found = _opened(row)
    steps = _steps(found)
    step = next((each for each in steps if str(each.pk) == step_id), None)
    if step is None:
        raise ActionRefused("This step is not part of the job any more.")
    if step.state == StepState.RUNNING:
        return
    unlinked = [each for each in steps if each.kind == StepKind.CONNECTED and each.state == StepState.FAILED]
    _ask(_with_charge([step, *unlinked], steps), actor)
    _record(actor, "step_repeated", found, step=step.get_kind_display(), connector=step.connector_number or None)
    job_begin(job=found.job)
    test_move(row=found)


@transaction.atomic
def test_stop(*, actor: Actor, row: JobChargePoint) -> bool:
    """Break the test off; a charge that it has started is stopped. False when nothing runs. Raises JobIsOver."""
    found = _opened(row)
    steps = _steps(found)
    if not any(step.state == StepState.RUNNING for step in steps):
        return False
    test_halt(row=found, steps=steps, why=STOPPED)
    _record(actor, "test_stopped", found)
    return True


@transaction.atomic
def tests_start(*, actor: Actor, job: InstallerJob) -> int:
    """Start the test of every charge point of the job that is connected and has something left to do; how many."""
    job_workable(job_locked(job))
    rows = rows_of(job).filter(charge_point__connection__is_connected=True)
    undone = rows.filter(steps__state__in=[StepState.TODO, StepState.FAILED]).distinct()
    return sum(test_start(actor=actor, row=row) > 0 for row in undone)


def test_forget(*, row: JobChargePoint) -> None:
    """Another charger from now on: what was proven of the one before proves nothing. In the caller's transaction."""
    steps = _steps(row_locked(row))
    test_halt(row=row, steps=steps, why=CHANGED)
    for step in steps:
        if step.state in {StepState.PASSED, StepState.FAILED}:
            _cleared(step, CHANGED)
            step.save()


def _opened(row: JobChargePoint) -> JobChargePoint:
    """The row, locked, of a job that is open, with everything as it is now. Raises JobIsOver, ActionRefused."""
    job = job_locked(row.job)
    job_workable(job)
    found = rows_of(job).filter(pk=row.pk).first()
    if found is None:
        raise ActionRefused(NOT_THERE)
    return row_locked(found)


def _steps(row: JobChargePoint) -> list[AcceptanceStep]:
    return list(row.steps.select_for_update().order_by("pk"))


def _connectors_added(row: JobChargePoint) -> None:
    """Steps of connectors that the charger has reported since the job was made."""
    kinds = [kind for kind in row.job.checks if StepKind(kind) in CONNECTOR_STEPS]
    numbers = row.charge_point.connectors.order_by("number").values_list("number", flat=True)
    AcceptanceStep.objects.bulk_create(
        [AcceptanceStep(row=row, kind=kind, connector_number=number) for number in numbers for kind in kinds],
        ignore_conflicts=True,
    )


def _with_charge(wanted: Iterable[AcceptanceStep], steps: Sequence[AcceptanceStep]) -> list[AcceptanceStep]:
    """A test charge is run as a whole, unless the one that was begun still runs; what people left out stays so."""
    chosen = {step.pk: step for step in wanted}
    for number in {step.connector_number for step in chosen.values() if step.kind in CHARGE_STEPS}:
        for step in steps:
            if step.kind in CHARGE_STEPS and step.connector_number == number and _belongs(step):
                chosen.setdefault(step.pk, step)
    return [step for step in chosen.values() if step.state != StepState.RUNNING]


def _belongs(step: AcceptanceStep) -> bool:
    """Whether it has to be run with the others: not what runs on, and not what a person has left out."""
    if step.kind == StepKind.START and step.state == StepState.PASSED and step.charge_id is not None:
        return not Charge.objects.filter(pk=step.charge_id, state__in=OPEN_CHARGE_STATES).exists()
    return step.state != StepState.SKIPPED or step.skip_reason.startswith(f"“{StepKind.START.label}”")


def _ask(steps: Iterable[AcceptanceStep], actor: Actor) -> None:
    now = timezone.now()
    for step in steps:
        _cleared(step, "")
        step.asked_at, step.by_name = now, actor.name[:160]
        step.save()


def _cleared(step: AcceptanceStep, words: str) -> None:
    step.state, step.evidence, step.skip_reason = StepState.TODO, words, ""
    step.log_seq = step.command = step.charge = None
    step.asked_at = step.started_at = step.due_at = step.ended_at = None


def _record(actor: Actor, act: str, row: JobChargePoint, **after: object) -> None:
    told = {"job": row.job.number, **after}
    audit_record(actor=actor, act=act, obj=row.charge_point, place=row.charge_point.place, after=told)
