"""DataTransfer: vendor data. No vendor is known yet, so the answer says which half is unknown (TC_064)."""

from chargepoints.choices import Category
from ocpp_gateway.router import Exchange, route
from ocpp_gateway.values import text


def _apply(exchanges: list[Exchange]) -> None:
    for exchange in exchanges:
        exchange.reply = {"status": "UnknownVendorId"}
        exchange.fact = text(exchange.payload["vendorId"])
        exchange.text = f"{text(exchange.payload.get('messageId'))} → UnknownVendorId".strip()


ROUTE = route("DataTransfer", Category.STATE, hot=True)(_apply)
