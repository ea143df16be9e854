"""What to simulate: the fleet file and the manners of its chargers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

Behaviour = Literal["busy", "calm", "fleet", "flaky", "faulty", "dc"]
Span = tuple[float, float]


class ConnectorSpec(msgspec.Struct, frozen=True):
    """One outlet; `max_w` in watts."""

    id: int
    max_w: int = 22_000
    type: str = "Type2"


class ChargerSpec(msgspec.Struct, frozen=True):
    """One charger of the fleet file. Members that are not named here are ignored."""

    identity: str
    password: str | None = None
    vendor: str = "Hub"
    model: str = "Simulated"
    serial: str = ""
    firmware: str = "1.4.2"
    connectors: tuple[ConnectorSpec, ...] = (ConnectorSpec(1),)
    keys: tuple[str, ...] = ()
    phases: int = 3
    behaviour: Behaviour = "busy"

    @property
    def is_dc(self) -> bool:
        """True for a charger that feeds batteries directly and therefore knows their state of charge."""
        return self.behaviour == "dc"


@dataclass(frozen=True)
class Manner:
    """How lively a charger is; all spans in simulated seconds. None: it never happens."""

    gap: Span
    stay: Span
    soc: Span
    drop: Span | None = None
    fault: Span | None = None


MANNERS: dict[Behaviour, Manner] = {
    "busy": Manner(gap=(15, 60), stay=(90, 300), soc=(20, 90)),
    "calm": Manner(gap=(120, 600), stay=(600, 2400), soc=(15, 80)),
    "fleet": Manner(gap=(200, 400), stay=(1200, 3600), soc=(30, 95)),
    "flaky": Manner(gap=(30, 120), stay=(120, 600), soc=(20, 90), drop=(60, 180)),
    "faulty": Manner(gap=(30, 120), stay=(60, 240), soc=(20, 90), fault=(60, 180)),
    "dc": Manner(gap=(20, 90), stay=(240, 900), soc=(40, 88)),
}


def load(path: Path, count: int | None = None) -> list[ChargerSpec]:
    """The chargers of a fleet file, only the first `count` if given. Raises msgspec.ValidationError."""
    return msgspec.json.decode(path.read_bytes(), type=list[ChargerSpec])[:count]
