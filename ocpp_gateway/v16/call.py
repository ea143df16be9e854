"""Any message of OCPP 1.6, named and written by the operator; it is checked against its schema before.

What its answer changes is kept as for our own message of that action (`calls.BY_HAND`).
"""

from ocpp_gateway.outgoing import Outgoing, Payload


def _build(given: Payload) -> Payload:
    return dict(given["payload"])


OUT = Outgoing("call", "", _build)
