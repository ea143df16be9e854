"""Who did what in a job: out of the audit log."""

from collections.abc import Iterable

from django.db.models import Q

from chargepoints.models import Command
from chargepoints.permissions import Person, audit_for, commands_for, rights_on_site
from hub.audit.choices import ActorKind
from hub.audit.models import AuditEntry
from hub.teams.choices import Right
from installer.models import InstallerJob, JobChargePoint, JobLink

SHOWN = 60


def deeds_commands(person: Person, entries: Iterable[AuditEntry]) -> set[str]:
    """The numbers of those remote actions among `entries` that `person` may see."""
    numbers = {str(entry.after["command_id"]) for entry in entries if "command_id" in entry.after}
    found = commands_for(person).filter(pk__in=numbers) if numbers else Command.objects.none()
    return set(map(str, found.values_list("pk", flat=True)))


def job_deeds(person: Person, job: InstallerJob) -> list[AuditEntry]:
    """The newest acts of a job: what its links did, and, to who may read the audit log, what people did.

    Whoever sees the job sees what was done by its links: that is the job. The rest is for readers of the log.
    """
    links = JobLink.objects.filter(job=job).values_list("pk", flat=True)
    by_link = Q(actor_kind=ActorKind.JOB_LINK, actor_id__in=list(links))
    here = AuditEntry.objects.filter(organisation=job.organisation_id, at__gte=job.created_at)
    found = here.filter(by_link).order_by("-at", "-id")[:SHOWN]
    if Right.AUDIT not in rights_on_site(person, job.site):
        return list(found)
    points = map(str, JobChargePoint.objects.filter(job=job).values_list("charge_point", flat=True))
    about = Q(noun="installer_job", object_id=str(job.pk)) | Q(noun="job_link", object_id__in=list(map(str, links)))
    about |= Q(noun="charge_point", object_id__in=list(points))
    people = audit_for(person).filter(about, at__gte=job.created_at)
    if job.completed_at is not None:
        people = people.filter(~Q(noun="charge_point") | Q(at__lte=job.completed_at))
    entries = {entry.pk: entry for entry in (*found, *people.order_by("-at", "-id")[:SHOWN])}
    return sorted(entries.values(), key=lambda entry: (entry.at, entry.pk), reverse=True)[:SHOWN]
