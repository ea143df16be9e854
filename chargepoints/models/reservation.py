"""Reservations."""

from django.db import models

from chargepoints.choices import ReservationState
from chargepoints.models.charge_point import ChargePoint


class Reservation(models.Model):
    """A connector (0: any) kept for an id tag until `expires_at`; it ends here by itself, 1.6 tells no end."""

    charge_point = models.ForeignKey(ChargePoint, on_delete=models.CASCADE, related_name="reservations")
    connector_number = models.PositiveIntegerField()
    reservation_id = models.BigIntegerField()
    id_tag = models.CharField(max_length=255)
    parent_id_tag = models.CharField(max_length=20, blank=True)
    state = models.CharField(max_length=10, choices=ReservationState, default=ReservationState.ACTIVE)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-made_at"]
        constraints = [models.UniqueConstraint(fields=["charge_point", "reservation_id"], name="reservation_unique")]
        indexes = [
            models.Index(
                fields=["charge_point", "expires_at"],
                condition=models.Q(state=ReservationState.ACTIVE),
                name="reservation_active",
            )
        ]

    def __str__(self) -> str:
        return f"{self.charge_point} {self.connector_number} for {self.id_tag}"
