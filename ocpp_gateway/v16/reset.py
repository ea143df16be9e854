"""Reset: a restart, soft or hard. Boot afterwards is what proves it (CSMS.md 2.2; TC_013, TC_014)."""

from ocpp_gateway.outgoing import Outgoing, Payload


def _build(given: Payload) -> Payload:
    return {"type": given["type"]}


OUT = Outgoing("reboot", "Reset", _build)
