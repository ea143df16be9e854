"""What remote actions about files are given."""

from typing import Annotated

from pydantic import Field

from chargepoints.api.schemas.common import OneOf
from chargepoints.api.schemas.parameter_types import PEM, Address, LongText, Parameters, Time, Whole
from chargepoints.services.security_commands import LOG_TYPES


class _Job(Parameters):
    """A file that is fetched or sent."""

    location: Address | None = Field(
        None,
        description="The address; a password in it goes to the charger and is not kept after that.",
        examples=["https://files.example.com/place"],
    )
    retries: Whole | None = Field(None, description="How often it is tried again.", examples=[2])
    retry_interval: Whole | None = Field(None, description="Seconds between two tries.", examples=[60])


class _Upload(_Job):
    """A file that comes here, or goes to an address."""

    own: bool = Field(
        False, description="The charger uploads to Hub, at an address that is good for one file.", examples=[False]
    )


class DiagnosticsParameters(_Upload):
    """Where diagnostics are sent to, and of which time."""

    start: Time | None = Field(None, description="From when.", examples=["2026-11-19T00:00:00Z"])
    stop: Time | None = Field(None, description="Until when.", examples=["2026-11-20T00:00:00Z"])


class FirmwareParameters(_Job):
    """Which file of the library, or where the firmware is, and when it is fetched."""

    firmware: LongText | None = Field(
        None, description="The id of a file in Hub's library, instead of an address.", examples=[None]
    )
    any_model: bool | None = Field(
        None, description="Use the file although it is made for another model.", examples=[None]
    )
    retrieve_at: Time | None = Field(None, description="Not before, up to 6 days ahead; null: now.", examples=[None])


class LogUploadParameters(_Upload):
    """Which log, and where it is sent to."""

    type: Annotated[str, OneOf(LOG_TYPES)] = Field(description="Which log.", examples=["SecurityLog"])
    oldest: Time | None = Field(None, description="From when.", examples=["2026-11-19T00:00:00Z"])
    latest: Time | None = Field(None, description="Until when.", examples=["2026-11-20T00:00:00Z"])


class SignedFirmwareParameters(FirmwareParameters):
    """Signed firmware."""

    signature: LongText | None = Field(
        None,
        description="The file's signature, base64; one of the library has its own.",
        examples=["MEUCIQD..."],
    )
    certificate: LongText | None = Field(None, description="The signing certificate as PEM.", examples=[PEM])
    sha256: LongText | None = Field(
        None, description="The SHA-256 of the file, hexadecimal.", examples=["9f86d081884c7d65..."]
    )
    install_at: Time | None = Field(None, description="Not installed before; null: at once.", examples=[None])
