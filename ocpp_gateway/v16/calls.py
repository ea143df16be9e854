"""Every message of OCPP 1.6 that is sent from here."""

from ocpp_gateway.outgoing import outgoing_table
from ocpp_gateway.v16 import (
    certificate_signed,
    delete_certificate,
    extended_trigger_message,
    get_installed_certificate_ids,
    get_log,
    install_certificate,
    remote_start_transaction,
    remote_stop_transaction,
    reset,
    rotate_password,
    signed_update_firmware,
    trigger_message,
    unlock_connector,
)

CALLS = outgoing_table(
    [
        certificate_signed.OUT,
        delete_certificate.OUT,
        extended_trigger_message.OUT,
        get_installed_certificate_ids.OUT,
        get_log.OUT,
        install_certificate.OUT,
        remote_start_transaction.OUT,
        remote_stop_transaction.OUT,
        reset.OUT,
        rotate_password.OUT,
        signed_update_firmware.OUT,
        trigger_message.OUT,
        unlock_connector.OUT,
    ]
)
