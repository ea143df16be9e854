"""What a charge point has uploaded, and what it was asked to upload and has not yet."""

from datetime import timedelta

from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from chargepoints.choices import OPEN_COMMAND_STATUSES, Effect
from chargepoints.models import ChargePoint, Command, DiagnosticsFile
from chargepoints.permissions import Person, diagnostics_for
from hub.teams.choices import Right

KINDS = ("diagnostics", "log_upload")
# What was asked longer ago than that waits for nothing any more.
ASKED_WITHIN = timedelta(days=1)


def diagnostics_detailed(person: Person) -> QuerySet[DiagnosticsFile]:
    """The files of the charge points that `person` may see; whether the files too is another question."""
    found = diagnostics_for(person, Right.VIEW)
    return found.select_related("charge_point__site__team", "command")


def diagnostics_of(charge_point: ChargePoint) -> QuerySet[DiagnosticsFile]:
    """Its files, newest first, with their commands."""
    return DiagnosticsFile.objects.filter(charge_point=charge_point).select_related("command").order_by("-received_at")


def diagnostics_of_command(command: Command) -> list[DiagnosticsFile]:
    """What came of one command, newest first: one query."""
    return list(command.diagnostics_files.order_by("-received_at")) if command.kind in KINDS else []


def diagnostics_kept(charge_point: ChargePoint) -> tuple[int, int]:
    """How many of its files are kept, and their bytes: one query."""
    kept = DiagnosticsFile.objects.filter(charge_point=charge_point, deleted_at=None).exclude(sha256="")
    found = kept.aggregate(files=Count("pk"), size=Sum("size"))
    return int(found["files"]), int(found["size"] or 0)


def diagnostics_asked(charge_point: ChargePoint) -> list[Command]:
    """Requests that are on their way or whose file is awaited, newest first: one query."""
    waiting = Q(status__in=OPEN_COMMAND_STATUSES) | Q(effect=Effect.AWAITED)
    since = timezone.now() - ASKED_WITHIN
    asked = Command.objects.filter(waiting, charge_point=charge_point, kind__in=KINDS, created_at__gte=since)
    return list(asked.select_related("author").order_by("-created_at"))
