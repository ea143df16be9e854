"""Jobs for the desk: the list with its figures, one job with its charge points, and the jobs of a charge point."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, F, Max, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from chargepoints.choices import Integration
from chargepoints.models import ChargePoint
from chargepoints.permissions import Person
from chargepoints.selectors.identity import conflicts_told
from installer.choices import WORKABLE, JobState, StepState
from installer.models import AcceptanceStep, InstallerJob, JobChargePoint, JobLink, JobPhoto, Note
from installer.permissions import jobs_for, jobs_seen

PAGE_JOBS = 50


@dataclass(frozen=True, slots=True)
class JobFilters:
    """What a person asked to see; everything empty is every job that is not archived."""

    words: tuple[str, ...] = ()
    state: str = ""
    site: int | None = None

    def __bool__(self) -> bool:
        """Whether anything is filtered at all."""
        return self != JobFilters()


@dataclass(frozen=True, slots=True)
class JobFigures:
    """The figures of a job.

    `problems`: charge points with something open; `expires_at`: of the last link that works.
    """

    total: int = 0
    connected: int = 0
    problems: int = 0
    steps: int = 0
    passed: int = 0
    expires_at: datetime | None = None


def jobs_find(person: Person, filters: JobFilters) -> QuerySet[InstallerJob]:
    """The jobs of `person` that match every filter, newest first."""
    found = jobs_for(person, archived=filters.state == JobState.ARCHIVED)
    if filters.state:
        found = found.filter(state=filters.state)
    if filters.site is not None:
        found = found.filter(site=filters.site)
    for word in filters.words:
        named = Q(site__name__icontains=word) | Q(installer_name__icontains=word) | Q(description__icontains=word)
        inside = JobChargePoint.objects.filter(job=OuterRef("pk")).filter(
            Q(charge_point__name__icontains=word) | Q(charge_point__identity__icontains=word)
        )
        number = Q(number=int(word)) if word.isascii() and word.isdecimal() and len(word) < 10 else Q(pk__in=[])
        found = found.filter(named | number | Exists(inside))
    return found.order_by("-pk")


def jobs_page(
    found: QuerySet[InstallerJob], after: int | None = None, size: int = PAGE_JOBS
) -> tuple[list[InstallerJob], int | None]:
    """One page after the job `after`, and the key of the next page."""
    if after is not None:
        found = found.filter(pk__lt=after)
    rows = list(found.select_related("site__team", "organisation")[: size + 1])
    return rows[:size], rows[size - 1].pk if len(rows) > size else None


def job_figures(jobs: Iterable[InstallerJob]) -> dict[int, JobFigures]:
    """The figures of these jobs: three queries, however many jobs."""
    ids = [job.pk for job in jobs]
    rows = JobChargePoint.objects.filter(job__in=ids).order_by().values_list("job")
    undone = AcceptanceStep.objects.filter(row=OuterRef("pk")).exclude(state__in=[StepState.PASSED, StepState.SKIPPED])
    unlinked = Q(charge_point__identity=None) | ~Q(charge_point__wanted_identity="")
    unlinked |= Q(charge_point__connection__connected_at=None)
    counts = {
        job: (total, connected)
        for job, total, connected in rows.annotate(
            total=Count("pk"),
            connected=Count(
                "pk",
                filter=Q(charge_point__integration=Integration.CONNECTED, charge_point__site=F("job__site")),
            ),
        )
    }
    troubled = JobChargePoint.objects.filter(job__in=ids).filter(unlinked | Exists(undone)).order_by()
    problems = dict(troubled.values_list("job").annotate(count=Count("pk")))
    passed = Q(state=StepState.PASSED)
    steps = {
        job: (total, done)
        for job, total, done in AcceptanceStep.objects.filter(row__job__in=ids)
        .order_by()
        .values_list("row__job")
        .annotate(total=Count("pk"), done=Count("pk", filter=passed))
    }
    works = JobLink.objects.filter(job__in=ids, revoked_at=None, expires_at__gt=timezone.now()).order_by()
    ends = dict(works.values_list("job").annotate(last=Max("expires_at")))
    return {
        job: JobFigures(*counts.get(job, (0, 0)), problems.get(job, 0), *steps.get(job, (0, 0)), ends.get(job))
        for job in ids
    }


def job_rows(job: InstallerJob) -> list[JobChargePoint]:
    """The charge points of a job with all that is told of each: a constant number of queries."""
    points = conflicts_told(ChargePoint.objects.select_related("site__team", "connection"))
    return list(
        job.rows.prefetch_related(
            Prefetch("charge_point", points),
            Prefetch("notes", Note.objects.order_by("side")),
            "steps",
            Prefetch("photos", JobPhoto.objects.filter(removed_at=None)),
        )
    )


def job_links(job: InstallerJob) -> list[JobLink]:
    """The links of a job, newest first; their `job` is this one."""
    links = list(job.links.all())
    for link in links:
        link.job = job
    return links


def inactive_at(job: InstallerJob) -> int:
    """How many charge points of the job's site are not active."""
    return ChargePoint.objects.filter(site=job.site_id, is_active=False, archived_at=None).count()


def rows_of_charge_point(person: Person, charge_point: ChargePoint) -> list[JobChargePoint]:
    """The jobs in which a charge point is, newest first, with its notes, steps and photos."""
    rows = JobChargePoint.objects.filter(charge_point=charge_point, job__in=jobs_seen(person))
    return list(
        rows.select_related("job__site")
        .order_by("-job__pk")
        .prefetch_related(
            Prefetch("notes", Note.objects.order_by("side")),
            "steps",
            Prefetch("photos", JobPhoto.objects.filter(removed_at=None)),
        )
    )


def open_jobs_at(person: Person, site_id: int) -> Sequence[tuple[InstallerJob, JobFigures]]:
    """The jobs at a site that are not completed, with their figures."""
    jobs = list(jobs_for(person).filter(site=site_id, state__in=WORKABLE).order_by("-pk"))
    figures = job_figures(jobs) if jobs else {}
    return [(job, figures[job.pk]) for job in jobs]
