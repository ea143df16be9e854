"""What each remote action is given, by its kind: names and types. What is possible is judged elsewhere.

These shapes keep out names that Hub uses itself, and wrong types; every rule stands in `services.binds`.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from chargepoints.actions import EXTENDED_TRIGGERS, TRIGGERS
from chargepoints.api.schemas.common import OneOf
from chargepoints.profiles import PURPOSES, UNITS
from chargepoints.services.security_commands import LOG_TYPES, ROOT_TYPES

_Connector = Annotated[int, Field(ge=0, lt=2**31)]
_Whole = Annotated[int, Field(ge=0, lt=2**31)]
_Time = Annotated[str, Field(max_length=40, json_schema_extra={"format": "date-time"})]
_Address = Annotated[str, Field(max_length=2000)]
_Text = Annotated[str, Field(max_length=10_000)]
_Tags = Annotated[list[Annotated[str, Field(max_length=255)]], Field(max_length=20_000)]
_SOON = "2030-01-31T12:00:00Z"
_PEM = "-----BEGIN CERTIFICATE-----..."


class Parameters(BaseModel):
    """Parameters of a remote action; others than these are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class NoParameters(Parameters):
    """Nothing."""


class RebootParameters(Parameters):
    """How to reboot."""

    type: Annotated[str, OneOf(["Soft", "Hard"])] = Field(
        description="Soft ends what runs first; Hard is as if the power was cut.", examples=["Soft"]
    )


class StartParameters(Parameters):
    """Who charges, and where."""

    connector: _Connector = Field(description="The connector's number.", examples=[1])
    id_tag: _Text = Field(description="The key to charge with.", examples=["04A2B3C4D5"])
    profile: dict[str, Any] | None = Field(
        None, description="A charging profile for this charge, as OCPP writes it (TxProfile).", examples=[None]
    )


class StopParameters(Parameters):
    """Which charge."""

    charge: Annotated[int, Field(ge=0, lt=2**62)] = Field(description="The id of the running charge.", examples=[7001])


class ConnectorParameters(Parameters):
    """Which connector."""

    connector: _Connector = Field(description="The connector's number.", examples=[1])


class AvailabilityParameters(Parameters):
    """What is put in service or out of it."""

    connector: _Connector = Field(description="The connector's number; 0: the whole charger.", examples=[0])
    type: Annotated[str, OneOf(["Operative", "Inoperative"])] = Field(
        description="In service or out of service.", examples=["Inoperative"]
    )


class TriggerParameters(Parameters):
    """Which message is asked for."""

    message: Annotated[str, OneOf(TRIGGERS)] = Field(description="Its name in OCPP.", examples=["StatusNotification"])
    connector: _Connector | None = Field(None, description="Of which connector; null: no particular.", examples=[1])


class ExtendedTriggerParameters(Parameters):
    """Which message of the security extension is asked for."""

    message: Annotated[str, OneOf(EXTENDED_TRIGGERS)] = Field(
        description="Its name in OCPP.", examples=["SignChargePointCertificate"]
    )
    connector: _Connector | None = Field(None, description="Of which connector; null: no particular.", examples=[None])


class ReadConfigurationParameters(Parameters):
    """Which settings are read."""

    keys: list[_Text] = Field(default=[], description="Their names; empty: all.", examples=[["HeartbeatInterval"]])


class ConfigureParameters(Parameters):
    """A setting and its new value."""

    key: _Text = Field(description="The name of the setting.", examples=["HeartbeatInterval"])
    value: _Text = Field(description="Its value; always a text.", examples=["300"])


class _Job(Parameters):
    """A file that is fetched or sent."""

    location: _Address = Field(
        description="The address; a password in it goes to the charger and is not kept after that.",
        examples=["https://files.example.com/place"],
    )
    retries: _Whole | None = Field(None, description="How often it is tried again.", examples=[2])
    retry_interval: _Whole | None = Field(None, description="Seconds between two tries.", examples=[60])


class DiagnosticsParameters(_Job):
    """Where diagnostics are sent to, and of which time."""

    start: _Time | None = Field(None, description="From when.", examples=["2026-11-19T00:00:00Z"])
    stop: _Time | None = Field(None, description="Until when.", examples=["2026-11-20T00:00:00Z"])


