"""Every message of OCPP 1.6 that is taken here."""

from ocpp_gateway.router import table
from ocpp_gateway.v16 import (
    authorize,
    boot_notification,
    data_transfer,
    diagnostics_status_notification,
    firmware_status_notification,
    heartbeat,
    log_status_notification,
    meter_values,
    security_event_notification,
    sign_certificate,
    signed_firmware_status_notification,
    start_transaction,
    status_notification,
    stop_transaction,
)

ROUTES = table(
    [
        authorize.ROUTE,
        boot_notification.ROUTE,
        data_transfer.ROUTE,
        diagnostics_status_notification.ROUTE,
        firmware_status_notification.ROUTE,
        heartbeat.ROUTE,
        log_status_notification.ROUTE,
        meter_values.ROUTE,
        security_event_notification.ROUTE,
        sign_certificate.ROUTE,
        signed_firmware_status_notification.ROUTE,
        start_transaction.ROUTE,
        status_notification.ROUTE,
        stop_transaction.ROUTE,
    ]
)
