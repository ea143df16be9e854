"""The link of a charge point: now, in the past, and the attempts that were refused."""

from django.db import models
from django.db.models.signals import post_save
from django.dispatch import receiver

from chargepoints.choices import Refusal
from chargepoints.models.charge_point import ChargePoint


class Connection(models.Model):
    """The narrow, hot row of a charge point: its connection now, its generation and its log sequence.

    Kept apart from ChargePoint because it is written with every batch of messages. Holding this row's lock is
    what makes log sequences gapless in commit order (ARCHITECTURE, "The cursor").
    """

    charge_point = models.OneToOneField(
        ChargePoint, on_delete=models.CASCADE, primary_key=True, related_name="connection"
    )
    generation = models.BigIntegerField(default=0)
    gateway = models.CharField(max_length=36, blank=True)
    is_connected = models.BooleanField(default=False)
    connected_at = models.DateTimeField(null=True, blank=True)
    disconnected_at = models.DateTimeField(null=True, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    last_seq = models.BigIntegerField(default=0)
    subprotocol = models.CharField(max_length=16, blank=True)
    remote_address = models.CharField(max_length=64, blank=True)
    security_profile = models.PositiveSmallIntegerField(null=True, blank=True)
    close_code = models.PositiveIntegerField(null=True, blank=True)
    close_reason = models.CharField(max_length=125, blank=True)
    refused_at = models.DateTimeField(null=True, blank=True)
    refused_reason = models.CharField(max_length=24, choices=Refusal, blank=True)

    def __str__(self) -> str:
        return f"{self.charge_point} ({'connected' if self.is_connected else 'not connected'})"


@receiver(post_save, sender=ChargePoint)
def connection_create(*, instance: ChargePoint, created: bool, raw: bool = False, **_: object) -> None:
    """Every charge point has its connection row from the start, so that no reader meets a missing one."""
    if created and not raw:
        Connection.objects.get_or_create(charge_point=instance)


class LinkPeriod(models.Model):
    """One stretch of time during which a charge point was connected."""

    charge_point = models.ForeignKey(ChargePoint, on_delete=models.CASCADE, related_name="link_periods")
    generation = models.BigIntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    remote_address = models.CharField(max_length=64, blank=True)
    subprotocol = models.CharField(max_length=16, blank=True)
    close_code = models.PositiveIntegerField(null=True, blank=True)
    close_reason = models.CharField(max_length=125, blank=True)

    class Meta:
        ordering = ["-started_at"]
        constraints = [models.UniqueConstraint(fields=["charge_point", "generation"], name="link_period_unique")]
        indexes = [models.Index(fields=["charge_point", "-started_at"], name="link_period_recent")]

    def __str__(self) -> str:
        return f"{self.charge_point} from {self.started_at}"


class ConnectionAttempt(models.Model):
    """A refused handshake. The same knock again only raises the count, so guessing cannot fill the table."""

    fingerprint = models.CharField(max_length=32, unique=True, editable=False)
    charge_point = models.ForeignKey(
        ChargePoint, on_delete=models.SET_NULL, null=True, blank=True, related_name="connection_attempts"
    )
    identity = models.CharField(max_length=255, blank=True)
    remote_address = models.CharField(max_length=64, blank=True)
    user_name = models.CharField(max_length=255, blank=True)
    subprotocols = models.CharField(max_length=255, blank=True)
    path = models.CharField(max_length=512, blank=True)
    reason = models.CharField(max_length=24, choices=Refusal)
    http_status = models.PositiveSmallIntegerField()
    # What it offered and we did not know, so that accepting it needs no new password typed into it; never shown.
    password_hmac = models.CharField(max_length=64, blank=True, db_default="", default="", editable=False)
    ignored_at = models.DateTimeField(null=True, blank=True, editable=False)
    ignored_by = models.CharField(max_length=160, blank=True, db_default="", default="", editable=False)
    count = models.PositiveBigIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-last_at"]

    def __str__(self) -> str:
        return f"{self.identity or '(no identity)'}: {self.get_reason_display()}"


class GatewayProcess(models.Model):
    """A running gateway process; one that is not seen for a while has died, and its chargers with it."""

    id = models.CharField(max_length=36, primary_key=True)
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "gateway processes"

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"
