"""Every message of OCPP 1.6 that is taken here."""

from ocpp_gateway.router import table
from ocpp_gateway.v16 import (
    authorize,
    boot_notification,
    data_transfer,
    heartbeat,
    meter_values,
    start_transaction,
    status_notification,
    stop_transaction,
)

ROUTES = table(
    [
        authorize.ROUTE,
        boot_notification.ROUTE,
        data_transfer.ROUTE,
        heartbeat.ROUTE,
        meter_values.ROUTE,
        start_transaction.ROUTE,
        status_notification.ROUTE,
        stop_transaction.ROUTE,
    ]
)
