"""Celery tasks of jobs: interfaces only."""

from installer.tasks import mails, upkeep

__all__ = ["mails", "upkeep"]
