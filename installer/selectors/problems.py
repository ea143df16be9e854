"""What is still wrong with a job, in words."""

from collections.abc import Sequence

from chargepoints.choices import OPEN_CHARGE_STATES
from chargepoints.models import Charge, ChargePoint
from chargepoints.selectors.identity import conflicts_told
from installer.choices import UNDONE, StepState
from installer.models import InstallerJob
from installer.selectors.rows import rows_of


def problems_of(job: InstallerJob) -> Sequence[str]:
    """One sentence each: no serial, conflicts, never connected, a charge that runs, steps failed or not done."""
    rows = list(rows_of(job).select_related("charge_point").prefetch_related("steps"))
    told = conflicts_told(ChargePoint.objects.select_related("site__team", "connection")).filter(
        pk__in=[row.charge_point_id for row in rows]
    )
    by_id = {one.pk: one for one in told}
    running = Charge.objects.filter(charge_point__in=by_id, state__in=OPEN_CHARGE_STATES)
    charging = set(running.values_list("charge_point_id", flat=True))
    found: list[str] = []
    for row in rows:
        charge_point = by_id[row.charge_point_id]
        name = charge_point.name
        if charge_point.wanted_identity:
            found.append(f"{name}: its serial is in use elsewhere.")
        elif not charge_point.identity:
            found.append(f"{name}: no serial.")
        elif charge_point.connection.connected_at is None:
            found.append(f"{name}: it has never connected.")
        if row.charge_point_id in charging:
            found.append(f"{name}: a charge is running.")
        steps = list(row.steps.all())
        if failed := [step.get_kind_display().lower() for step in steps if step.state == StepState.FAILED]:
            found.append(f"{name}: failed: {', '.join(dict.fromkeys(failed))}.")
        undone = [step for step in steps if step.state in UNDONE]
        if undone:
            found.append(f"{name}: {len(undone)} of {len(steps)} steps not done.")
    return found
