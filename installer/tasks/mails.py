"""Mails of jobs."""

from celery import shared_task

from installer.services import mails


@shared_task(name="jobs.mail")
def job_mail(mail_id: int) -> None:
    """Send one mail at once."""
    mails.job_mail_send(mail_id=mail_id)


@shared_task(name="jobs.mails_due")
def job_mails_due() -> None:
    """Send what is due: tries after a pause, and mails whose message the queue has lost."""
    mails.job_mails_due()
