"""What meters read, as a gateway hands it to the services."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec


class Measured(NamedTuple):
    """What a value is. A fleet says the same few things over and over, so these are shared."""

    measurand: str
    unit: str
    phase: str = ""
    location: str = ""
    context: str = ""


class Sample(msgspec.Struct, frozen=True, gc=False):
    """One sampled value: as a decimal in the normalised unit, empty where `raw` is no number that can be stored."""

    measured: Measured
    decimal: str
    raw: str


class Totals(msgspec.Struct, gc=False):
    """Register (Wh), power (W) and battery (%) of a reading, None where it does not tell."""

    register: int | None = None
    power: int | None = None
    soc: int | None = None


class Reading(msgspec.Struct):
    """The samples that one charger took at one moment."""

    charge_point_id: int
    connector_number: int
    at: datetime
    received_at: datetime
    samples: Sequence[Sample]
    transaction_id: str = ""
    totals: Totals | None = None  # once they were asked for
