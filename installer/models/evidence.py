"""What a job leaves behind for a charge point: notes, photos, and the steps of its acceptance test."""

import uuid

from django.db import models
from django.utils import timezone

from chargepoints.models import Charge, Command
from installer.choices import CHARGE_STEPS, PhotoKind, Side, StepKind, StepState
from installer.models.job import JobChargePoint


class Note(models.Model):
    """What one side tells the other about a charge point; each side has one, and reads both."""

    row = models.ForeignKey(JobChargePoint, on_delete=models.CASCADE, related_name="notes")
    side = models.CharField(max_length=12, choices=Side)
    text = models.TextField()
    author_name = models.CharField(max_length=160)
    edited_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["row", "side"], name="job_note_unique")]

    def __str__(self) -> str:
        return f"{self.side}: {self.text[:40]}"


class JobPhoto(models.Model):
    """A photo: made anew by us from what came (no EXIF, no place), stored below HUB_FILES_DIR/photos."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    row = models.ForeignKey(JobChargePoint, on_delete=models.CASCADE, related_name="photos")
    kind = models.CharField(max_length=8, choices=PhotoKind, default=PhotoKind.PLATE)
    size = models.PositiveIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    author_name = models.CharField(max_length=160)
    received_at = models.DateTimeField(default=timezone.now)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["received_at"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.row}"


class AcceptanceStep(models.Model):
    """One step of the acceptance test of a charge point, or of one of its connectors, with its evidence."""

    row = models.ForeignKey(JobChargePoint, on_delete=models.CASCADE, related_name="steps")
    kind = models.CharField(max_length=16, choices=StepKind)
    connector_number = models.PositiveIntegerField(default=0, help_text="0: the whole charge point.")
    state = models.CharField(max_length=8, choices=StepState, default=StepState.TODO)
    evidence = models.CharField(max_length=255, blank=True, help_text="What was seen, in words.")
    log_seq = models.BigIntegerField(null=True, blank=True, help_text="The log line that proves it.")
    command = models.ForeignKey(Command, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    charge = models.ForeignKey(Charge, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    skip_reason = models.CharField(max_length=200, blank=True)
    by_name = models.CharField(max_length=160, blank=True)
    # To do and asked for: its turn comes.
    asked_at = models.DateTimeField(null=True, blank=True, help_text="Since when somebody wants it to run.")
    started_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True, help_text="Failed when it has not passed by then.")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["row", "kind", "connector_number"], name="acceptance_step_unique"),
            models.CheckConstraint(
                condition=~models.Q(state=StepState.SKIPPED) | ~models.Q(skip_reason=""),
                name="acceptance_skip_has_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(state=StepState.RUNNING), name="acceptance_running"),
            models.Index(
                fields=["row"],
                condition=models.Q(state=StepState.TODO, asked_at__isnull=False),
                name="acceptance_asked",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.state}"

    @property
    def is_under_way(self) -> bool:
        """Whether it runs, or its turn comes."""
        return self.state == StepState.RUNNING or (self.state == StepState.TODO and self.asked_at is not None)

    @property
    def can_skip(self) -> bool:
        """Whether somebody can leave it out now: not what has passed, and no part of a test charge that runs."""
        if self.state == StepState.RUNNING:
            return self.kind not in CHARGE_STEPS
        return self.state in {StepState.TODO, StepState.FAILED}
