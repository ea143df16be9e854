"""One command for many charge points, at a pace, with an end when it goes wrong."""

import uuid

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone

from chargepoints.action_choices import BatchRowState, BatchState
from chargepoints.models.charge_point import ChargePoint
from chargepoints.models.command import Command
from chargepoints.models.file import FirmwareFile
from hub.audit.records import Place
from hub.teams.models import ApiKey, Organisation


class CommandBatch(models.Model):
    """A remote action for many charge points: a bulk action, or a firmware wave. Times in s."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="batches")
    kind = models.CharField(max_length=32)
    parameters = models.JSONField(default=dict)
    firmware = models.ForeignKey(FirmwareFile, on_delete=models.PROTECT, null=True, blank=True, related_name="batches")
    state = models.CharField(max_length=10, choices=BatchState, default=BatchState.RUNNING)
    state_why = models.CharField(max_length=255, blank=True, help_text="Why it was halted or stopped.")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="batches"
    )
    api_key = models.ForeignKey(ApiKey, on_delete=models.SET_NULL, null=True, blank=True, related_name="batches")
    author_name = models.CharField(max_length=150)
    author_address = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    # The pace.
    at_once = models.PositiveIntegerField(default=20, validators=[MinValueValidator(1)])
    per_minute = models.PositiveIntegerField(default=0, help_text="0: as fast as it goes.")
    jitter_s = models.PositiveIntegerField(default=0, help_text="Each begins up to this much later, by chance.")
    canaries = models.PositiveIntegerField(
        default=0, help_text="So many first, and the rest when all of them are done."
    )
    step = models.PositiveIntegerField(default=0, help_text="The next so many when those before are done; 0: no steps.")
    skip_busy = models.BooleanField(default=False, help_text="One where a charge runs waits until it has ended.")
    watch_s = models.PositiveIntegerField(default=0, help_text="How long one is watched for faults after it is done.")
    halt_percent = models.PositiveIntegerField(default=0, help_text="Halts when more than this fail; 0: never.")
    keep_s = models.PositiveIntegerField(default=0, help_text="How long it waits for chargers that are offline.")
    not_before = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    resumed_at = models.DateTimeField(
        null=True, blank=True, help_text="When a person last set it going again: failures before that halt nothing."
    )
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Since when nothing of it is under way.")

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "command batches"
        indexes = [
            models.Index(fields=["organisation", "-created_at"], name="batch_recent"),
            models.Index(
                fields=["created_at"],
                condition=models.Q(state__in=[BatchState.SCHEDULED, BatchState.RUNNING]),
                name="batch_running",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def place(self) -> Place:
        """Where acts on this batch are recorded."""
        return Place(self.organisation_id)


class BatchRow(models.Model):
    """One charge point of a batch; its command is that of the last try."""

    batch = models.ForeignKey(CommandBatch, on_delete=models.CASCADE, related_name="rows")
    charge_point = models.ForeignKey(ChargePoint, on_delete=models.PROTECT, related_name="batch_rows")
    position = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=BatchRowState, default=BatchRowState.WAITING)
    why = models.CharField(max_length=255, blank=True, help_text="Why it was left out, failed or waits.")
    tries = models.PositiveIntegerField(default=0)
    command = models.ForeignKey(Command, on_delete=models.SET_NULL, null=True, blank=True, related_name="batch_rows")
    due_at = models.DateTimeField(null=True, blank=True, help_text="Not sent before; or watched until.")
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["batch", "charge_point"], name="batch_row_unique")]
        indexes = [models.Index(fields=["batch", "state", "position"], name="batch_row_state")]

    def __str__(self) -> str:
        return f"{self.charge_point}: {self.state}"
