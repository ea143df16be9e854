"""Sites, and memberships limited to some of them."""

import zoneinfo

from django.core.exceptions import ValidationError
from django.db import models

from hub.teams.models import Member, Team


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

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["team", "name"], name="site_name_unique")]

    def __str__(self) -> str:
        return self.name


class SiteLimit(models.Model):
    """A membership that has any of these sees only these sites."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="site_limits")
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="limits")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "site"], name="site_limit_unique")]

    def __str__(self) -> str:
        return f"{self.member}: {self.site}"
