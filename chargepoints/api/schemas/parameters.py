"""What each remote action is given, by its kind: names and types. What is possible is judged elsewhere.

These shapes keep out names that Hub uses itself, and wrong types; every rule stands in `services.binds`.
"""

from typing import Annotated, Any

from pydantic import Field

from chargepoints.actions import EXTENDED_TRIGGERS, TRIGGERS
from chargepoints.api.schemas.common import OneOf
from chargepoints.api.schemas.file_parameters import (
    DiagnosticsParameters,
    FirmwareParameters,
    LogUploadParameters,
    SignedFirmwareParameters,
)
from chargepoints.api.schemas.parameter_types import (
    PEM,
    SOON,
    Amount,
    Connector,
    Id,
    LongText,
    Parameters,
    Tags,
    Time,
    Whole,
)
from chargepoints.profiles import PURPOSES, UNITS
from chargepoints.services.security_commands import ROOT_TYPES


class NoParameters(Parameters):
    """Nothing."""


class RebootParameters(Parameters):
    """How to reboot."""

    type: Annotated[str, OneOf(["Soft", "Hard"])] = Field(
        description="Soft ends what runs first; Hard is as if the power was cut.", examples=["Soft"]
    )


class StartParameters(Parameters):
    """Who charges, and where."""

    connector: Connector = Field(description="The connector's number.", examples=[1])
    id_tag: LongText = Field(description="The key to charge with.", examples=["04A2B3C4D5"])
    profile: dict[str, Any] | None = Field(
        None, description="A charging profile for this charge, as OCPP writes it (TxProfile).", examples=[None]
    )
    payment_method: Id | None = Field(
        None,
        description="The id of who pays; null: as for a charge with this key.",
        examples=[None],
    )
    price_group: Id | None = Field(
        None,
        description="The id of another price group; it needs the right to money. Not shown in answers.",
        examples=[None],
    )
    limit_wh: Whole | None = Field(None, description="Ends at this energy, in Wh.", examples=[10000])
    limit_s: Whole | None = Field(None, description="Ends after so many seconds.", examples=[3600])
    limit_amount: Amount | None = Field(
        None,
        description="Ends at this cost, in the price's currency; it needs the right to money. Not shown in answers.",
        examples=[None],
    )


class StopParameters(Parameters):
    """Which charge."""

    charge: Annotated[int, Field(ge=0, lt=2**62)] = Field(description="The id of the running charge.", examples=[7001])


class ConnectorParameters(Parameters):
    """Which connector."""

    connector: Connector = Field(description="The connector's number.", examples=[1])


class AvailabilityParameters(Parameters):
    """What is put in service or out of it."""

    connector: Connector = Field(description="The connector's number; 0: the whole charger.", examples=[0])
    type: Annotated[str, OneOf(["Operative", "Inoperative"])] = Field(
        description="In service or out of service.", examples=["Inoperative"]
    )


class TriggerParameters(Parameters):
    """Which message is asked for."""

    message: Annotated[str, OneOf(TRIGGERS)] = Field(description="Its name in OCPP.", examples=["StatusNotification"])
    connector: Connector | None = Field(None, description="Of which connector; null: no particular.", examples=[1])


class ExtendedTriggerParameters(Parameters):
    """Which message of the security extension is asked for."""

    message: Annotated[str, OneOf(EXTENDED_TRIGGERS)] = Field(
        description="Its name in OCPP.", examples=["SignChargePointCertificate"]
    )
    connector: Connector | None = Field(None, description="Of which connector; null: no particular.", examples=[None])


class ReadConfigurationParameters(Parameters):
    """Which settings are read."""

    keys: list[LongText] = Field(default=[], description="Their names; empty: all.", examples=[["HeartbeatInterval"]])


class ConfigureParameters(Parameters):
    """A setting and its new value."""

    key: LongText = Field(description="The name of the setting.", examples=["HeartbeatInterval"])
    value: LongText = Field(description="Its value; always a text.", examples=["300"])


class LocalListParameters(Parameters):
    """Keys that may charge while the charger is offline."""

    update: Annotated[str, OneOf(["Full", "Differential"])] = Field(
        description="The whole list, or changes of it.", examples=["Full"]
    )
    keys: Tags = Field(default=[], description="The keys that stand in it.", examples=[["04A2B3C4D5"]])
    remove: Tags = Field(default=[], description="Keys to take out of it; only with Differential.", examples=[[]])
    version: Whole | None = Field(None, description="The list's number; null: the next one.", examples=[None])


