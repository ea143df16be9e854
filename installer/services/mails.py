"""Mails of jobs. Workers send them: the link to the installer, and to who made the job that it is completed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from chargepoints.exceptions import ActionRefused
from hub.audit.choices import ActorKind
from hub.audit.models import AuditEntry
from hub.audit.records import Actor, audit_record
from hub.teams.models import User
from installer.choices import JobState
from installer.models import InstallerJob, JobLink
from installer.permissions import jobs_for
from installer.services.giving import pin_open
from installer.services.jobs import job_locked
from installer.services.links import link_make


@transaction.atomic
def job_link_mail(*, asked: Mapping[str, Any]) -> None:
    """Make the link that `giving.link_give` asked for and mail it; nothing when the job is over meanwhile.

    Raises OSError when the mail server does not take it; then there is no link either.
    """
    job = InstallerJob.objects.filter(pk=asked["job"]).first()
    if job is None:
        return
    kind, name, pk, address = asked["actor"]
    actor, job = Actor(ActorKind(kind), name, pk, address), job_locked(job)
    try:
        link, token = link_make(
            actor=actor,
            job=job,
            label=asked["label"],
            expires_at=datetime.fromisoformat(asked["expires_at"]),
            pin=pin_open(asked["pin"]),
        )
    except ActionRefused:
        return
    audit_record(actor=actor, act="mailed", obj=link, place=job.place, after={"to": asked["email"]})
    subject, text = link_letter(link, link_address(asked["base"], token))
    send_mail(subject, text, None, [asked["email"]])


def link_address(base: str, token: str) -> str:
    """The whole address of a link."""
    return base.rstrip("/") + reverse("job_page", args=[token])


def link_letter(link: JobLink, address: str) -> tuple[str, str]:
    """Subject and text of the mail that brings a link; the PIN is told by another way."""
    job = link.job
    context = {"job": job, "link": link, "address": address, "zone": job.site.time_zone}
    return _line(f"Job {job.number}: {job.site.name}"), render_to_string("installer/mail/link.txt", context)


def job_completed_mail(*, job_id: int, base: str) -> None:
    """Tell who made the job, if they have an e-mail address and may still see it. Raises OSError."""
    job = InstallerJob.objects.select_related("site__team").filter(pk=job_id, state=JobState.COMPLETED).first()
    to = _maker(job) if job else None
    if job is None or to is None or not to.email or not jobs_for(to).filter(pk=job.pk).exists():
        return
    address = base.rstrip("/") + reverse("job", args=[job.pk]) if base else ""
    text = render_to_string("installer/mail/completed.txt", {"job": job, "address": address, "to": to})
    send_mail(_line(f"Job {job.number} at {job.site.name} is completed"), text, None, [to.email])


def _maker(job: InstallerJob) -> User | None:
    """The person who made the job, as the audit log has it."""
    entries = AuditEntry.objects.filter(noun="installer_job", object_id=str(job.pk), act="installer_job.created")
    entry = entries.filter(actor_kind=ActorKind.PERSON).first()
    if entry is None or entry.actor_id is None:
        return None
    return User.objects.filter(pk=entry.actor_id, is_active=True).first()


def _line(text: str) -> str:
    """A subject has one line, whatever a site is called."""
    return " ".join(text.split())
