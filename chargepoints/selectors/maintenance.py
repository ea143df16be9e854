"""The maintenance of a charge point: planned, running, over."""

from dataclasses import dataclass

from django.utils import timezone

from chargepoints.models import ChargePoint, MaintenancePeriod

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Period:
    """A period and how it stands: planned, running or over."""

    row: MaintenancePeriod
    state: str


def maintenance_periods(charge_point: ChargePoint) -> list[Period]:
    """The newest periods of a charge point, planned ones first."""
    now = timezone.now()
    rows = MaintenancePeriod.objects.filter(charge_point=charge_point).order_by("-starts_at", "-pk")[:SHOWN]
    return [
        Period(row, "planned" if row.starts_at > now else "over" if row.ends_at and row.ends_at <= now else "running")
        for row in rows
    ]
