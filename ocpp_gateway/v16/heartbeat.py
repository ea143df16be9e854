"""Heartbeat: the charger lives and wants the time (T5, T7)."""

from datetime import UTC, datetime

from chargepoints.choices import Category
from ocpp_gateway.encoding import plain
from ocpp_gateway.router import Exchange, route
from ocpp_gateway.v16.triggered import triggered


def _apply(exchanges: list[Exchange]) -> None:
    reply = {"currentTime": plain(datetime.now(UTC))}
    for exchange in exchanges:
        exchange.reply = reply
    triggered(exchanges)


ROUTE = route("Heartbeat", Category.STATE, hot=True)(_apply)
