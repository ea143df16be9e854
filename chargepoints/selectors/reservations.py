"""What is reserved."""

from django.utils import timezone

from chargepoints.choices import ReservationState
from chargepoints.models import ChargePoint, Reservation


def reservations_active(charge_point: ChargePoint) -> list[Reservation]:
    """The reservations that run, the next to end first: one query."""
    active = Reservation.objects.filter(charge_point=charge_point, state=ReservationState.ACTIVE)
    return list(active.filter(expires_at__gt=timezone.now()).order_by("expires_at"))
