"""Events go out to webhooks."""

from celery import shared_task

from chargepoints.services import webhook_deliveries, webhooks


@shared_task(name="webhooks.send")
def send() -> None:
    """Send the events that are due."""
    webhook_deliveries.deliveries_send()


@shared_task(name="webhooks.tidy")
def tidy() -> None:
    """Forget old deliveries."""
    webhooks.deliveries_tidy()
