"""Celery tasks: interfaces only. Each fetches by id, calls one function and stops."""

from chargepoints.tasks import commands, live, upkeep

__all__ = ["commands", "live", "upkeep"]
