"""The OCPP gateway: websockets of chargers."""

from django.apps import AppConfig


class OcppGatewayConfig(AppConfig):
    """Holds no models: what it learns goes through the services of the domain."""

    name = "ocpp_gateway"
    verbose_name = "OCPP gateway"
