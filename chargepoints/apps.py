"""The domain: sites, charge points, charges, commands, logs."""

from django.apps import AppConfig


class ChargepointsConfig(AppConfig):
    """No sockets and no OCPP payloads in here."""

    name = "chargepoints"
    verbose_name = "Charge points"
