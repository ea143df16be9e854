"""One line of a charger's log: an exchange (request and answer), or a note of our own."""

from django.db import models

from chargepoints.choices import Category, Direction
from chargepoints.models.charge_point import ChargePoint


class LogLine(models.Model):
    """Partitioned by month of `seq`, keyed by (charge_point, seq); written by COPY only.

    `seq` is microseconds since the epoch, forced strictly upwards per charge point in commit order: the cursor
    of the live log, the permalink and the paging key. Raw frames are text because jsonb refuses NUL.
    """

    id = models.BigAutoField(primary_key=True)
    charge_point = models.ForeignKey(
        ChargePoint,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="log_lines",
    )
    seq = models.BigIntegerField()
    at = models.DateTimeField(help_text="When the request was received or sent.")
    direction = models.CharField(max_length=3, choices=Direction, blank=True)
    category = models.CharField(max_length=5, choices=Category)
    is_error = models.BooleanField(default=False)
    action = models.CharField(max_length=64)
    fact = models.CharField(max_length=300, blank=True, help_text="What matters, set in bold.")
    text = models.CharField(max_length=1024, blank=True)
    message_id = models.CharField(max_length=255, blank=True)
    request = models.TextField(blank=True)
    answer = models.TextField(blank=True)
    latency_us = models.BigIntegerField(null=True, blank=True)
    connector_number = models.IntegerField(null=True, blank=True)
    transaction_id = models.CharField(max_length=64, blank=True)
    command_id = models.UUIDField(null=True, blank=True)
    generation = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["charge_point", "seq"]

    def __str__(self) -> str:
        return f"{self.seq} {self.action}"