class FirmwareParameters(_Job):
    """Where the firmware is, and when it is fetched."""

    retrieve_at: _Time | None = Field(None, description="Not before; null: now.", examples=[_SOON])


class LocalListParameters(Parameters):
    """Keys that may charge while the charger is offline."""

    update: Annotated[str, OneOf(["Full", "Differential"])] = Field(
        description="The whole list, or changes of it.", examples=["Full"]
    )
    keys: _Tags = Field(default=[], description="The keys that stand in it.", examples=[["04A2B3C4D5"]])
    remove: _Tags = Field(default=[], description="Keys to take out of it; only with Differential.", examples=[[]])
    version: _Whole | None = Field(None, description="The list's number; null: the next one.", examples=[None])


class ReserveParameters(Parameters):
    """Who has the connector, and until when."""

    connector: _Connector = Field(description="The connector's number; 0: any of them.", examples=[1])
    id_tag: _Text = Field(description="For which key.", examples=["04A2B3C4D5"])
    expires_at: _Time = Field(description="Until when.", examples=[_SOON])
    parent_id_tag: _Text | None = Field(None, description="For which group; null: that of the key.", examples=[None])


class CancelReservationParameters(Parameters):
    """Which reservation."""

    reservation: Annotated[int, Field(ge=0, lt=2**62)] = Field(description="Its id.", examples=[12])


class SetProfileParameters(Parameters):
    """A charging profile."""

    connector: _Connector = Field(description="The connector's number; 0: the whole charger.", examples=[1])
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

    profile_id: _Whole | None = Field(None, description="By its id.", examples=[None])
    connector: _Connector | None = Field(None, description="Of a connector; 0: the whole charger.", examples=[1])
    purpose: Annotated[str, OneOf(PURPOSES)] | None = Field(
        None, description="Of a purpose.", examples=["TxDefaultProfile"]
    )
    stack_level: _Whole | None = Field(None, description="Of a stack level.", examples=[0])


class CompositeScheduleParameters(Parameters):
    """Which limits are asked for."""

    connector: _Connector = Field(description="The connector's number; 0: the whole charger.", examples=[1])
    duration: _Whole = Field(description="For how many seconds from now.", examples=[3600])
    unit: Annotated[str, OneOf(UNITS)] | None = Field(None, description="In A or in W.", examples=["A"])


class DataTransferParameters(Parameters):
    """A message of the maker's own."""

    vendor_id: _Text = Field(description="The vendor's name.", examples=["com.example"])
    message_id: _Text | None = Field(None, description="The message's name.", examples=["Hello"])
    data: _Text | None = Field(None, description="What is in it.", examples=["World"])


class CallParameters(Parameters):
    """Any OCPP message, checked against its schema."""

    action: _Text = Field(description="Its name in OCPP.", examples=["ClearCache"])
    payload: dict[str, Any] = Field(description="Its payload.", examples=[{}])


class RootTypeParameters(Parameters):
    """Which kind of root certificate."""

    type: Annotated[str, OneOf(ROOT_TYPES)] = Field(
        description="Of a central system, or of a maker.", examples=[ROOT_TYPES[0]]
    )


class InstallCertificateParameters(RootTypeParameters):
    """A root certificate."""

    certificate: _Text = Field(description="The certificate as PEM.", examples=[_PEM])


class DeleteCertificateParameters(Parameters):
    """Which of the root certificates that the charger has listed."""

    certificate: Annotated[int, Field(ge=0, lt=2**62)] = Field(description="Its id.", examples=[3])


class LogUploadParameters(_Job):
    """Which log, and where it is sent to."""

    type: Annotated[str, OneOf(LOG_TYPES)] = Field(description="Which log.", examples=["SecurityLog"])
    oldest: _Time | None = Field(None, description="From when.", examples=["2026-11-19T00:00:00Z"])
    latest: _Time | None = Field(None, description="Until when.", examples=["2026-11-20T00:00:00Z"])


class SignedFirmwareParameters(FirmwareParameters):
    """Signed firmware."""

    signature: _Text = Field(description="The signature of the file, base64.", examples=["MEUCIQD..."])
    certificate: _Text = Field(description="The signing certificate as PEM.", examples=[_PEM])
    sha256: _Text = Field(description="The SHA-256 of the file, hexadecimal.", examples=["9f86d081884c7d65..."])
    install_at: _Time | None = Field(None, description="Not installed before; null: at once.", examples=[None])


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
