"""Drivers and what they identify themselves with."""

from django.db import models
from django.db.models.functions import Lower

from chargepoints.choices import KeyState, KeyType
from hub.teams.models import Organisation


class Driver(models.Model):
    """A person who charges."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="drivers")
    name = models.CharField(max_length=120)
    email = models.EmailField(blank=True)
    user_id = models.CharField(max_length=64)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["organisation", "user_id"], name="driver_user_id_unique")]

    def __str__(self) -> str:
        return self.name


class ChargeKey(models.Model):
    """An id tag: an RFID card or an app token. Compared without regard to case (OCPP 1.6 CiString)."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="charge_keys")
    driver = models.ForeignKey(Driver, on_delete=models.SET_NULL, null=True, blank=True, related_name="charge_keys")
    id_tag = models.CharField(max_length=255)
    type = models.CharField(max_length=8, choices=KeyType, default=KeyType.RFID)
    state = models.CharField(max_length=8, choices=KeyState, default=KeyState.ACTIVE)
    expires_at = models.DateTimeField(null=True, blank=True)
    parent_id_tag = models.CharField(max_length=20, blank=True, help_text="The group this key belongs to.")

    class Meta:
        ordering = ["id_tag"]
        constraints = [models.UniqueConstraint("organisation", Lower("id_tag"), name="charge_key_id_tag_unique")]

    def __str__(self) -> str:
        return self.id_tag
