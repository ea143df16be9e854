"""What a charge was doing and when: phases from the reported statuses. Pure; times are aware datetimes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chargepoints.choices import ConnectorStatus


class Doing(StrEnum):
    """What goes on at the connector, in words for people."""

    PREPARING = "Preparing"
    CHARGING = "Charging"
    PAUSED_CAR = "Paused by the car"
    PAUSED_CHARGER = "Paused by the charger"
    FINISHING = "Finishing"
    FAULT = "Faulted"
    OTHER = "Not reported"


_DOING = {
    ConnectorStatus.PREPARING: Doing.PREPARING,
    ConnectorStatus.CHARGING: Doing.CHARGING,
    ConnectorStatus.SUSPENDED_EV: Doing.PAUSED_CAR,
    ConnectorStatus.SUSPENDED_EVSE: Doing.PAUSED_CHARGER,
    ConnectorStatus.FINISHING: Doing.FINISHING,
    ConnectorStatus.FAULTED: Doing.FAULT,
}


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of one charge in which one thing went on."""

    doing: Doing
    begin: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return (self.end - self.begin) / timedelta(seconds=1)


def phases_of(changes: Iterable[tuple[datetime, str]], begin: datetime, end: datetime) -> list[Phase]:
    """The phases of a charge, without gaps, from (time, status) in their order; those before it began count too.

    Equal neighbours are one phase. What nobody reported is `Not reported`.
    """
    doing, since = Doing.OTHER, begin
    found: list[Phase] = []
    for at, status in changes:
        now = _DOING.get(ConnectorStatus(status), Doing.OTHER)
        moment = min(max(at, begin), end)
        if now is not doing:
            if moment > since:
                found.append(Phase(doing, since, moment))
            doing, since = now, moment
    if end > since:
        found.append(Phase(doing, since, end))
    return _joined(found)


def _joined(phases: Sequence[Phase]) -> list[Phase]:
    joined: list[Phase] = []
    for phase in phases:
        if joined and joined[-1].doing is phase.doing:
            joined[-1] = Phase(phase.doing, joined[-1].begin, phase.end)
        else:
            joined.append(phase)
    return joined


def lasted(phases: Iterable[Phase], doing: Doing) -> float:
    """How many seconds this went on in all."""
    return sum(phase.seconds for phase in phases if phase.doing is doing)
