"""Sites, and memberships limited to some of them."""

import zoneinfo

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from chargepoints.models.price import PriceGroup
from hub.audit.records import Place
from hub.teams.models import Member, Team

_DEGREES = [[MinValueValidator(-most), MaxValueValidator(most)] for most in (90, 180)]


def validate_time_zone(value: str) -> None:
    """Raises ValidationError unless `value` is an IANA zone name."""
    if value not in zoneinfo.available_timezones():
        raise ValidationError(f"{value!r} is no time zone. Use a name such as Europe/Oslo.")


class Site(models.Model):
    """A place with charge points behind one grid connection."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="sites")
    name = models.CharField(max_length=120)
    address = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=80, blank=True)
    time_zone = models.CharField(max_length=64, default="Europe/Oslo", validators=[validate_time_zone])
    phone = models.CharField(max_length=40, blank=True)
    power_limit_w = models.PositiveIntegerField("power limit (W)", null=True, blank=True)
    notes = models.TextField(blank=True)
    price_group = models.ForeignKey(
        PriceGroup,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sites",
        help_text="Empty: the organisation's default.",
    )
    latitude = models.DecimalField(max_digits=8, decimal_places=6, null=True, blank=True, validators=_DEGREES[0])
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True, validators=_DEGREES[1])
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "name"],
                condition=models.Q(archived_at__isnull=True),
                name="site_name_unique",
                violation_error_message="This team has a site of that name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Half a position is none."""
        if (self.latitude is None) != (self.longitude is None):
            missing = "latitude" if self.latitude is None else "longitude"
            raise ValidationError({missing: "Give both, latitude and longitude, or neither."})

    @property
    def place(self) -> Place:
        """Where acts on this site are recorded; `team` must be loaded."""
        return Place(self.team.organisation_id, self.team_id, self.pk)


class SiteLimit(models.Model):
    """A membership that has any of these sees only these sites."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="site_limits")
    # Protected: a membership whose last limit went would reach everything.
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="limits")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "site"], name="site_limit_unique")]

    def __str__(self) -> str:
        return f"{self.member}: {self.site}"
