"""Certificates that chargers asked for."""

from celery import shared_task

from chargepoints.services import certificates


@shared_task(name="chargepoints.certificates_sign")
def certificates_sign() -> None:
    """Sign and send what is due."""
    certificates.requests_sign()
