"""Stored frames of a charger, put through the same handlers and services once more."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from chargepoints.models import LinkPeriod
from chargepoints.reports import Opened, StoredCall
from chargepoints.selectors.admission import Admission
from chargepoints.services.lost_stops import LOST_STOP, charge_close_again
from ocpp_gateway import frames, lenient, router
from ocpp_gateway.errors import OcppError, Version
from ocpp_gateway.frames import Call, CallResult
from ocpp_gateway.journal import Group
from ocpp_gateway.links import Link
from ocpp_gateway.router import Exchange
from ocpp_gateway.versions import DIALECTS

# The messages that charges and the status history follow from.
ACTIONS = ("StartTransaction", "StopTransaction", "MeterValues", "StatusNotification")
MAX_TOGETHER = 500


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many calls were applied again, and which could not be, in words."""

    calls: int
    unreadable: list[str]


def replay(*, charge_point_id: int, stored: Iterable[StoredCall], passed: Callable[[int], None]) -> Replayed:
    """Apply those stored calls of one charger that were acknowledged, in their order.

    Refused calls had no effect then and have none now. `passed` is told the sequence of what comes next, before a
    message that asks what the log held at that time. Runs in the caller's transaction.
    """
    unreadable: list[str] = []
    calls = 0
    exchanges = _exchanges(charge_point_id, stored, unreadable)
    for (group, _), run in groupby(exchanges, key=_Runs()):
        together = list(run)
        if group.name == "StopTransaction":
            passed(together[0][0])
        group.apply([applied for _, applied in together])
        calls += len(together)
    return Replayed(calls, unreadable)


class _Runs:
    """The key of each exchange: equal for neighbours that may be applied together, as the journal does."""

    def __init__(self) -> None:
        self._group: Group | None = None
        self._number = self._size = 0

    def __call__(self, entry: tuple[int, "Exchange | _Closing"]) -> tuple[Group, int]:
        group = entry[1].group
        self._size += 1
        if group is not self._group or not group.hot or self._size >= MAX_TOGETHER:
            self._group, self._size = group, 0
            self._number += 1
        return group, self._number


@dataclass(frozen=True, slots=True)
class _Closing:
    """A charge that a check has closed: no frame says so."""

    charge_point_id: int
    transaction_id: str
    at: datetime

    @property
    def group(self) -> Group:
        """Applied like a message."""
        return _CLOSINGS


def _close(closings: list[_Closing]) -> None:
    for closing in closings:
        charge_close_again(
            charge_point_id=closing.charge_point_id, transaction_id=closing.transaction_id, at=closing.at
        )


_CLOSINGS = Group(LOST_STOP, _close)


def _exchanges(
    charge_point_id: int, stored: Iterable[StoredCall], unreadable: list[str]
) -> Iterator[tuple[int, Exchange | _Closing]]:
    versions = dict(LinkPeriod.objects.filter(charge_point=charge_point_id).values_list("generation", "subprotocol"))
    links: dict[int, Link] = {}
    for line in stored:
        if line.action == LOST_STOP:
            yield line.seq, _Closing(charge_point_id, line.request, line.at)
            continue
        if line.generation not in links:
            subprotocol = versions.get(line.generation, "")
            links[line.generation] = _link(charge_point_id, line.generation, subprotocol, line.at)
        try:
            exchange = _exchange(links[line.generation], line)
        except (OcppError, ValueError) as error:
            unreadable.append(f"line {line.seq}, {line.action}: {error}")
            continue
        if exchange is not None:
            yield line.seq, exchange


def _link(charge_point_id: int, generation: int, subprotocol: str, at: datetime) -> Link:
    version = Version(subprotocol) if subprotocol in set(Version) else Version.V16
    opened = Opened(charge_point_id, "", at, "", version, 0)
    link = Link(known=Admission(charge_point_id, "", ""), version=version, opened=opened, send=_silence)
    link.generation = generation
    return link


async def _silence(message: dict[str, Any]) -> None:
    """Nobody is there to be answered."""


def _exchange(link: Link, line: StoredCall) -> Exchange | None:
    """The call of a line as it was applied then; None when it was refused. Raises OcppError and ValueError."""
    version = link.session.version
    answer = frames.parse(line.answer, version)
    if not isinstance(answer, CallResult):
        if isinstance(answer, frames.CallError):
            return None
        raise ValueError("its answer cannot be read")
    call = frames.parse(line.request, version)
    if not isinstance(call, Call) or call.action != line.action:
        raise ValueError("its frame cannot be read")
    found = router.find(DIALECTS[version].routes, version, call)
    payload = lenient.read(version, call).payload
    exchange = Exchange(link, found, call, payload, line.request, line.at)
    exchange.stored = answer.payload
    return exchange
