"""Programs that are told what happens: where to, and what became of each message."""

import uuid
from urllib.parse import urlsplit

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from chargepoints.action_choices import DeliveryState, WebhookEvent
from hub.audit.records import Place
from hub.teams.models import Organisation, Team


class Webhook(models.Model):
    """An address that is told the events of an organisation, or of one team in it."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="webhooks")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, blank=True, related_name="webhooks")
    name = models.CharField(max_length=80)
    url = models.CharField(max_length=500)
    events = ArrayField(models.CharField(max_length=32, choices=WebhookEvent), help_text="Which events it is told.")
    # It signs, so it must be known here: encrypted with the server's key, shown once when it is made.
    secret = models.CharField(max_length=255, editable=False)
    # The one before, which signs as well until then, so that receivers can change over.
    previous_secret = models.CharField(max_length=255, blank=True, default="", editable=False)
    previous_until = models.DateTimeField(null=True, blank=True, editable=False)
    is_active = models.BooleanField(default=True)
    paused_why = models.CharField(max_length=200, blank=True, help_text="Why it was switched off by itself.")
    failures = models.PositiveIntegerField(default=0, help_text="Deliveries given up in a row.")
    # One worker at a time sends to it; one that died is not waited for longer than this.
    sending_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_by_name = models.CharField(max_length=160)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]
        # Asked by the triggers that write events: empty where nobody listens.
        indexes = [
            models.Index(fields=["organisation"], condition=models.Q(is_active=True), name="webhook_active"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def host(self) -> str:
        """The host of its address."""
        return urlsplit(self.url).netloc

    @property
    def both_sign(self) -> bool:
        """Whether the secret before this one signs as well."""
        return bool(self.previous_secret) and self.previous_until is not None and self.previous_until > timezone.now()

    @property
    def place(self) -> Place:
        """Where acts on this webhook are recorded."""
        return Place(self.organisation_id, self.team_id)


class WebhookDelivery(models.Model):
    """One event on its way to one webhook; the id is the message id that the receiver sees."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Without a constraint: a webhook that is being deleted must not fail what is just written for it.
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, db_constraint=False, related_name="deliveries")
    event = models.CharField(max_length=32, choices=WebhookEvent)
    body = models.JSONField()
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.WAITING)
    tries = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    replay_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="replays")
    created_at = models.DateTimeField(default=timezone.now)
    tried_at = models.DateTimeField(null=True, blank=True)
    took_ms = models.PositiveIntegerField(null=True, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    error = models.CharField(max_length=255, blank=True)
    answer = models.CharField(max_length=1000, blank=True, help_text="The begin of what the receiver answered.")

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "webhook deliveries"
        indexes = [
            models.Index(fields=["webhook", "-created_at"], name="delivery_recent"),
            models.Index(
                fields=["webhook", "next_at"],
                condition=models.Q(state=DeliveryState.WAITING),
                name="delivery_due",
            ),
            models.Index(fields=["created_at"], name="delivery_age"),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.webhook}"
