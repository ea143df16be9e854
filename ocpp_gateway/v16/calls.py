"""Every message of OCPP 1.6 that is sent from here."""

from ocpp_gateway.outgoing import outgoing_table
from ocpp_gateway.v16 import (
    call,
    cancel_reservation,
    change_availability,
    change_configuration,
    clear_cache,
    clear_charging_profile,
    data_transfer_out,
    get_composite_schedule,
    get_configuration,
    get_diagnostics,
    get_local_list_version,
    remote_start_transaction,
    remote_stop_transaction,
    reserve_now,
    reset,
    send_local_list,
    set_charging_profile,
    trigger_message,
    unlock_connector,
    update_firmware,
)

CALLS = outgoing_table(
    [
        call.OUT,
        cancel_reservation.OUT,
        change_availability.OUT,
        change_configuration.OUT,
        clear_cache.OUT,
        clear_charging_profile.OUT,
        data_transfer_out.OUT,
        get_composite_schedule.OUT,
        get_configuration.OUT,
        get_diagnostics.OUT,
        get_local_list_version.OUT,
        remote_start_transaction.OUT,
        remote_stop_transaction.OUT,
        reserve_now.OUT,
        reset.OUT,
        send_local_list.OUT,
        set_charging_profile.OUT,
        trigger_message.OUT,
        unlock_connector.OUT,
        update_firmware.OUT,
    ]
)
