"""What chargers report of their configuration."""

from django.db import models

from chargepoints.models.charge_point import ChargePoint


class ConfigurationItem(models.Model):
    """One key as the charger last reported it, or as it was last accepted. `value` is null for write-only keys."""

    charge_point = models.ForeignKey(ChargePoint, on_delete=models.CASCADE, related_name="configuration")
    key = models.CharField(max_length=255)
    value = models.TextField(null=True, blank=True)
    is_readonly = models.BooleanField(default=False)
    needs_reboot = models.BooleanField(default=False, help_text="Accepted, but in force only after a restart.")
    reported_at = models.DateTimeField()

    class Meta:
        ordering = ["charge_point", "key"]
        constraints = [models.UniqueConstraint(fields=["charge_point", "key"], name="configuration_key_unique")]

    def __str__(self) -> str:
        return f"{self.charge_point} {self.key}"


class LocalList(models.Model):
    """The local authorisation list that a charger has accepted. OCPP 1.6 cannot read it back (QUIRKS 7.6)."""

    charge_point = models.OneToOneField(
        ChargePoint, on_delete=models.CASCADE, primary_key=True, related_name="local_list"
    )
    version = models.IntegerField(default=0, help_text="-1: the charger has no local list.")
    entries = models.JSONField(default=dict, help_text="id tag in lower case: its idTagInfo.")
    in_doubt = models.BooleanField(default=False, help_text="An update failed: send the whole list next.")
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.charge_point} version {self.version}"


class ChargingProfile(models.Model):
    """A charging profile that a charger has accepted; limits in the unit that `profile` names."""

    charge_point = models.ForeignKey(ChargePoint, on_delete=models.CASCADE, related_name="charging_profiles")
    connector_number = models.PositiveIntegerField()
    profile_id = models.BigIntegerField()
    purpose = models.CharField(max_length=32)
    stack_level = models.PositiveIntegerField()
    transaction_id = models.CharField(max_length=64, blank=True)
    profile = models.JSONField()
    set_at = models.DateTimeField()

    class Meta:
        ordering = ["charge_point", "connector_number", "purpose", "-stack_level"]
        constraints = [models.UniqueConstraint(fields=["charge_point", "profile_id"], name="charging_profile_unique")]

    def __str__(self) -> str:
        return f"{self.charge_point} profile {self.profile_id}"
