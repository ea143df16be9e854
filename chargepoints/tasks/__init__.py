"""Celery tasks: interfaces only. Each fetches by id, calls one function and stops."""

from chargepoints.tasks import (
    bills,
    certificates,
    commands,
    invitations,
    live,
    upkeep,
    webhooks,
)

__all__ = [
    "bills",
    "certificates",
    "commands",
    "invitations",
    "live",
    "upkeep",
    "webhooks",
]
