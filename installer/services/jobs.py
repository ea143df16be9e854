"""Jobs: made, changed, begun, completed, archived."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from chargepoints.exceptions import ActionRefused
from chargepoints.models import ChargePoint, Site
from chargepoints.services.charge_points import charge_point_set_active
from hub.audit.records import Actor, audit_record, facts_of
from hub.queue import enqueue_on_commit
from hub.teams.models import Organisation
from installer.choices import CONNECTOR_STEPS, WORKABLE, JobState, MailKind, StepKind
from installer.exceptions import JobIsOver
from installer.models import AcceptanceStep, InstallerJob, JobChargePoint, JobLink, JobMail
from installer.selectors.problems import problems_of
from installer.services.commissioning import commissioning_refresh

FIRST_NUMBER = 1001
EDITABLE = (
    "description",
    "instructions",
    "installer_name",
    "installer_email",
    "installer_phone",
    "contact",
    "checks",
    "configuration",
    "energy_s",
    "activate_when_complete",
)


@dataclass(frozen=True, slots=True)
class Completed:
    """What completing a job did."""

    job: InstallerJob
    activated: int
    problems: Sequence[str]


@transaction.atomic
def job_create(
    *, actor: Actor, site: Site, charge_points: Sequence[ChargePoint], fields: Mapping[str, object]
) -> InstallerJob:
    """A job for these charge points of the site, in their order; `fields` are of EDITABLE. Raises ActionRefused."""
    if not charge_points:
        raise ActionRefused("Choose at least one charge point.")
    if any(one.site_id != site.pk or one.archived_at for one in charge_points):
        raise ActionRefused("All charge points of a job are at its site.")
    # Its organisation's row is what numbers wait for.
    organisation = Organisation.objects.select_for_update().get(pk=site.team.organisation_id)
    newest = InstallerJob.objects.filter(organisation=organisation).aggregate(newest=Max("number"))["newest"]
    job = InstallerJob.objects.create(
        organisation=organisation,
        site=site,
        number=(newest or FIRST_NUMBER - 1) + 1,
        created_by_name=actor.name[:160],
        **{name: value for name, value in fields.items() if name in EDITABLE},
    )
    _rows(job, charge_points)
    _commission(job)
    after = {**facts_of(job, "number", "site", *EDITABLE), "charge_points": [str(one) for one in charge_points]}
    audit_record(actor=actor, act="created", obj=job, place=job.place, after=after)
    return job


@transaction.atomic
def job_edit(
    *, actor: Actor, job: InstallerJob, charge_points: Sequence[ChargePoint], fields: Mapping[str, object]
) -> InstallerJob:
    """Change a job that is not completed. Raises ActionRefused, also for leaving out what has evidence."""
    found = job_locked(job)
    job_workable(found)
    before = _facts(found)
    keep = {one.pk for one in charge_points}
    if any(one.site_id != found.site_id or one.archived_at for one in charge_points):
        raise ActionRefused("All charge points of a job are at its site.")
    # What has been moved or archived since stays as it is: nobody could choose it here.
    leaving = found.rows.filter(charge_point__site=found.site, charge_point__archived_at=None)
    leaving = leaving.exclude(charge_point__in=keep)
    for row in leaving:
        if row.photos.exists() or row.notes.exists() or row.steps.exclude(ended_at=None).exists():
            raise ActionRefused(f"{row.charge_point} has notes, photos or results already, so it stays in the job.")
    left = list(leaving.values_list("charge_point_id", flat=True))
    leaving.delete()
    for name, value in fields.items():
        if name in EDITABLE:
            setattr(found, name, value)
    found.save()
    _rows(found, charge_points)
    _commission(found, left)
    audit_record(actor=actor, act="edited", obj=found, place=found.place, before=before, after=_facts(found))
    return found


def _facts(job: InstallerJob) -> dict[str, object]:
    names = [str(row.charge_point) for row in job.rows.select_related("charge_point")]
    return {**facts_of(job, *EDITABLE), "charge_points": names}


def _rows(job: InstallerJob, charge_points: Sequence[ChargePoint]) -> None:
    """The rows of a job and the steps of each, as its checks say; steps that have begun stay."""
    for position, charge_point in enumerate(charge_points):
        row, _ = JobChargePoint.objects.update_or_create(
            job=job, charge_point=charge_point, defaults={"position": position}
        )
        numbers = list(charge_point.connectors.order_by("number").values_list("number", flat=True)) or [1]
        wanted = {
            (kind, number) for kind in job.checks for number in (numbers if StepKind(kind) in CONNECTOR_STEPS else [0])
        }
        row.steps.filter(started_at=None, ended_at=None).exclude(kind__in=job.checks).delete()
        AcceptanceStep.objects.bulk_create(
            [AcceptanceStep(row=row, kind=kind, connector_number=number) for kind, number in sorted(wanted)],
            ignore_conflicts=True,
        )


def _commission(job: InstallerJob, left: Sequence[int] = ()) -> None:
    ids = [*job.rows.values_list("charge_point_id", flat=True), *left]
    commissioning_refresh(charge_point_ids=ids)


def job_locked(job: InstallerJob) -> InstallerJob:
    """The job's row, locked until the commit; a link for it can be made meanwhile."""
    rows = InstallerJob.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("site__team").get(pk=job.pk)


