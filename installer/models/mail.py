"""Mails of jobs that have to go out. The row is the truth; the queue only makes it quick."""

from django.db import models
from django.utils import timezone

from installer.choices import MailKind, MailState
from installer.models.job import InstallerJob


class JobMail(models.Model):
    """One mail: a link for an installer, which is made only when it is sent, or that a job is completed."""

    job = models.ForeignKey(InstallerJob, on_delete=models.CASCADE, related_name="mails")
    kind = models.CharField(max_length=12, choices=MailKind)
    state = models.CharField(max_length=12, choices=MailState, default=MailState.WAITING)
    # Empty until it is sent: who made the job, as far as they may still see it.
    to = models.EmailField(blank=True)
    base = models.CharField(max_length=255, blank=True, help_text="The portal's address, as whoever asked reached it.")
    # Of a link: whom it is for, its end, its PIN (encrypted, gone with the end of the mail), and who asked for it.
    label = models.CharField(max_length=160, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    pin_sealed = models.TextField(blank=True, editable=False)
    asked_by = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    tries = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)
    why = models.CharField(max_length=200, blank=True, help_text="What the mail server said last.")

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["due_at"], condition=models.Q(state=MailState.WAITING), name="job_mail_due")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} to {self.to or 'who made the job'}"
