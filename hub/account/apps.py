"""Accounts."""

from django.apps import AppConfig


class AccountConfig(AppConfig):
    """Notes every sign-in and sign-out."""

    name = "hub.account"
    label = "account"
    verbose_name = "Accounts"

    def ready(self) -> None:
        """Connect the receivers; Django finds them by import."""
        import hub.account.receivers  # noqa: F401, PLC0415 - receivers connect themselves when apps are ready
