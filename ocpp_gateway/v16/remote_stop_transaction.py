"""RemoteStopTransaction: Accepted is not stopped; the StopTransaction is (CSMS.md 2.2; TC_012, TC_028)."""

from chargepoints.choices import Category
from ocpp_gateway.outgoing import Outgoing, Payload


def _build(given: Payload) -> Payload:
    return {"transactionId": int(given["transaction_id"])}


OUT = Outgoing("stop", "RemoteStopTransaction", _build, Category.TRANSACTION)
