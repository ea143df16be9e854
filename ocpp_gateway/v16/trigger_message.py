"""TriggerMessage: the message asked for is what proves it (CSMS.md 2.2; TC_054, TC_055)."""

from ocpp_gateway.outgoing import Outgoing, Payload


def _build(given: Payload) -> Payload:
    payload: Payload = {"requestedMessage": given["message"]}
    if given.get("connector"):
        payload["connectorId"] = int(given["connector"])
    return payload


OUT = Outgoing("trigger", "TriggerMessage", _build)
