"""Celery tasks of jobs: interfaces only."""

from installer.tasks import mails

__all__ = ["mails"]
