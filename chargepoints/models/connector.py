"""Connectors and the history of what they reported."""

from django.db import models

from chargepoints.choices import ConnectorStatus, ConnectorType
from chargepoints.models.charge_point import ChargePoint


class Connector(models.Model):
    """A cable or socket, numbered from 1 within its charge point."""

    charge_point = models.ForeignKey(ChargePoint, on_delete=models.CASCADE, related_name="connectors")
    number = models.PositiveIntegerField()
    type = models.CharField(max_length=8, choices=ConnectorType, blank=True)
    max_power_w = models.PositiveIntegerField("max power (W)", null=True, blank=True)
    status = models.CharField(max_length=16, choices=ConnectorStatus, default=ConnectorStatus.UNKNOWN)
    raw_status = models.CharField(max_length=255, blank=True, help_text="As the charger spelled it.")
    error_code = models.CharField(max_length=255, blank=True)
    vendor_error_code = models.CharField(max_length=255, blank=True)
    info = models.CharField(max_length=1024, blank=True)
    status_at = models.DateTimeField(null=True, blank=True, help_text="The charger's own time.")
    status_since = models.DateTimeField(null=True, blank=True, help_text="Received; first of this status.")
    power_w = models.IntegerField(null=True, blank=True)
    register_wh = models.BigIntegerField(null=True, blank=True)
    metered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["charge_point", "number"]
        constraints = [models.UniqueConstraint(fields=["charge_point", "number"], name="connector_number_unique")]

    def __str__(self) -> str:
        return f"{self.charge_point} {self.number}"


class StatusChange(models.Model):
    """One status the charger reported that differed from the one before; connector 0 is the box."""

    charge_point = models.ForeignKey(ChargePoint, on_delete=models.CASCADE, related_name="status_changes")
    connector_number = models.PositiveIntegerField()
    status = models.CharField(max_length=16, choices=ConnectorStatus)
    raw_status = models.CharField(max_length=255, blank=True)
    error_code = models.CharField(max_length=255, blank=True)
    vendor_error_code = models.CharField(max_length=255, blank=True)
    info = models.CharField(max_length=1024, blank=True)
    reported_at = models.DateTimeField(null=True, blank=True, help_text="The charger's own time.")
    received_at = models.DateTimeField()

    class Meta:
        ordering = ["-received_at", "-id"]
        indexes = [models.Index(fields=["charge_point", "-received_at"], name="status_change_recent")]

    def __str__(self) -> str:
        return f"{self.charge_point} {self.connector_number}: {self.status}"
