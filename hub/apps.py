"""The floor of the house: settings, teams, bus and the composition root."""

from django.apps import AppConfig


class HubConfig(AppConfig):
    """Registers the system checks of the deployment."""

    name = "hub"
    verbose_name = "Hub"

    def ready(self) -> None:
        """Load the checks; Django finds them by import."""
        import hub.checks  # noqa: F401, PLC0415 - checks register themselves when apps are ready
