"""SecurityEventNotification: something about its security happened in the charger; unknown types are taken too.

(Improved security for OCPP 1.6-J, CSMS.md 2.1, TC_077 and TC_078.)
"""

from chargepoints.choices import Category
from ocpp_gateway.router import Exchange, route
from ocpp_gateway.values import text


def _apply(exchanges: list[Exchange]) -> None:
    for exchange in exchanges:
        exchange.fact = text(exchange.payload["type"])
        exchange.text = text(exchange.payload.get("techInfo"))


ROUTE = route("SecurityEventNotification", Category.SECURITY, hot=True)(_apply)
