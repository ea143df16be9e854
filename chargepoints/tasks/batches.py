"""Commands for many charge points."""

from celery import shared_task

from chargepoints.services import batch_runs


@shared_task(name="batches.advance")
def batches_advance() -> None:
    """Move every batch that has something under way or to begin."""
    batch_runs.batches_advance()
