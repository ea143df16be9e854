"""Mails about accounts, so that no page tells by its time whether there was one to send; and tidying up."""

from urllib.parse import urlsplit

from celery import shared_task
from django.contrib.auth.forms import PasswordResetForm

from hub.account.sessions import sessions_tidy


@shared_task(name="account.password_reset_mail")
def password_reset_mail(email: str, base: str) -> None:
    """Mail a link for a new password to everybody active with this address; `base` is the portal's address."""
    parts = urlsplit(base)
    form = PasswordResetForm({"email": email})
    if form.is_valid():
        form.save(
            domain_override=parts.netloc,
            use_https=parts.scheme == "https",
            subject_template_name="account/mail/password_reset_subject.txt",
            email_template_name="account/mail/password_reset.txt",
        )


@shared_task(name="account.sessions_tidy")
def tidy() -> None:
    """Forget sessions that ran out."""
    sessions_tidy()
