"""What checks the parameters of a command, by its kind, and ties it to what it is about."""

from chargepoints.models import Command
from chargepoints.services.availability import availability_bind
from chargepoints.services.calls import call_bind, data_transfer_bind, diagnostics_bind
from chargepoints.services.configuration import configure_bind, read_configuration_bind
from chargepoints.services.firmware_binds import firmware_bind
from chargepoints.services.keys import start_key_bind
from chargepoints.services.local_lists import local_list_bind
from chargepoints.services.profiles import (
    clear_profile_bind,
    composite_schedule_bind,
    set_profile_bind,
    start_profile_bind,
)
from chargepoints.services.reservations import cancel_reservation_bind, reserve_bind
from chargepoints.services.start_choices import start_choices_bind, start_place_bind


def _start_bind(*, command: Command) -> None:
    start_choices_bind(command=command)
    start_key_bind(command=command)
    start_profile_bind(command=command)
    start_place_bind(command=command)


# Each raises ActionRefused with a sentence for the operator.
BINDS = {
    "availability": availability_bind,
    "call": call_bind,
    "cancel_reservation": cancel_reservation_bind,
    "clear_profile": clear_profile_bind,
    "composite_schedule": composite_schedule_bind,
    "configure": configure_bind,
    "data_transfer": data_transfer_bind,
    "diagnostics": diagnostics_bind,
    "firmware": firmware_bind,
    "local_list": local_list_bind,
    "read_configuration": read_configuration_bind,
    "reserve": reserve_bind,
    "set_profile": set_profile_bind,
    "start": _start_bind,
}
