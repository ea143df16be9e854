"""Operator organisation > teams; people are members of an organisation or of one of its teams."""

from django.contrib.auth.models import AbstractUser
from django.db import models

from hub.teams.choices import Role


class Theme(models.TextChoices):
    """Which colours a person wants."""

    AUTO = "auto", "As the system"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class Density(models.TextChoices):
    """How close rows stand."""

    NORMAL = "normal", "Normal"
    COMPACT = "compact", "Compact"


class User(AbstractUser):
    """A person who can sign in."""

    theme = models.CharField(max_length=8, choices=Theme, default=Theme.AUTO)
    density = models.CharField(max_length=8, choices=Density, default=Density.NORMAL)

    def __str__(self) -> str:
        return self.get_full_name() or self.username


class Organisation(models.Model):
    """A charging-network operator; nothing of one is visible to another."""

    name = models.CharField(max_length=120, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Team(models.Model):
    """A part of an organisation that owns sites."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="teams")
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="team_name_unique")]

    def __str__(self) -> str:
        return self.name


class Member(models.Model):
    """A person's role in an organisation; with a team, only in that team."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="members")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="members", null=True, blank=True)
    role = models.CharField(max_length=16, choices=Role, default=Role.READ_ONLY)

    class Meta:
        ordering = ["organisation", "user"]
        constraints = [
            models.UniqueConstraint(fields=["user", "organisation", "team"], name="member_unique", nulls_distinct=False)
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()}, {self.team or self.organisation})"
