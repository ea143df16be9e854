"""DataTransfer from here: a vendor's message of its own (CSMS.md 2.2)."""

from ocpp_gateway.outgoing import Outgoing, Payload


def _build(given: Payload) -> Payload:
    payload = {"vendorId": given["vendor_id"]}
    if given.get("message_id"):
        payload["messageId"] = given["message_id"]
    if given.get("data") is not None:
        payload["data"] = given["data"]
    return payload


OUT = Outgoing("data_transfer", "DataTransfer", _build)
