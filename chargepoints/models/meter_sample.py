"""Meter readings as they came, with their unit normalised."""

from django.db import models

from chargepoints.models.charge_point import ChargePoint


class MeterSample(models.Model):
    """One sampled value. Partitioned by month of `received_at`; written by COPY only.

    `value` is in Wh, W, A, V, percent or whatever `unit` says after normalisation (kWh and kW become Wh and W);
    `raw` is the charger's own text, byte for byte, and `value` is null where that is no number.
    """

    id = models.BigAutoField(primary_key=True)
    charge_point = models.ForeignKey(
        ChargePoint,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="meter_samples",
    )
    connector_number = models.IntegerField()
    charge_id = models.BigIntegerField(null=True, blank=True)
    at = models.DateTimeField(help_text="The charger's own time, or ours where it is unusable.")
    received_at = models.DateTimeField()
    measurand = models.CharField(max_length=64)
    phase = models.CharField(max_length=16, blank=True)
    location = models.CharField(max_length=16, blank=True)
    context = models.CharField(max_length=32, blank=True)
    unit = models.CharField(max_length=16, blank=True)
    value = models.DecimalField(max_digits=18, decimal_places=3, null=True, blank=True)
    raw = models.TextField()

    class Meta:
        ordering = ["charge_point", "at"]

    def __str__(self) -> str:
        return f"{self.measurand} {self.value} {self.unit}"
