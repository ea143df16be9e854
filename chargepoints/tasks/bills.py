"""Charges become bills."""

from celery import shared_task

from chargepoints.services import bills


@shared_task(name="chargepoints.bills_due")
def bills_due() -> None:
    """Follow the charges that began or ended."""
    bills.bills_due()
