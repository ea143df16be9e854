"""Steps of the acceptance test that somebody leaves out, with a reason."""

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from chargepoints.exceptions import ActionRefused
from hub.audit.records import Actor, audit_record
from installer.choices import StepState
from installer.models import AcceptanceStep, JobChargePoint


@transaction.atomic
def step_skip(*, actor: Actor, row: JobChargePoint, step_id: str, reason: str) -> Mapping[str, object]:
    """Skip a step that has not passed. Raises ActionRefused without a reason, or when it runs or has passed."""
    why = reason.strip()[:200]
    if not why:
        raise ActionRefused("Say why this step is left out.")
    step = (
        AcceptanceStep.objects.select_for_update()
        .filter(row=row, pk=int(step_id) if step_id.isdecimal() and len(step_id) < 19 else 0)
        .first()
    )
    if step is None:
        raise ActionRefused("This step is not part of the job any more.")
    if step.state in {StepState.RUNNING, StepState.PASSED}:
        raise ActionRefused(
            f"“{step.get_kind_display()}” {'runs now' if step.state == StepState.RUNNING else 'has passed'}."
        )
    step.state, step.skip_reason, step.by_name, step.ended_at = StepState.SKIPPED, why, actor.name[:160], timezone.now()
    step.save(update_fields=["state", "skip_reason", "by_name", "ended_at"])
    audit_record(
        actor=actor,
        act="skipped",
        obj=row.charge_point,
        place=row.charge_point.place,
        after={"step": step.get_kind_display(), "connector": step.connector_number or None},
        reason=why,
    )
    return {"step": step.pk, "state": step.state}
