"""Long jobs of chargers, such as an update of the firmware: what they tell of it, until it is done or has failed."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.conf import settings

from chargepoints.actions import ACTIONS
from chargepoints.choices import CommandStatus, Effect
from chargepoints.models import Command
from chargepoints.reports import JobReport
from chargepoints.selectors.firmware import FIRMWARE_KINDS
from chargepoints.services.changes import changed
from chargepoints.services.diagnostics import is_own_upload, upload_awaits, upload_judge
from chargepoints.services.firmware_proof import firmware_installed, may_still_tell
from chargepoints.services.transfers import transfers_close

# What is told of a job after that belongs to something else.
JOB_WINDOW = timedelta(days=7)
MOST_STEPS = 200
_OPEN = (CommandStatus.SENT, CommandStatus.ACCEPTED, CommandStatus.EXPIRED)


def jobs_progress(*, reports: Sequence[JobReport]) -> None:
    """Note what chargers tell of their jobs: by request id, or on the newest open job of that kind.

    A failed job stays open, because a charger may try again and succeed. A report without a job is nobody's.
    """
    if not reports:
        return
    commands = list(
        Command.objects.filter(
            charge_point__in={report.charge_point_id for report in reports},
            kind__in={kind for report in reports for kind in report.kinds},
            status__in=_OPEN,
            sent_at__gt=min(report.at for report in reports) - JOB_WINDOW,
        )
        .select_for_update()
        .order_by("-sent_at", "pk")
    )
    for report in reports:
        command = next((one for one in commands if _meant(one, report)), None)
        if command is not None:
            _note(command, report)
    changed({command.charge_point_id for command in commands}, "commands", "actions", "row")


def _meant(command: Command, report: JobReport) -> bool:
    if command.charge_point_id != report.charge_point_id or command.kind not in report.kinds:
        return False
    if report.request_id is not None:
        return command.request_id == report.request_id
    return (
        command.effect != Effect.SEEN
        or upload_awaits(command)
        or (command.kind in FIRMWARE_KINDS and may_still_tell(command, report.at))
    )


def _note(command: Command, report: JobReport) -> None:
    command.progress = [*command.progress, [report.at.isoformat(), report.word]][-MOST_STEPS:]
    if command.kind in FIRMWARE_KINDS and (report.done or command.effect == Effect.SEEN):
        if report.done:
            firmware_installed(command, report.at)
    elif report.done is not None and is_own_upload(command):
        # What arrives here is seen to arrive: the charger's word alone proves nothing.
        if judged := upload_judge(command=command, report=report):
            command.effect, command.effect_text = judged
            command.effect_at = report.at
    elif report.done is not None:
        command.effect = Effect.SEEN if report.done else Effect.MISSING
        command.effect_at, command.effect_text = report.at, report.word
    elif command.effect == Effect.AWAITED and command.effect_due_at is not None:
        # It lives: the time it may take without a word begins anew.
        seconds = ACTIONS[command.kind].proof_seconds * settings.EFFECT_TIMEOUT_SCALE
        command.effect_due_at = max(command.effect_due_at, report.at + timedelta(seconds=seconds))
    command.save(update_fields=["progress", "effect", "effect_at", "effect_text", "effect_due_at"])


def jobs_superseded(*, command_ids: Sequence[UUID], kind: str) -> None:
    """The charger took these jobs and gave up the older commands of this kind for them."""
    for newer in Command.objects.filter(pk__in=command_ids):
        older = Command.objects.filter(
            charge_point=newer.charge_point_id,
            kind=kind,
            effect=Effect.AWAITED,
            created_at__lt=newer.created_at,
        )
        transfers_close(command_ids=list(older.values_list("pk", flat=True)), at=newer.answered_at or newer.created_at)
        older.update(effect=Effect.MISSING, effect_at=newer.answered_at, effect_text="Cancelled by a newer one")
        changed([newer.charge_point_id], "commands", "actions")
