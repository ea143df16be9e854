"""Where a charger deviates from its protocol, and what it reports of its security."""

from django.db import models

from chargepoints.models.charge_point import ChargePoint


class Finding(models.Model):
    """One named rule of tolerance that a charger has needed; repeats only count up."""

    charge_point = models.ForeignKey(ChargePoint, on_delete=models.CASCADE, related_name="findings")
    rule = models.CharField(max_length=48)
    detail = models.CharField(max_length=255, blank=True)
    example = models.TextField(blank=True, help_text="The frame that showed it first, cut to 2 kB.")
    firmware = models.CharField(max_length=255, blank=True)
    count = models.PositiveBigIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        ordering = ["-last_at"]
        constraints = [models.UniqueConstraint(fields=["charge_point", "rule"], name="finding_unique")]

    def __str__(self) -> str:
        return f"{self.charge_point}: {self.rule}"


class SecurityEvent(models.Model):
    """What a charger reports by SecurityEventNotification; unknown types are kept too."""

    charge_point = models.ForeignKey(ChargePoint, on_delete=models.CASCADE, related_name="security_events")
    type = models.CharField(max_length=255)
    is_critical = models.BooleanField(default=False)
    tech_info = models.CharField(max_length=1024, blank=True)
    reported_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField()

    class Meta:
        ordering = ["-received_at"]
        indexes = [models.Index(fields=["charge_point", "-received_at"], name="security_event_recent")]

    def __str__(self) -> str:
        return f"{self.charge_point}: {self.type}"
