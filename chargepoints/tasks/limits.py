"""Charges end at their limits."""

from celery import shared_task

from chargepoints.services import limits


@shared_task(name="chargepoints.charge_limits_due")
def charge_limits_due() -> None:
    """Stop the charges that have reached a limit."""
    limits.charge_limits_due()
