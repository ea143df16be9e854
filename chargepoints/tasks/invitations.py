"""Mails to people who are invited."""

from celery import shared_task

from chargepoints.services import invitations


@shared_task(name="members.invitation_mail", autoretry_for=(OSError,), retry_backoff=10, max_retries=5)
def invitation_mail(invitation_id: int, base: str) -> None:
    """Send one invitation; a mail server that is away is tried again for some minutes."""
    invitations.invitation_mail(invitation_id=invitation_id, base=base)
