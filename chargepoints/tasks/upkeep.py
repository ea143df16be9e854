"""What keeps the house in order."""

from celery import shared_task
from django.utils import timezone

from chargepoints import partitions
from chargepoints.services import connections, diagnostics, identities, maintenance, reservations


@shared_task(name="chargepoints.connections_reap")
def connections_reap() -> None:
    """Disconnect the chargers of gateways that died."""
    connections.connections_reap()


@shared_task(name="chargepoints.partitions_ensure")
def partitions_ensure() -> None:
    """Make next month's partitions in time."""
    partitions.partitions_ensure(timezone.now())


@shared_task(name="chargepoints.reservations_expire")
def reservations_expire() -> None:
    """End the reservations that have run out."""
    reservations.reservations_expire()


@shared_task(name="chargepoints.charge_points_upkeep")
def charge_points_upkeep() -> None:
    """Start and end planned maintenance, and hand on identities that became free."""
    maintenance.maintenance_settle_due()
    identities.claims_settle_free()


@shared_task(name="chargepoints.diagnostics_expire")
def diagnostics_expire() -> None:
    """Delete what chargers have uploaded once it was kept long enough."""
    diagnostics.diagnostics_expire()
