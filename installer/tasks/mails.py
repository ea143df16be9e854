"""Mails of jobs."""

from typing import Any

from celery import shared_task

from installer.services import mails


@shared_task(name="jobs.link_mail", autoretry_for=(OSError,), retry_backoff=10, max_retries=5)
def link_mail(asked: dict[str, Any]) -> None:
    """Make one link and send it; a mail server that is away is tried again for some minutes."""
    mails.job_link_mail(asked=asked)


@shared_task(name="jobs.completed_mail", autoretry_for=(OSError,), retry_backoff=10, max_retries=5)
def completed_mail(job_id: int, base: str) -> None:
    """Tell who made the job that it is completed."""
    mails.job_completed_mail(job_id=job_id, base=base)
