"""Celery tasks: interfaces only. Each fetches by id, calls one function and stops."""

from chargepoints.tasks import certificates, commands, invitations, live, upkeep

__all__ = ["certificates", "commands", "invitations", "live", "upkeep"]
