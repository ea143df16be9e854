"""RemoteStartTransaction: the charge that follows is what proves it (CSMS.md 4.3, 15; TC_010, TC_028)."""

from chargepoints.choices import Category
from ocpp_gateway.outgoing import Outgoing, Payload


def _build(given: Payload) -> Payload:
    # Always with the connector: some chargers refuse a start without one (QUIRKS 7.3).
    return {"connectorId": int(given["connector"]), "idTag": given["id_tag"]}


OUT = Outgoing("start", "RemoteStartTransaction", _build, Category.TRANSACTION)
