"""The charge points of a job as the public page needs them, in a constant number of queries."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Prefetch, Q, QuerySet, Window
from django.db.models.functions import Lower, RowNumber
from django.utils import timezone

from chargepoints.choices import OPEN_CHARGE_STATES
from chargepoints.models import Charge, ChargePoint, Command, ConfigurationItem, Finding, StatusChange
from chargepoints.selectors.identity import conflicts_told
from installer.choices import ActionKind
from installer.models import AcceptanceStep, InstallerJob, JobChargePoint, JobPhoto, Note
from installer.selectors.knocks import Knock, knocks_of

COMMANDS_SHOWN = 3
CLOCK_RULES = ("clock-behind", "clock-ahead")


@dataclass(frozen=True, slots=True)
class ClockTold:
    """What the charger's newest status said of its clock: seconds ahead (minus: behind), and when it came."""

    offset_s: float
    at: datetime


@dataclass(frozen=True, slots=True)
class RowFacts:
    """What is stored of one charge point of a job."""

    row: JobChargePoint
    charges: Sequence[Charge]
    commands: Sequence[Command]
    knock: Knock | None
    clock: ClockTold | None
    bad_clock: Finding | None
    settings: Mapping[str, ConfigurationItem]

    @property
    def charging(self) -> int:
        """How many charges run there."""
        return len(self.charges)


def rows_of(job: InstallerJob) -> QuerySet[JobChargePoint]:
    """The job's charge points that are still at its site: what was moved or archived is not the installer's any more.

    In the order of the work.
    """
    return job.rows.filter(charge_point__site=job.site_id, charge_point__archived_at=None)


def row_facts(job: InstallerJob) -> Sequence[RowFacts]:
    """Everything that the public page tells of the charge points of `job`."""
    points = conflicts_told(ChargePoint.objects.select_related("site__team", "connection"))
    rows = list(
        rows_of(job).prefetch_related(
            Prefetch("charge_point", queryset=points.prefetch_related("connectors")),
            "notes",
            Prefetch("steps", queryset=AcceptanceStep.objects.order_by("connector_number", "pk")),
            Prefetch("photos", queryset=JobPhoto.objects.filter(removed_at=None)),
        )
    )
    held = [row.charge_point for row in rows]
    charges, commands = _charges(held), _commands(job, held)
    knocks, clocks, findings = knocks_of(held), _clocks(held), _findings(held)
    settings = _settings(job, held)
    return [
        RowFacts(
            row=row,
            charges=charges.get(row.charge_point_id, ()),
            commands=commands.get(row.charge_point_id, ()),
            knock=knocks.get(row.charge_point_id),
            clock=clocks.get(row.charge_point_id),
            bad_clock=findings.get(row.charge_point_id),
            settings=settings.get(row.charge_point_id, {}),
        )
        for row in rows
    ]


def _charges(points: Sequence[ChargePoint]) -> dict[int, list[Charge]]:
    """The charges that run there, by connector."""
    found: dict[int, list[Charge]] = {}
    running = Charge.objects.filter(charge_point__in=points, state__in=OPEN_CHARGE_STATES)
    for charge in running.select_related("connector").order_by("connector__number", "-started_at"):
        found.setdefault(charge.charge_point_id, []).append(charge)
    return found


def _commands(job: InstallerJob, points: Sequence[ChargePoint]) -> dict[int, list[Command]]:
    """What the installer has had each charger do, the newest first; what the operator did is not shown."""
    sent = Command.objects.filter(
        charge_point__in=points,
        created_at__gte=job.created_at,
        kind__in=ActionKind.values,
        author=None,
        author_name=job.command_author,
    )
    place = Window(RowNumber(), partition_by="charge_point", order_by="-created_at")
    found: dict[int, list[Command]] = {}
    for command in sent.annotate(place=place).filter(place__lte=COMMANDS_SHOWN).order_by("-created_at"):
        found.setdefault(command.charge_point_id, []).append(command)
    return found


def _clocks(points: Sequence[ChargePoint]) -> dict[int, ClockTold]:
    newest = (
        StatusChange.objects.filter(charge_point__in=points, reported_at__isnull=False)
        .order_by("charge_point_id", "-received_at", "-id")
        .distinct("charge_point_id")
    )
    return {
        one.charge_point_id: ClockTold((one.reported_at - one.received_at).total_seconds(), one.received_at)
        for one in newest
        if one.reported_at
    }


def _findings(points: Sequence[ChargePoint]) -> dict[int, Finding]:
    found = Finding.objects.filter(charge_point__in=points, rule__in=CLOCK_RULES).order_by("last_at")
    return {one.charge_point_id: one for one in found}


def _settings(job: InstallerJob, points: Sequence[ChargePoint]) -> dict[int, dict[str, ConfigurationItem]]:
    """By charge point and key in lower case: chargers spell keys in their own way."""
    keys = [str(line.get("key", "")).lower() for line in job.configuration]
    found: dict[int, dict[str, ConfigurationItem]] = {}
    if keys:
        told = ConfigurationItem.objects.annotate(spelled=Lower("key"))
        for item in told.filter(charge_point__in=points, spelled__in=keys):
            found.setdefault(item.charge_point_id, {})[item.key.lower()] = item
    return found


def job_version(job: InstallerJob) -> str:
    """Another text as soon as anything has changed that the public page shows; four small queries.

    What a charger says or is told moves the sequence of its log; the rest is asked for.
    """
    points = conflicts_told(ChargePoint.objects.filter(job_rows__in=rows_of(job)))
    of_row = Q(row__job=job)
    seen = [
        job.state,
        *points.order_by("pk").values_list(
            *("pk", "name", "location", "identity", "wanted_identity", "held_by", "integration", "state", "is_active"),
            *("booted_at", "connection__last_seq", "connection__refused_at"),
        ),
        *job.rows.order_by("pk").values_list("pk", "position", "connector_number"),
        Note.objects.filter(of_row).aggregate(Count("pk"), Max("edited_at")),
        JobPhoto.objects.filter(of_row).aggregate(Count("pk"), Max("received_at"), Max("removed_at")),
        *AcceptanceStep.objects.filter(of_row).order_by("pk").values_list("pk", "state", "ended_at", "evidence"),
        Command.objects.filter(charge_point__in=points.values("pk"), created_at__gte=job.created_at).aggregate(
            Count("pk"), Max("created_at"), Max("sent_at"), Max("answered_at"), Max("effect_at")
        ),
    ]
    # The day is part of it: times are shown without it.
    seen.append(timezone.now().date())
    return hashlib.blake2b(repr(seen).encode(), digest_size=12).hexdigest()
