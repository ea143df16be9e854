"""Every message of OCPP 1.6 that is sent from here."""

from ocpp_gateway.outgoing import outgoing_table
from ocpp_gateway.v16 import (
    remote_start_transaction,
    remote_stop_transaction,
    reset,
    trigger_message,
    unlock_connector,
)

CALLS = outgoing_table(
    [
        remote_start_transaction.OUT,
        remote_stop_transaction.OUT,
        reset.OUT,
        trigger_message.OUT,
        unlock_connector.OUT,
    ]
)
