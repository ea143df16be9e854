"""What a charge costs. Amounts are Decimal in the group's currency, per kWh or per minute; VAT in percent."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone

from hub.audit.records import Place
from hub.teams.models import Organisation

_NOT_NEGATIVE = [MinValueValidator(Decimal(0))]
_CURRENCY = [RegexValidator(r"^[A-Z]{3}$", "Use the three letters of ISO 4217, such as NOK or EUR.")]


class SpotSource(models.Model):
    """Where hourly prices come from: a market area whose prices are uploaded or pushed. Nothing is fetched."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="spot_sources")
    name = models.CharField(max_length=80, help_text="The market area, such as NO1.")
    currency = models.CharField(max_length=3, validators=_CURRENCY)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="spot_source_name_unique")]

    def __str__(self) -> str:
        return self.name

    @property
    def place(self) -> Place:
        """Where acts on this source are recorded."""
        return Place(self.organisation_id)


class SpotPrice(models.Model):
    """The market's price in one hour, without VAT, per kWh; it may be negative."""

    source = models.ForeignKey(SpotSource, on_delete=models.CASCADE, related_name="prices")
    starts_at = models.DateTimeField(help_text="The begin of the hour, UTC.")
    per_kwh = models.DecimalField(max_digits=12, decimal_places=6)

    class Meta:
        ordering = ["starts_at"]
        constraints = [models.UniqueConstraint(fields=["source", "starts_at"], name="spot_price_unique")]

    def __str__(self) -> str:
        return f"{self.source} {self.starts_at}: {self.per_kwh}"


class PriceGroup(models.Model):
    """A named price. What it says at a time is one of its `prices`; these never change once they were used."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="price_groups")
    name = models.CharField(max_length=120)
    currency = models.CharField(max_length=3, validators=_CURRENCY, default="EUR")
    description = models.CharField(max_length=300, blank=True)
    authorise_amount = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        default=Decimal(0),
        validators=_NOT_NEGATIVE,
        help_text="Held on the payment method while a charge runs; 0 holds nothing.",
    )
    is_default = models.BooleanField(default=False, help_text="Of sites that have no price group.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name"],
                condition=models.Q(archived_at__isnull=True),
                name="price_group_name_unique",
                violation_error_message="There is a price group of that name already.",
            ),
            models.UniqueConstraint(
                fields=["organisation"],
                condition=models.Q(is_default=True),
                name="price_group_default_unique",
                violation_error_message="Another price group is the default already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def place(self) -> Place:
        """Where acts on this price group are recorded."""
        return Place(self.organisation_id)


class Price(models.Model):
    """What a price group says from one moment to another. A charge is billed by the one at its start."""

    price_group = models.ForeignKey(PriceGroup, on_delete=models.PROTECT, related_name="prices")
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)
    includes_vat = models.BooleanField("amounts include VAT", default=True)
    vat_percent = models.DecimalField(
        "VAT (%)",
        max_digits=5,
        decimal_places=2,
        default=Decimal(0),
        validators=[*_NOT_NEGATIVE, MaxValueValidator(Decimal(100))],
    )
    start_fee = models.DecimalField(max_digits=12, decimal_places=4, default=Decimal(0), validators=_NOT_NEGATIVE)
    per_kwh = models.DecimalField(max_digits=12, decimal_places=6, default=Decimal(0), validators=_NOT_NEGATIVE)
    per_minute = models.DecimalField(max_digits=12, decimal_places=6, default=Decimal(0), validators=_NOT_NEGATIVE)
    free_minutes = models.PositiveIntegerField(
        default=0, help_text="Of the price per minute: the first minutes cost nothing."
    )
    idle_per_minute = models.DecimalField(max_digits=12, decimal_places=6, default=Decimal(0), validators=_NOT_NEGATIVE)
    idle_grace_minutes = models.PositiveIntegerField(
        default=0, help_text="After the last energy, before the idle fee begins."
    )
    idle_maximum = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True, validators=_NOT_NEGATIVE)
    minimum = models.DecimalField(
        max_digits=12,
        decimal_places=4,
        default=Decimal(0),
        validators=_NOT_NEGATIVE,
        help_text="The least that a charge with energy costs.",
    )
    windows = models.JSONField(
        default=list,
        blank=True,
        help_text="Times of day with own prices: weekdays (0 Monday), from_minute, to_minute, per_kwh, per_minute.",
    )
    spot_source = models.ForeignKey(SpotSource, on_delete=models.PROTECT, null=True, blank=True, related_name="used_by")
    spot_factor = models.DecimalField(max_digits=6, decimal_places=3, default=Decimal(1), validators=_NOT_NEGATIVE)
    spot_fallback = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    spot_minimum = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    spot_maximum = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by_name = models.CharField(max_length=160, blank=True, editable=False)

    class Meta:
        ordering = ["price_group", "-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["price_group", "valid_from"], name="price_valid_from_unique"),
            models.CheckConstraint(
                condition=models.Q(valid_to__isnull=True) | models.Q(valid_to__gt=models.F("valid_from")),
                name="price_ends_after_start",
                violation_error_message="The end must be after the start.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.price_group} from {self.valid_from}"