def job_workable(job: InstallerJob) -> None:
    """Raise JobIsOver when nothing can be changed in this job any more."""
    if job.state not in WORKABLE:
        raise JobIsOver(f"The job is {job.get_state_display().lower()}: it can only be read.")


def job_begin(*, job: InstallerJob) -> None:
    """The first thing that an installer does puts the job in progress."""
    InstallerJob.objects.filter(pk=job.pk, state=JobState.OPEN).update(
        state=JobState.IN_PROGRESS, started_at=timezone.now()
    )


@transaction.atomic
def job_complete(*, actor: Actor, job: InstallerJob, activate: bool, base: str = "") -> Completed:
    """Complete a job, whatever is still wrong: that is kept with it. Raises ActionRefused when it is not workable.

    `activate`: all inactive charge points of the job's site become active (SPEC section 7). `base`: the portal's
    address, for the mail to who made the job.
    """
    found = job_locked(job)
    job_workable(found)
    problems = problems_of(found)
    activated = _activate(actor, found) if activate else 0
    now = timezone.now()
    found.state, found.completed_at, found.completed_by_name = JobState.COMPLETED, now, actor.name[:160]
    found.started_at = found.started_at or now
    found.activated, found.open_problems = activated, list(problems)
    found.save()
    _commission(found)
    audit_record(
        actor=actor,
        act="completed",
        obj=found,
        place=found.place,
        after={"activated": activated if activate else "left as they are", "open_problems": list(problems)},
    )
    mail = JobMail.objects.create(job=found, kind=MailKind.COMPLETED, base=base[:255])
    enqueue_on_commit("jobs.mail", mail.pk)
    return Completed(found, activated, problems)


@transaction.atomic
def job_activate(*, actor: Actor, job: InstallerJob) -> int:
    """Activate what completing the job has left inactive at its site; how many. Raises ActionRefused before that."""
    found = job_locked(job)
    if found.state != JobState.COMPLETED:
        raise ActionRefused("Charge points are activated when the job is completed.")
    activated = _activate(actor, found)
    InstallerJob.objects.filter(pk=found.pk).update(activated=(found.activated or 0) + activated)
    audit_record(actor=actor, act="activated_all", obj=found, place=found.place, after={"activated": activated})
    return activated


def _activate(actor: Actor, job: InstallerJob) -> int:
    inactive = ChargePoint.objects.filter(site=job.site, is_active=False, archived_at=None).order_by("pk")
    return sum(charge_point_set_active(actor=actor, charge_point=one, is_active=True) for one in inactive)


@transaction.atomic
def job_archive(*, actor: Actor, job: InstallerJob) -> None:
    """Put a job away; its links let nobody in from now on."""
    found = job_locked(job)
    if found.state == JobState.ARCHIVED:
        return
    now = timezone.now()
    found.state, found.archived_at = JobState.ARCHIVED, now
    found.save(update_fields=["state", "archived_at"])
    _commission(found)
    JobLink.objects.filter(job=found, revoked_at=None).update(revoked_at=now, revoked_by_name=actor.name[:160])
    audit_record(actor=actor, act="archived", obj=found, place=found.place)
