"""Mails of jobs. Each is a row that is sent by a worker: the link to an installer, and that a job is completed."""

import smtplib
from datetime import timedelta

from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from chargepoints.exceptions import ActionRefused
from hub.audit.choices import ActorKind
from hub.audit.models import AuditEntry
from hub.audit.records import HUB, Actor, audit_record
from hub.teams.models import User
from installer.choices import JobState, MailKind, MailState
from installer.models import InstallerJob, JobLink, JobMail
from installer.permissions import jobs_for
from installer.services.giving import pin_open
from installer.services.links import link_make

# Seconds until the next try; after the last one a mail is given up, 4.5 hours after it was asked for.
_PAUSES = (10, 30, 120, 600, 1800, 3600, 10_000)
_FINAL = 500
SWEPT_AT_ONCE = 50


def job_mails_due() -> int:
    """Send what is due, whatever became of the queue's messages; how many were looked at."""
    due = JobMail.objects.filter(state=MailState.WAITING, due_at__lte=timezone.now()).order_by("due_at")
    found = list(due.values_list("pk", flat=True)[:SWEPT_AT_ONCE])
    for pk in found:
        job_mail_send(mail_id=pk)
    return len(found)


@transaction.atomic
def job_mail_send(*, mail_id: int) -> None:
    """Send one mail if it is due and nobody else is at it. One that fails is noted, and tried again later."""
    mail = (
        JobMail.objects.select_for_update(skip_locked=True)
        .filter(pk=mail_id, state=MailState.WAITING, due_at__lte=timezone.now())
        .first()
    )
    if mail is None:
        return
    mail.tries += 1
    try:
        with transaction.atomic():
            mail.state = _link_mail(mail) if mail.kind == MailKind.LINK else _completed_mail(mail)
    except OSError as error:
        _failed(mail, error)
    if mail.state != MailState.WAITING:
        mail.ended_at, mail.pin_sealed = timezone.now(), ""
    mail.save()


def _failed(mail: JobMail, error: OSError) -> None:
    mail.why = _why(error)[:200]
    if mail.tries <= len(_PAUSES) and not _is_final(error):
        mail.due_at = timezone.now() + timedelta(seconds=_PAUSES[mail.tries - 1])
        return
    mail.state = MailState.GIVEN_UP
    job = InstallerJob.objects.select_related("site__team").get(pk=mail.job_id)
    after = {"to": mail.to, "kind": mail.get_kind_display(), "why": mail.why}
    audit_record(actor=HUB, act="mail_given_up", obj=job, place=job.place, after=after)


def _link_mail(mail: JobMail) -> MailState:
    """Make the link and send it. Raises OSError when the mail server does not take it; then there is no link.

    The job is not locked: a mail server that is slow must hold up nobody who works on it.
    """
    by, job = mail.asked_by, InstallerJob.objects.select_related("site__team").get(pk=mail.job_id)
    actor = Actor(ActorKind(by["kind"]), by["name"], by["id"], by["address"])
    try:
        link, token = link_make(
            actor=actor, job=job, label=mail.label, expires_at=mail.expires_at, pin=pin_open(mail.pin_sealed)
        )
    except ActionRefused as refused:
        mail.why = str(refused)[:200]
        return MailState.NOT_NEEDED
    audit_record(actor=actor, act="mailed", obj=link, place=job.place, after={"to": mail.to})
    subject, text = link_letter(link, link_address(mail.base, token))
    send_mail(subject, text, None, [mail.to])
    return MailState.SENT


def link_address(base: str, token: str) -> str:
    """The whole address of a link."""
    return base.rstrip("/") + reverse("job_page", args=[token])


def link_letter(link: JobLink, address: str) -> tuple[str, str]:
    """Subject and text of the mail that brings a link; the PIN is told by another way."""
    job = link.job
    context = {"job": job, "link": link, "address": address, "zone": job.site.time_zone}
    return _line(f"Job {job.number}: {job.site.name}"), render_to_string("installer/mail/link.txt", context)


def _completed_mail(mail: JobMail) -> MailState:
    """Tell who made the job, if they have an e-mail address and may still see it. Raises OSError."""
    job = InstallerJob.objects.select_related("site__team").get(pk=mail.job_id)
    to = _maker(job)
    if job.state != JobState.COMPLETED or to is None or not to.email or not jobs_for(to).filter(pk=job.pk).exists():
        return MailState.NOT_NEEDED
    mail.to = to.email
    address = mail.base.rstrip("/") + reverse("job", args=[job.pk]) if mail.base else ""
    text = render_to_string("installer/mail/completed.txt", {"job": job, "address": address, "to": to})
    send_mail(_line(f"Job {job.number} at {job.site.name} is completed"), text, None, [to.email])
    return MailState.SENT


def _maker(job: InstallerJob) -> User | None:
    """The person who made the job, as the audit log has it."""
    entries = AuditEntry.objects.filter(noun="installer_job", object_id=str(job.pk), act="installer_job.created")
    entry = entries.filter(actor_kind=ActorKind.PERSON).first()
    if entry is None or entry.actor_id is None:
        return None
    return User.objects.filter(pk=entry.actor_id, is_active=True).first()


def _is_final(error: OSError) -> bool:
    """Whether trying again is no use: the server knows no such mailbox (RFC 5321, a reply 5yz to the recipient)."""
    return isinstance(error, smtplib.SMTPRecipientsRefused) and all(
        code >= _FINAL for code, _ in error.recipients.values()
    )


def _why(error: OSError) -> str:
    """In words, without addresses of servers."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        said = [f"{code} {text.decode(errors='replace')}" for code, text in error.recipients.values()]
        return f"The mail server refuses the address: {'; '.join(said)}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"The mail server refuses the mail: {error.smtp_code}"
    if isinstance(error, smtplib.SMTPException):
        return "The mail server did not answer as mail servers do."
    return "The mail server cannot be reached."


def _line(text: str) -> str:
    """A subject has one line, whatever a site is called."""
    return " ".join(text.split())
