"""FirmwareStatusNotification: how an update of the firmware goes (CSMS.md 2.1). Idle only after a trigger."""

from chargepoints.choices import Category
from ocpp_gateway.router import Exchange, route
from ocpp_gateway.v16.triggered import triggered
from ocpp_gateway.values import text


def _apply(exchanges: list[Exchange]) -> None:
    for exchange in exchanges:
        exchange.fact = text(exchange.payload["status"])
        exchange.is_error = exchange.fact.endswith("Failed")
    triggered(exchanges)


ROUTE = route("FirmwareStatusNotification", Category.STATE, hot=True)(_apply)
