"""Celery tasks: interfaces only. Each fetches by id, calls one function and stops."""

from chargepoints.tasks import (
    batches,
    bills,
    certificates,
    commands,
    invitations,
    limits,
    live,
    upkeep,
    webhooks,
)

__all__ = [
    "batches",
    "bills",
    "certificates",
    "commands",
    "invitations",
    "limits",
    "live",
    "upkeep",
    "webhooks",
]
