"""What is told to a connector, and what it keeps."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Start:
    """Somebody wants to charge: a driver at the charger, or the central system."""

    tag: str
    remote: bool = False


@dataclass(frozen=True)
class Stop:
    """End the charge, if there is one, and let the car leave."""

    reason: str


@dataclass(frozen=True)
class Fault:
    """What a faulted connector reports."""

    error: str
    vendor_error: str
    info: str


@dataclass(frozen=True)
class Reservation:
    """A connector kept for a tag until `expires`."""

    id: int
    tag: str
    expires: datetime | None


@dataclass
class Charge:
    """One charge; `transaction` is -1 until the central system has given an id."""

    tag: str
    register: float
    started: datetime
    reservation: int | None
    transaction: int = -1
    denied: bool = False
    answered: asyncio.Event = field(default_factory=asyncio.Event)
