"""Hourly prices."""

from datetime import UTC, datetime
from decimal import Decimal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from chargepoints.hourly import LARGEST, PARTS

MOST_HOURS = 2000


class HourShape(BaseModel):
    """The price in one hour."""

    model_config = ConfigDict(extra="forbid")

    starts_at: AwareDatetime = Field(
        description="The begin of the hour, with an offset.", examples=["2026-11-20T13:00:00Z"]
    )
    per_kwh: Decimal = Field(
        description="Per kWh in the currency of the source, without VAT; it may be negative. Six decimals are kept.",
        examples=["0.4512"],
        gt=-LARGEST,
        lt=LARGEST,
    )

    @field_validator("starts_at")
    @classmethod
    def whole(cls, value: datetime) -> datetime:
        """A whole hour, UTC."""
        if value.minute or value.second or value.microsecond:
            raise ValueError("This is no whole hour")
        return value.astimezone(UTC)

    @field_validator("per_kwh")
    @classmethod
    def parts(cls, value: Decimal) -> Decimal:
        """With six decimals."""
        return value.quantize(PARTS)


class HoursShape(BaseModel):
    """Hours with their prices; each hour once."""

    model_config = ConfigDict(extra="forbid")

    prices: list[HourShape] = Field(description="The hours, in any order.", min_length=1, max_length=MOST_HOURS)

    @field_validator("prices")
    @classmethod
    def once(cls, value: list[HourShape]) -> list[HourShape]:
        """No hour twice."""
        if len({hour.starts_at for hour in value}) < len(value):
            raise ValueError("An hour stands in it twice")
        return value


class StoredShape(BaseModel):
    """What became of the hours."""

    new: int = Field(description="Hours that had no price before.", examples=[24])
    changed: int = Field(description="Hours that had another price.", examples=[0])
    unchanged: int = Field(description="Hours that had this price already.", examples=[0])
