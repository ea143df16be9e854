"""Celery tasks of jobs: interfaces only."""

from installer.tasks import acceptance, mails

__all__ = ["acceptance", "mails"]
