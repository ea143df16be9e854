"""RemoteStartTransaction: the charge that follows is what proves it (CSMS.md 4.3, 15; TC_010, TC_059)."""

from chargepoints.choices import Category
from ocpp_gateway.outgoing import Outgoing, Payload


def _build(given: Payload) -> Payload:
    # Always with the connector: some chargers refuse a start without one (QUIRKS 7.3).
    payload = {"connectorId": int(given["connector"]), "idTag": given["id_tag"]}
    if given.get("profile"):
        payload["chargingProfile"] = given["profile"]
    return payload


OUT = Outgoing("start", "RemoteStartTransaction", _build, Category.TRANSACTION)
