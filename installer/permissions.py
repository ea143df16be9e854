"""Who may see and do what with jobs: one function a noun, as in `chargepoints.permissions`."""

from django.db.models import F, QuerySet

from chargepoints.permissions import Person, organisations_for, organisations_of, sites_for
from hub.teams.choices import Right
from installer.models import AcceptanceStep, InstallerJob, JobChargePoint, JobLink, JobPhoto, JobTemplate


def jobs_for(person: Person, right: Right = Right.VIEW, *, archived: bool = False) -> QuerySet[InstallerJob]:
    """The jobs at the sites in which `person` has `right`."""
    return InstallerJob.objects.filter(site__in=sites_for(person, right), archived_at__isnull=not archived)


def jobs_seen(person: Person, right: Right = Right.VIEW) -> QuerySet[InstallerJob]:
    """The same, archived or not."""
    return InstallerJob.objects.filter(site__in=sites_for(person, right))


def job_rows_for(person: Person, right: Right = Right.EDIT) -> QuerySet[JobChargePoint]:
    """The charge points of those jobs that are still at their site."""
    return JobChargePoint.objects.filter(job__in=jobs_for(person, right), charge_point__site=F("job__site"))


def job_steps_for(person: Person, right: Right = Right.EDIT) -> QuerySet[AcceptanceStep]:
    """The steps of the acceptance tests of those charge points."""
    return AcceptanceStep.objects.filter(row__in=job_rows_for(person, right))


def job_links_for(person: Person, right: Right = Right.EDIT) -> QuerySet[JobLink]:
    """The public links of those jobs."""
    return JobLink.objects.filter(job__in=jobs_for(person, right))


def job_photos_for(person: Person, right: Right = Right.VIEW) -> QuerySet[JobPhoto]:
    """The photos of those jobs, of archived jobs too."""
    rows = [jobs_for(person, right), jobs_for(person, right, archived=True)]
    return JobPhoto.objects.filter(removed_at=None, row__job__in=rows[0].union(rows[1]).values("pk"))


def job_templates_for(person: Person, right: Right = Right.VIEW) -> QuerySet[JobTemplate]:
    """The templates of the organisations in the whole of which `person` has `right`."""
    return JobTemplate.objects.filter(organisation__in=organisations_for(person, right), archived_at=None)


def job_templates_usable(person: Person) -> QuerySet[JobTemplate]:
    """The templates that `person` may take for a job: of organisations in any part of which they make some."""
    return JobTemplate.objects.filter(organisation__in=organisations_of(person, Right.EDIT), archived_at=None)