class ReserveParameters(Parameters):
    """Who has the connector, and until when."""

    connector: Connector = Field(description="The connector's number; 0: any of them.", examples=[1])
    id_tag: LongText = Field(description="For which key.", examples=["04A2B3C4D5"])
    expires_at: Time = Field(description="Until when.", examples=[SOON])
    parent_id_tag: LongText | None = Field(None, description="For which group; null: that of the key.", examples=[None])


class CancelReservationParameters(Parameters):
    """Which reservation."""

    reservation: Annotated[int, Field(ge=0, lt=2**62)] = Field(description="Its id.", examples=[12])


class SetProfileParameters(Parameters):
    """A charging profile."""

    connector: Connector = Field(description="The connector's number; 0: the whole charger.", examples=[1])
    profile: dict[str, Any] = Field(
        description="As OCPP writes it (csChargingProfiles); an id is made up where there is none.",
        examples=[
            {
                "stackLevel": 0,
                "chargingProfilePurpose": "TxDefaultProfile",
                "chargingProfileKind": "Relative",
                "chargingSchedule": {
                    "chargingRateUnit": "A",
                    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}],
                },
            }
        ],
    )


class ClearProfileParameters(Parameters):
    """Which charging profiles; nothing at all: every one."""

    profile_id: Whole | None = Field(None, description="By its id.", examples=[None])
    connector: Connector | None = Field(None, description="Of a connector; 0: the whole charger.", examples=[1])
    purpose: Annotated[str, OneOf(PURPOSES)] | None = Field(
        None, description="Of a purpose.", examples=["TxDefaultProfile"]
    )
    stack_level: Whole | None = Field(None, description="Of a stack level.", examples=[0])


class CompositeScheduleParameters(Parameters):
    """Which limits are asked for."""

    connector: Connector = Field(description="The connector's number; 0: the whole charger.", examples=[1])
    duration: Whole = Field(description="For how many seconds from now.", examples=[3600])
    unit: Annotated[str, OneOf(UNITS)] | None = Field(None, description="In A or in W.", examples=["A"])


class DataTransferParameters(Parameters):
    """A message of the maker's own."""

    vendor_id: LongText = Field(description="The vendor's name.", examples=["com.example"])
    message_id: LongText | None = Field(None, description="The message's name.", examples=["Hello"])
    data: LongText | None = Field(None, description="What is in it.", examples=["World"])


class CallParameters(Parameters):
    """Any OCPP message, checked against its schema."""

    action: LongText = Field(description="Its name in OCPP.", examples=["ClearCache"])
    payload: dict[str, Any] = Field(description="Its payload.", examples=[{}])


class RootTypeParameters(Parameters):
    """Which kind of root certificate."""

    type: Annotated[str, OneOf(ROOT_TYPES)] = Field(
        description="Of a central system, or of a maker.", examples=[ROOT_TYPES[0]]
    )


class InstallCertificateParameters(RootTypeParameters):
    """A root certificate."""

    certificate: LongText = Field(description="The certificate as PEM.", examples=[PEM])


class DeleteCertificateParameters(Parameters):
    """Which of the root certificates that the charger has listed."""

    certificate: Annotated[int, Field(ge=0, lt=2**62)] = Field(description="Its id.", examples=[3])


PARAMETERS: dict[str, type[Parameters]] = {
    "reboot": RebootParameters,
    "start": StartParameters,
    "stop": StopParameters,
    "unlock": ConnectorParameters,
    "availability": AvailabilityParameters,
    "trigger": TriggerParameters,
    "clear_cache": NoParameters,
    "read_configuration": ReadConfigurationParameters,
    "configure": ConfigureParameters,
    "diagnostics": DiagnosticsParameters,
    "firmware": FirmwareParameters,
    "local_list_version": NoParameters,
    "local_list": LocalListParameters,
    "reserve": ReserveParameters,
    "cancel_reservation": CancelReservationParameters,
    "set_profile": SetProfileParameters,
    "clear_profile": ClearProfileParameters,
    "composite_schedule": CompositeScheduleParameters,
    "data_transfer": DataTransferParameters,
    "call": CallParameters,
    "extended_trigger": ExtendedTriggerParameters,
    "rotate_password": NoParameters,
    "install_certificate": InstallCertificateParameters,
    "certificate_ids": RootTypeParameters,
    "delete_certificate": DeleteCertificateParameters,
    "log_upload": LogUploadParameters,
    "signed_firmware": SignedFirmwareParameters,
}
