"""The public link of a job. It is the credential; only its hash is kept."""

from django.db import models
from django.utils import timezone

from hub.audit.records import Place
from installer.choices import JobState, LinkState
from installer.models.job import InstallerJob


class JobLink(models.Model):
    """One link for one person. Shown once when it is made; whoever lost it gets another one."""

    job = models.ForeignKey(InstallerJob, on_delete=models.CASCADE, related_name="links")
    token_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    label = models.CharField(max_length=160, help_text="Whom it was made for.")
    # Six digits as an HMAC with the server's key; wrong ones are counted, and the link rests after five.
    pin_hmac = models.CharField(max_length=64, blank=True, editable=False)
    pin_failures = models.PositiveIntegerField(default=0)
    pin_rests_until = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by_name = models.CharField(max_length=160, blank=True)
    made_by_name = models.CharField(max_length=160)
    created_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"Link for {self.label}"

    @property
    def place(self) -> Place:
        """Where acts on this link are recorded; the job's `site` and its `team` must be loaded."""
        return self.job.place

    @property
    def state(self) -> LinkState:
        """Whether it works now."""
        if self.revoked_at is not None:
            return LinkState.REVOKED
        if self.expires_at <= timezone.now():
            return LinkState.EXPIRED
        return LinkState.CLOSED if self.job.state == JobState.ARCHIVED else LinkState.WORKS


class JobEdit(models.Model):
    """Something that a phone sent, under the key that it gave it: the same again is answered, not applied."""

    link = models.ForeignKey(JobLink, on_delete=models.CASCADE, related_name="edits")
    key = models.CharField(max_length=64)
    kind = models.CharField(max_length=16)
    answer = models.JSONField(default=dict)
    http_status = models.PositiveSmallIntegerField()
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["link", "key"], name="job_edit_key_unique")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
