"""Remote actions as rows: the row is the truth, wake-ups only travel."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from chargepoints.choices import KEPT_COMMAND_STATUSES, OPEN_COMMAND_STATUSES, CommandStatus, Effect
from chargepoints.models.charge import Charge
from chargepoints.models.charge_point import ChargePoint
from hub.teams.models import ApiKey


class Command(models.Model):
    """One remote action; its id is the OCPP message id. Moved only by compare-and-set."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    charge_point = models.ForeignKey(ChargePoint, on_delete=models.PROTECT, related_name="commands")
    kind = models.CharField(max_length=32)
    parameters = models.JSONField(default=dict)
    status = models.CharField(max_length=12, choices=CommandStatus, default=CommandStatus.QUEUED)
    effect = models.CharField(max_length=8, choices=Effect, default=Effect.NONE, blank=True)
    connector_number = models.PositiveIntegerField(null=True, blank=True)
    charge = models.ForeignKey(Charge, on_delete=models.SET_NULL, null=True, blank=True, related_name="commands")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="commands"
    )
    api_key = models.ForeignKey(
        ApiKey, on_delete=models.SET_NULL, null=True, blank=True, related_name="commands", db_index=False
    )
    author_name = models.CharField(max_length=150)
    author_address = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    # A command that is made of others, such as a check.
    parent = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="steps", db_index=False
    )
    created_at = models.DateTimeField()
    not_before = models.DateTimeField(null=True, blank=True, help_text="Scheduled for this time.")
    keep_until = models.DateTimeField(
        null=True, blank=True, help_text="Until when it waits for a charger that is offline; empty: it is refused."
    )
    dispatched_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    sent_generation = models.BigIntegerField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=255, blank=True, help_text="The charger's word, or why there is none.")
    result = models.JSONField(null=True, blank=True, help_text="The payload of the charger's answer.")
    request_id = models.BigIntegerField(null=True, blank=True, help_text="Ties status messages to a long job.")
    progress = models.JSONField(default=list, blank=True, help_text="Status messages of a long job: [time, word].")
    expires_at = models.DateTimeField()
    effect_due_at = models.DateTimeField(null=True, blank=True)
    effect_at = models.DateTimeField(null=True, blank=True)
    effect_text = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["charge_point", "-created_at"], name="command_recent"),
            models.Index(
                fields=["expires_at"],
                condition=models.Q(status__in=OPEN_COMMAND_STATUSES),
                name="command_open",
            ),
            models.Index(
                fields=["expires_at"],
                condition=models.Q(status__in=KEPT_COMMAND_STATUSES),
                name="command_kept",
            ),
            models.Index(fields=["parent"], condition=models.Q(parent__isnull=False), name="command_steps"),
            models.Index(fields=["api_key"], condition=models.Q(api_key__isnull=False), name="command_api_key"),
            models.Index(fields=["-created_at", "-id"], name="command_newest"),
            # What was kept is older than what its time of sending tells.
            models.Index(
                fields=["charge_point", "sent_at"],
                condition=models.Q(not_before__isnull=False) | models.Q(keep_until__isnull=False),
                name="command_kept_sent",
            ),
            models.Index(
                fields=["charge_point", "sent_at"],
                condition=models.Q(status=CommandStatus.ACCEPTED, effect=Effect.MISSING),
                name="command_no_effect",
            ),
            models.Index(
                fields=["charge_point", "created_at"],
                condition=models.Q(status=CommandStatus.DISPATCHED),
                name="command_dispatched",
            ),
            models.Index(
                fields=["charge_point", "effect_due_at"],
                condition=models.Q(effect=Effect.AWAITED),
                name="command_effect_awaited",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.charge_point}"


class IdempotencyKey(models.Model):
    """What a program asked for under a key of its own: the same again gives the same command, never a second one."""

    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="Of the request: another one under this key is refused.")
    command = models.ForeignKey(Command, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["api_key", "key"], name="idempotency_key_unique")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_key_age")]

    def __str__(self) -> str:
        return self.key
