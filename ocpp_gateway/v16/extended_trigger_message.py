"""ExtendedTriggerMessage: the message asked for is what proves it (CSMS.md 2.2; TC_074)."""

from ocpp_gateway.outgoing import Outgoing, Payload


def _build(given: Payload) -> Payload:
    payload: Payload = {"requestedMessage": given["message"]}
    # Never with a request for a certificate: that is the whole charger's.
    if given.get("connector") and given["message"] in {"MeterValues", "StatusNotification"}:
        payload["connectorId"] = int(given["connector"])
    return payload


OUT = Outgoing("extended_trigger", "ExtendedTriggerMessage", _build)
