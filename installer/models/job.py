"""A job: which charge points of a site somebody shall make ready, and how it stands."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from chargepoints.models import ChargePoint, Site
from hub.audit.records import Place
from hub.teams.models import Organisation
from installer.choices import JobState, StepKind


class JobTemplate(models.Model):
    """What jobs of one kind have in common: instructions, checks, and the settings that are written."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="job_templates")
    name = models.CharField(max_length=80)
    instructions = models.TextField(blank=True)
    checks = ArrayField(models.CharField(max_length=16, choices=StepKind), default=list, blank=True)
    # [{"key": "HeartbeatInterval", "value": "300"}, ...], in their order.
    configuration = models.JSONField(default=list, blank=True)
    energy_s = models.PositiveIntegerField(default=60, validators=[MinValueValidator(5), MaxValueValidator(3600)])
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name"],
                condition=models.Q(archived_at__isnull=True),
                name="job_template_name_unique",
                violation_error_message="There is a template of that name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def place(self) -> Place:
        """Where acts on this template are recorded."""
        return Place(self.organisation_id)


class InstallerJob(models.Model):
    """One job for one site. Checks and settings are copied from the template: changing it changes no job."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="installer_jobs")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="installer_jobs")
    number = models.PositiveIntegerField(help_text="Counted by organisation; what people call it.")
    state = models.CharField(max_length=12, choices=JobState, default=JobState.OPEN)
    description = models.TextField(blank=True)
    instructions = models.TextField(blank=True)
    installer_name = models.CharField(max_length=120, blank=True)
    installer_email = models.EmailField(blank=True)
    installer_phone = models.CharField(max_length=40, blank=True)
    contact = models.CharField(max_length=120, blank=True, help_text="Whom the installer can call: a phone number.")
    checks = ArrayField(models.CharField(max_length=16, choices=StepKind), default=list, blank=True)
    configuration = models.JSONField(default=list, blank=True)
    energy_s = models.PositiveIntegerField(default=60, validators=[MinValueValidator(5), MaxValueValidator(3600)])
    activate_when_complete = models.BooleanField(default=True)
    created_by_name = models.CharField(max_length=160)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    completed_by_name = models.CharField(max_length=160, blank=True)
    activated = models.PositiveIntegerField(null=True, blank=True, help_text="How many charge points that activated.")
    # What was still wrong when it was completed all the same, in words.
    open_problems = models.JSONField(default=list, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["organisation", "number"], name="job_number_unique")]
        indexes = [models.Index(fields=["site", "state"], name="job_of_site")]

    def __str__(self) -> str:
        return f"Job {self.number}"

    @property
    def command_author(self) -> str:
        """By what name commands are sent for whoever has its link; kept on each of them."""
        return f"Installer (job {self.number})"

    @property
    def place(self) -> Place:
        """Where acts on this job are recorded; `site` and its `team` must be loaded."""
        return self.site.place


class JobChargePoint(models.Model):
    """A charge point of a job, in the order of the work."""

    job = models.ForeignKey(InstallerJob, on_delete=models.CASCADE, related_name="rows")
    charge_point = models.ForeignKey(ChargePoint, on_delete=models.PROTECT, related_name="job_rows")
    position = models.PositiveIntegerField(default=0)
    # Which connector of the charge point hangs where: what the installer says (seeds/001, "Connector position").
    connector_number = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["job", "charge_point"], name="job_charge_point_unique")]

    def __str__(self) -> str:
        return f"{self.charge_point} of {self.job}"
