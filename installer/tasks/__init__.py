"""Celery tasks of jobs: interfaces only."""

from installer.tasks import acceptance, mails, upkeep

__all__ = ["acceptance", "mails", "upkeep"]
