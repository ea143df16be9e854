"""Diagnostics files without a charger."""

from collections.abc import Iterator
from datetime import timedelta

from django.urls import reverse

from chargepoints.models import ChargePoint, Command, DiagnosticsFile
from chargepoints.received import path_of
from tests.factories import now


def bytes_of(file: DiagnosticsFile, data: bytes) -> None:
    """Put bytes under a row."""
    path_of(file.pk).parent.mkdir(parents=True, exist_ok=True)
    path_of(file.pk).write_bytes(data)
    DiagnosticsFile.objects.filter(pk=file.pk).update(size=len(data))


def uploaded(
    charge_point: ChargePoint, name: str = "diag.zip", data: bytes = b"x" * 4200, **fields: object
) -> DiagnosticsFile:
    """A complete file with its bytes."""
    told: dict[str, object] = {
        "is_complete": True,
        "sha256": "ab" * 32,
        "keep_until": now() + timedelta(days=90),
        "size": len(data),
    }
    made = DiagnosticsFile.objects.create(charge_point=charge_point, name=name, **told | fields)
    bytes_of(made, data)
    return made


def requested(charge_point: ChargePoint, kind: str = "diagnostics", **fields: object) -> Command:
    """A request whose file is awaited."""
    told: dict[str, object] = {
        "status": "accepted",
        "effect": "awaited",
        "parameters": {"own": True},
        "author_name": "Alice",
        "created_at": now(),
        "sent_at": now(),
        "answered_at": now(),
        "expires_at": now(),
        "effect_due_at": now() + timedelta(minutes=30),
    }
    return Command.objects.create(charge_point=charge_point, kind=kind, **told | fields)


def diagnostics_urls(busy: ChargePoint, offline: ChargePoint) -> Iterator[str]:
    """A charger with files of every state and a request that runs, and one with nothing."""
    files = [
        uploaded(busy, command=requested(busy)),
        uploaded(busy, "half-of-a-long-name-without-a-break-in-it.log", is_complete=False),
        uploaded(busy, is_complete=False, sha256=""),
        uploaded(busy, deleted_at=now(), deleted_why="Kept for 90 days."),
    ]
    yield from (reverse("charge_point_diagnostics", args=[point.pk]) for point in (busy, offline))
    yield reverse("diagnostics_delete", args=[files[0].pk])
