"""Steps of the acceptance test that somebody leaves out, with a reason."""

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from chargepoints.exceptions import ActionRefused
from hub.audit.records import Actor, audit_record
from installer.choices import CHARGE_STEPS, StepState
from installer.models import AcceptanceStep, JobChargePoint
from installer.services.acceptance import row_locked, test_move


@transaction.atomic
def step_skip(*, actor: Actor, row: JobChargePoint, step_id: str, reason: str) -> Mapping[str, object]:
    """Skip a step that has not passed; one that runs makes way for the next.

    Raises ActionRefused without a reason, when it has passed, or while it is part of a test charge that runs.
    """
    why = reason.strip()[:200]
    if not why:
        raise ActionRefused("Say why this step is left out.")
    found = row_locked(row)
    step = (
        AcceptanceStep.objects.select_for_update()
        .filter(row=row, pk=int(step_id) if step_id.isdecimal() and len(step_id) < 19 else 0)
        .first()
    )
    if step is None:
        raise ActionRefused("This step is not part of the job any more.")
    if step.state == StepState.PASSED:
        raise ActionRefused(f"“{step.get_kind_display()}” has passed.")
    was_running = step.state == StepState.RUNNING
    if was_running and step.kind in CHARGE_STEPS:
        raise ActionRefused(f"“{step.get_kind_display()}” runs now. Stop the test first.")
    step.state, step.skip_reason, step.by_name, step.ended_at = StepState.SKIPPED, why, actor.name[:160], timezone.now()
    step.evidence = ""
    step.asked_at = step.due_at = None
    step.save()
    audit_record(
        actor=actor,
        act="skipped",
        obj=row.charge_point,
        place=row.charge_point.place,
        after={"step": step.get_kind_display(), "connector": step.connector_number or None},
        reason=why,
    )
    if was_running:
        test_move(row=found)
    return {"step": step.pk, "state": step.state}
