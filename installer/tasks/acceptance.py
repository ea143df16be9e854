"""Acceptance tests that run."""

from celery import shared_task

from installer.services import acceptance


@shared_task(name="jobs.tests_advance")
def tests_advance() -> None:
    """Move every acceptance test that runs."""
    acceptance.tests_advance()
