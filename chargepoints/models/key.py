"""Drivers and what they identify themselves with."""

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from chargepoints.choices import KeyState, KeyType
from chargepoints.models.charge_point import ChargePoint
from chargepoints.models.site import Site
from hub.audit.records import Place
from hub.teams.models import Organisation, Team


class Driver(models.Model):
    """A person who charges."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="drivers")
    name = models.CharField(max_length=120)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    user_id = models.CharField("user id", max_length=64)
    is_blocked = models.BooleanField("blocked", default=False, help_text="None of the driver's keys works.")
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "user_id"],
                name="driver_user_id_unique",
                violation_error_message="Another driver has this user id.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def place(self) -> Place:
        """Where acts on this driver are recorded."""
        return Place(self.organisation_id)


class ChargeKey(models.Model):
    """An id tag: an RFID card or an app token. Compared without regard to case (OCPP 1.6 CiString)."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="charge_keys")
    driver = models.ForeignKey(Driver, on_delete=models.SET_NULL, null=True, blank=True, related_name="charge_keys")
    id_tag = models.CharField(max_length=255)
    label = models.CharField(max_length=80, blank=True, help_text="What is printed on it, or who has it.")
    type = models.CharField(max_length=8, choices=KeyType, default=KeyType.RFID)
    state = models.CharField(max_length=8, choices=KeyState, default=KeyState.ACTIVE)
    expires_at = models.DateTimeField(null=True, blank=True)
    parent_id_tag = models.CharField(
        "group", max_length=20, blank=True, help_text="Keys of one group may stop each other's charges."
    )
    allows_concurrent = models.BooleanField(
        "several charges at once", default=False, help_text="Otherwise a second start is answered with ConcurrentTx."
    )
    for_tests = models.BooleanField(
        "for tests only", default=False, editable=False, help_text="Works only where an installer job is open."
    )
    payment_method = models.ForeignKey(
        "PaymentMethod",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="charge_keys",
        help_text="Empty: the driver's default.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["id_tag"]
        constraints = [models.UniqueConstraint("organisation", Lower("id_tag"), name="charge_key_id_tag_unique")]

    def __str__(self) -> str:
        return self.id_tag

    @property
    def place(self) -> Place:
        """Where acts on this key are recorded."""
        return Place(self.organisation_id)


class KeyLimit(models.Model):
    """A key that has any of these works only there: exactly one of team, site and charge point is set."""

    charge_key = models.ForeignKey(ChargeKey, on_delete=models.CASCADE, related_name="limits")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    charge_point = models.ForeignKey(ChargePoint, on_delete=models.CASCADE, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(
                    models.Q(team__isnull=False, site__isnull=True, charge_point__isnull=True)
                    | models.Q(team__isnull=True, site__isnull=False, charge_point__isnull=True)
                    | models.Q(team__isnull=True, site__isnull=True, charge_point__isnull=False)
                ),
                name="key_limit_one_place",
            ),
            models.UniqueConstraint(
                fields=["charge_key", "team", "site", "charge_point"], name="key_limit_unique", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.charge_key}: {self.team or self.site or self.charge_point}"
