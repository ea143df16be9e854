"""Who did what."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The audit log."""

    name = "hub.audit"
    label = "audit"
    verbose_name = "Audit log"
