"""Certificates: those chargers have installed, and those we issued to them."""

from django.db import models

from chargepoints.choices import IssuedState
from chargepoints.models.charge_point import ChargePoint


class InstalledCertificate(models.Model):
    """A root certificate as the charger lists it: hashes in its own spelling, which deleting must repeat."""

    charge_point = models.ForeignKey(ChargePoint, on_delete=models.CASCADE, related_name="installed_certificates")
    type = models.CharField(max_length=64)
    hash_algorithm = models.CharField(max_length=8)
    issuer_name_hash = models.CharField(max_length=128)
    issuer_key_hash = models.CharField(max_length=128)
    serial_number = models.CharField(max_length=64)
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["charge_point", "type", "serial_number"]
        constraints = [
            models.UniqueConstraint(
                fields=["charge_point", "type", "issuer_key_hash", "serial_number"], name="installed_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.charge_point} {self.type} {self.serial_number}"


class IssuedCertificate(models.Model):
    """A client certificate of ours for a charger, from its request to the first connection with it."""

    charge_point = models.ForeignKey(ChargePoint, on_delete=models.CASCADE, related_name="issued_certificates")
    serial_number = models.CharField(max_length=64, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the certificate, hexadecimal.")
    csr = models.TextField()
    chain = models.TextField(blank=True, help_text="PEM, leaf first, without the root.")
    state = models.CharField(max_length=10, choices=IssuedState, default=IssuedState.REQUESTED)
    detail = models.CharField(max_length=255, blank=True)
    requested_at = models.DateTimeField()
    not_after = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-requested_at"]
        indexes = [models.Index(fields=["fingerprint"], name="issued_fingerprint")]

    def __str__(self) -> str:
        return f"{self.charge_point} {self.serial_number}"
