"""The audit log: rows are added and never changed; a trigger of the database sees to it (migration 0002)."""

from django.db import models

from hub.audit.choices import ActorKind
from hub.teams.models import Organisation, Team


class AuditEntry(models.Model):
    """One act: who, what, when, from where, and how it was before and after.

    Actor and object are named by number and by name as they were, without foreign keys: they may go, the entry stays.
    """

    at = models.DateTimeField()
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+")
    site_id = models.BigIntegerField(null=True)
    actor_kind = models.CharField(max_length=8, choices=ActorKind)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=160)
    address = models.CharField(max_length=64, blank=True)
    act = models.CharField(max_length=48, help_text="What was done: noun.verb, such as site.edited.")
    noun = models.CharField(max_length=32)
    object_id = models.CharField(max_length=40, blank=True)
    object_name = models.CharField(max_length=160, blank=True)
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name_plural = "audit entries"
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["organisation", "-at", "-id"], name="audit_recent"),
            models.Index(fields=["noun", "object_id", "-at"], name="audit_object"),
        ]

    def __str__(self) -> str:
        return f"{self.act} by {self.actor_name}"
