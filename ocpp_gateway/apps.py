"""The OCPP gateway: websockets of chargers."""

from django.apps import AppConfig


class OcppGatewayConfig(AppConfig):
    """Holds no models: what it learns goes through the services of the domain."""

    name = "ocpp_gateway"
    verbose_name = "OCPP gateway"

    def ready(self) -> None:
        """Lend the schemas to the services, which must not know this room."""
        from chargepoints.services.calls import payload_check_register  # noqa: PLC0415 - models are loaded by now
        from ocpp_gateway.examples import examples  # noqa: PLC0415
        from ocpp_gateway.schemas import payload_problem  # noqa: PLC0415

        payload_check_register(payload_problem, examples)
