"""Long jobs of chargers: uploads of logs, updates of firmware. What they report belongs to the command behind them."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from chargepoints.choices import CommandStatus, Effect
from chargepoints.models import Command
from chargepoints.reports import JobReport
from chargepoints.services.changes import changed

# After that a status message without an id is about something else.
JOB_WINDOW = timedelta(days=2)
MAX_PROGRESS = 200
_ALIVE = (CommandStatus.SENT, CommandStatus.ACCEPTED, CommandStatus.EXPIRED)


def jobs_progress(*, reports: Sequence[JobReport]) -> None:
    """Add each report to its command; its end is the command's effect, seen or missing. One without a job is news only.

    A job is found by its request id, or is the newest of its kinds that has not ended.
    """
    touched: set[int] = set()
    for report in reports:
        command = _job(report)
        if command is None:
            continue
        command.progress = [*command.progress, [report.at.isoformat(), report.word]][-MAX_PROGRESS:]
        if report.done is not None:
            command.effect = Effect.SEEN if report.done else Effect.MISSING
            command.effect_at, command.effect_text = report.at, report.word
        command.save(update_fields=["progress", "effect", "effect_at", "effect_text"])
        touched.add(report.charge_point_id)
    changed(touched, "commands", "actions", "row")


def _job(report: JobReport) -> Command | None:
    found = Command.objects.select_for_update().filter(
        charge_point=report.charge_point_id,
        kind__in=report.kinds,
        status__in=_ALIVE,
        sent_at__gt=report.at - JOB_WINDOW,
    )
    if report.request_id is not None:
        found = found.filter(request_id=report.request_id)
    else:
        found = found.filter(effect__in=[Effect.NONE, Effect.AWAITED])
    return found.order_by("-created_at").first()


def jobs_superseded(*, command_ids: Sequence[UUID]) -> None:
    """The charger took these jobs and gave up the older ones of their kind for them."""
    for newer in Command.objects.filter(pk__in=command_ids):
        older = Command.objects.filter(
            charge_point=newer.charge_point_id,
            kind=newer.kind,
            effect=Effect.AWAITED,
            created_at__lt=newer.created_at,
        )
        older.update(effect=Effect.MISSING, effect_at=newer.answered_at, effect_text="Cancelled by a newer one")
        changed([newer.charge_point_id], "commands", "actions")
