"""Files that go to chargers and come from them; their bytes are in HUB_FILES_DIR, never below a web root."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from chargepoints.action_choices import TransferKind
from chargepoints.models.charge_point import ChargePoint
from chargepoints.models.command import Command
from hub.audit.records import Place
from hub.teams.models import Organisation


class FirmwareFile(models.Model):
    """A firmware image of an organisation, with what is known of it. Its bytes never change."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="firmware_files")
    name = models.CharField(max_length=120, help_text="The file's name, as the charger sees it.")
    vendor = models.CharField(max_length=255, blank=True, help_text="As the charger says it; empty: any.")
    charge_point_models = ArrayField(
        models.CharField(max_length=255), default=list, blank=True, help_text="Models it fits; empty: any."
    )
    version = models.CharField(max_length=255, help_text="What the charger tells at its boot once it is installed.")
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    # Signed updates (OCPP 1.6 security extension, L01): base64 and PEM.
    signature = models.TextField(blank=True)
    certificate = models.TextField(blank=True)
    note = models.TextField(blank=True)
    uploaded_by_name = models.CharField(max_length=160)
    uploaded_at = models.DateTimeField(default=timezone.now)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-uploaded_at"]
        indexes = [models.Index(fields=["organisation", "-uploaded_at"], name="firmware_recent")]

    def __str__(self) -> str:
        return f"{self.vendor} {self.version}".strip()

    @property
    def place(self) -> Place:
        """Where acts on this file are recorded."""
        return Place(self.organisation_id)

    @property
    def is_signed(self) -> bool:
        """Whether it has what a signed update needs."""
        return bool(self.signature and self.certificate)

    def fits(self, vendor: str, model: str) -> bool:
        """Whether it was made for chargers of this vendor and model; one that has told neither fits only what fits all.

        Names are compared without regard to case.
        """
        models = {name.casefold() for name in self.charge_point_models}
        return self.vendor.casefold() in {"", vendor.casefold()} and (not models or model.casefold() in models)


class FirmwareVersion(models.Model):
    """A firmware version that a charger has told at a boot, and since when; the newest is the present one."""

    charge_point = models.ForeignKey(ChargePoint, on_delete=models.CASCADE, related_name="firmware_versions")
    version = models.CharField(max_length=255)
    since = models.DateTimeField(help_text="The first boot with it.")

    class Meta:
        ordering = ["-since"]
        indexes = [models.Index(fields=["charge_point", "-since"], name="firmware_version_newest")]

    def __str__(self) -> str:
        return self.version


class Transfer(models.Model):
    """A one-time address for one command of one charge point; only the SHA-256 of its token is kept."""

    token_sha256 = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=12, choices=TransferKind)
    charge_point = models.ForeignKey(ChargePoint, on_delete=models.CASCADE, related_name="transfers")
    command = models.ForeignKey(Command, on_delete=models.CASCADE, related_name="transfers")
    firmware = models.ForeignKey(FirmwareFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True, help_text="It has done its work, or was taken back.")
    used_at = models.DateTimeField(null=True, blank=True)
    uses = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="transfer_expiry")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.charge_point}"


class DiagnosticsFile(models.Model):
    """What a charger has uploaded. A file that is still coming, or broke off, is not complete."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    charge_point = models.ForeignKey(ChargePoint, on_delete=models.PROTECT, related_name="diagnostics_files")
    command = models.ForeignKey(
        Command, on_delete=models.SET_NULL, null=True, blank=True, related_name="diagnostics_files"
    )
    name = models.CharField(max_length=255, help_text="As the charger calls it; text, never a path.")
    media_type = models.CharField(max_length=100, blank=True)
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes.")
    sha256 = models.CharField(max_length=64, blank=True)
    is_complete = models.BooleanField(default=False)
    remote_address = models.CharField(max_length=64, blank=True)
    received_at = models.DateTimeField(default=timezone.now)
    keep_until = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="Its bytes are gone; the row stays.")
    deleted_why = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-received_at"]
        indexes = [
            models.Index(fields=["charge_point", "-received_at"], name="diagnostics_recent"),
            models.Index(
                fields=["keep_until"], condition=models.Q(deleted_at__isnull=True), name="diagnostics_retention"
            ),
        ]

    def __str__(self) -> str:
        return self.name
