"""What a charge costs and how that was found; beside Charge, which says only what the frames say."""

from decimal import Decimal

from django.db import models
from django.utils import timezone

from chargepoints.choices import BillState
from chargepoints.models.charge import Charge
from chargepoints.models.charge_point import ChargePoint
from chargepoints.models.key import Driver
from chargepoints.models.payment import PaymentMethod
from chargepoints.models.price import Price, PriceGroup
from chargepoints.models.site import Site
from hub.audit.records import Place
from hub.teams.models import Organisation


class Bill(models.Model):
    """One for each charge, made when it begins: who pays, at which price, at which site. Energy in Wh, times in s.

    It keeps what was true at the start: a charger that moves, or a price that changes, changes no bill.
    """

    charge = models.OneToOneField(Charge, on_delete=models.PROTECT, related_name="bill")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="bills")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="bills")
    driver = models.ForeignKey(Driver, on_delete=models.PROTECT, null=True, blank=True, related_name="bills")
    price_group = models.ForeignKey(PriceGroup, on_delete=models.PROTECT, null=True, blank=True, related_name="bills")
    price = models.ForeignKey(Price, on_delete=models.PROTECT, null=True, blank=True, related_name="bills")
    payment_method = models.ForeignKey(
        PaymentMethod, on_delete=models.PROTECT, null=True, blank=True, related_name="bills"
    )
    state = models.CharField(max_length=10, choices=BillState, default=BillState.OPEN)
    currency = models.CharField(max_length=3, default="EUR")
    energy_wh = models.BigIntegerField(default=0, help_text="What is billed.")
    seconds = models.PositiveIntegerField(default=0)
    idle_seconds = models.PositiveIntegerField(default=0)
    net = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    vat = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    total = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    lines = models.JSONField(default=list, blank=True, help_text="kind, label, quantity, unit, unit_price, amount")
    holds = models.JSONField(default=list, blank=True, help_text="Why it is held: rule, text, before, after")
    proposed_wh = models.BigIntegerField(null=True, blank=True, help_text="The energy that would be right.")
    proposed_why = models.CharField(max_length=200, blank=True)
    started_at = models.DateTimeField(help_text="Of the charge; for reports.")
    ended_at = models.DateTimeField(null=True, blank=True)
    computed_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by_name = models.CharField(max_length=160, blank=True)
    review_note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-started_at", "-id"]
        indexes = [
            models.Index(fields=["organisation", "-started_at", "-id"], name="bill_recent"),
            models.Index(fields=["site", "-started_at"], name="bill_site"),
            models.Index(fields=["driver", "-started_at"], name="bill_driver"),
            models.Index(
                fields=["state", "-started_at"],
                condition=models.Q(state__in=[BillState.OPEN, BillState.HELD, BillState.UNPAID]),
                name="bill_unsettled",
            ),
            models.Index(fields=["-started_at"], condition=models.Q(proposed_wh__isnull=False), name="bill_proposed"),
        ]

    def __str__(self) -> str:
        return f"Bill of {self.charge}"

    @property
    def place(self) -> Place:
        """Where acts on this bill are recorded; `site` must be loaded."""
        return Place(self.organisation_id, self.site.team_id, self.site_id)


class HomeCharger(models.Model):
    """A charge point at a driver's home: what it costs them is paid back per kWh."""

    charge_point = models.ForeignKey(ChargePoint, on_delete=models.CASCADE, related_name="home_of")
    driver = models.ForeignKey(Driver, on_delete=models.CASCADE, related_name="home_chargers")
    per_kwh = models.DecimalField(max_digits=12, decimal_places=6)
    currency = models.CharField(max_length=3, default="EUR")
    valid_from = models.DateTimeField(default=timezone.now)
    valid_to = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["driver", "-valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_to__isnull=True) | models.Q(valid_to__gt=models.F("valid_from")),
                name="home_charger_ends_after_start",
                violation_error_message="The end must be after the start.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.charge_point} of {self.driver}"
