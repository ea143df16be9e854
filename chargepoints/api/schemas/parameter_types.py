"""What the shapes of parameters are made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Connector = Annotated[int, Field(ge=0, lt=2**31)]
Whole = Annotated[int, Field(ge=0, lt=2**31)]
Id = Annotated[int, Field(ge=0, lt=2**62)]
Amount = Annotated[str, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,2})?$")]
Time = Annotated[str, Field(max_length=40, json_schema_extra={"format": "date-time"})]
Address = Annotated[str, Field(max_length=2000)]
LongText = Annotated[str, Field(max_length=10_000)]
Tags = Annotated[list[Annotated[str, Field(max_length=255)]], Field(max_length=20_000)]
SOON = "2030-01-31T12:00:00Z"
PEM = "-----BEGIN CERTIFICATE-----..."


class Parameters(BaseModel):
    """Parameters of a remote action; others than these are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)
