"""UnlockConnector: its answer is its effect (CSMS.md 2.2; TC_017, TC_018, TC_030, TC_031)."""

from ocpp_gateway.outgoing import Outgoing, Payload


def _build(given: Payload) -> Payload:
    return {"connectorId": int(given["connector"])}


OUT = Outgoing("unlock", "UnlockConnector", _build)
