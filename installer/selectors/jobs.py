"""Jobs for the desk: the list with its figures, one job with its charge points, and the jobs of a charge point."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, F, Max, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from chargepoints.choices import OPEN_CHARGE_STATES, Integration
from chargepoints.models import Charge, ChargePoint
from chargepoints.permissions import Person
from chargepoints.selectors.identity import conflicts_told
from installer.choices import UNDONE, WORKABLE, JobState, LinkState, MailKind, MailState, StepState
from installer.models import AcceptanceStep, InstallerJob, JobChargePoint, JobLink, JobMail, JobPhoto, Note
from installer.permissions import jobs_for, jobs_seen

PAGE_JOBS = 50
# Beside the states: open or in progress, and every link of it is revoked or expired.
NO_LINK = "no-link"


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

    `problems`: how many `selectors.problems.problems_of` names; `link`: the best of its links, None without any;
    `expires_at`: of the last one that works.
    """

    total: int = 0
    connected: int = 0
    problems: int = 0
    steps: int = 0
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    link: LinkState | None = None
    expires_at: datetime | None = None

    @property
    def undone(self) -> int:
        """Steps that nobody has finished."""
        return self.steps - self.passed - self.failed - self.skipped


def jobs_find(person: Person, filters: JobFilters) -> QuerySet[InstallerJob]:
    """The jobs of `person` that match every filter, newest first."""
    found = jobs_for(person, archived=filters.state == JobState.ARCHIVED)
    if filters.state == NO_LINK:
        working = JobLink.objects.filter(job=OuterRef("pk"), revoked_at=None, expires_at__gt=timezone.now())
        found = found.filter(~Exists(working), state__in=WORKABLE)
    elif filters.state:
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
    rows, links, steps = _row_figures(ids), _link_figures(ids), _step_figures(ids)
    return {
        job: JobFigures(*rows.get(job, (0, 0, 0)), *steps.get(job, (0, 0, 0, 0)), *links.get(job, (None, None)))
        for job in ids
    }


def _row_figures(ids: Sequence[int]) -> dict[int, tuple[int, int, int]]:
    """How many charge points, how many of them are connected, and how many problems they have."""
    here = Q(charge_point__site=F("job__site"), charge_point__archived_at=None)
    steps = AcceptanceStep.objects.filter(row=OuterRef("pk"))
    unlinked = Q(charge_point__identity=None) | ~Q(charge_point__wanted_identity="")
    unlinked |= Q(charge_point__connection__connected_at=None)
    connected = Q(charge_point__integration=Integration.CONNECTED)
    charges = Charge.objects.filter(charge_point=OuterRef("charge_point"), state__in=OPEN_CHARGE_STATES)
    counted = (
        JobChargePoint.objects.filter(job__in=ids)
        .order_by()
        .values_list("job")
        .annotate(
            total=Count("pk"),
            connected=Count("pk", filter=connected & here),
            unlinked=Count("pk", filter=unlinked & here),
            charging=Count("pk", filter=here & Q(Exists(charges))),
            failed=Count("pk", filter=here & Q(Exists(steps.filter(state=StepState.FAILED)))),
            undone=Count("pk", filter=here & Q(Exists(steps.filter(state__in=UNDONE)))),
        )
    )
    return {job: (total, on, sum(problems)) for job, total, on, *problems in counted}


def _step_figures(ids: Sequence[int]) -> dict[int, tuple[int, int, int, int]]:
    """How many steps there are, have passed, have failed and were skipped."""
    ended = [StepState.PASSED, StepState.FAILED, StepState.SKIPPED]
    counts = [Count("pk", filter=Q(state=state)) for state in ended]
    found = AcceptanceStep.objects.filter(row__job__in=ids).order_by().values_list("row__job")
    named = {f"n{position}": count for position, count in enumerate(counts)}
    return {job: (total, *each) for job, total, *each in found.annotate(total=Count("pk"), **named)}


def _link_figures(ids: Sequence[int]) -> dict[int, tuple[LinkState, datetime | None]]:
    """The best of the links of each job, and how long the last one that works does."""
    now, kept = timezone.now(), Q(revoked_at=None)
    found = (
        JobLink.objects.filter(job__in=ids)
        .order_by()
        .values_list("job")
        .annotate(works=Max("expires_at", filter=kept & Q(expires_at__gt=now)), kept=Count("pk", filter=kept))
    )
    return {
        job: (LinkState.WORKS if works else LinkState.EXPIRED if kept else LinkState.REVOKED, works)
        for job, works, kept in found
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


def job_mails(job: InstallerJob) -> list[JobMail]:
    """The mails with a link that have not gone out, newest first; one that was given up until there is a link."""
    later = JobLink.objects.filter(job=job, created_at__gt=OuterRef("ended_at"))
    open_ones = Q(state=MailState.WAITING) | Q(Q(state=MailState.GIVEN_UP), ~Exists(later))
    return list(job.mails.filter(open_ones, kind=MailKind.LINK))


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


def open_jobs_counted(person: Person, site_ids: Collection[int]) -> dict[int, int]:
    """How many jobs are open at each of these sites: one query. A site without any is not in it."""
    jobs = jobs_for(person).filter(site__in=site_ids, state__in=WORKABLE).order_by()
    return dict(jobs.values_list("site").annotate(count=Count("pk")))


def open_jobs_at(person: Person, site_id: int) -> Sequence[tuple[InstallerJob, JobFigures]]:
    """The jobs at a site that are not completed, with their figures."""
    jobs = list(jobs_for(person).filter(site=site_id, state__in=WORKABLE).order_by("-pk"))
    figures = job_figures(jobs) if jobs else {}
    return [(job, figures[job.pk]) for job in jobs]
