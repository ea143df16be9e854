"""Celery tasks of jobs: interfaces only."""

from installer.tasks import mails, tests

__all__ = ["mails", "tests"]
