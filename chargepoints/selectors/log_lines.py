"""Reading a charge point's log: always by (charge_point, seq), never by OFFSET."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from chargepoints.choices import Category, Direction
from chargepoints.models import ChargePoint, Connection, LinkPeriod, LogLine

CONNECT = "Connect"
LARGEST_SEQ = 2**63 - 1
# A filter may match nothing: it looks back this far and no further.
SEARCH_SPAN = timedelta(days=7)
COUNT_LIMIT = 1_000_000
# So many lines are looked at for the newest frame of the charger.
NEWEST = 20


@dataclass(frozen=True, slots=True)
class LineFilter:
    """What of a log is wanted; empty means everything."""

    categories: frozenset[str] = frozenset()
    text: str = ""

    def __bool__(self) -> bool:
        return bool(self.categories or self.text)

    def apply(self, lines: QuerySet[LogLine]) -> QuerySet[LogLine]:
        """`lines` without those that are not wanted."""
        if self.categories:
            lines = lines.filter(category__in=self.categories & set(Category.values))
        if self.text:
            names = ("action", "fact", "text", "message_id", "request", "answer")
            wanted = Q()
            for name in names:
                wanted |= Q(**{f"{name}__icontains": self.text})
            lines = lines.filter(wanted)
        return lines


EVERYTHING = LineFilter()


def cursor_newest(charge_point_id: int) -> int:
    """The sequence of the newest line; 0 when there is none."""
    found = Connection.objects.filter(charge_point=charge_point_id).values_list("last_seq", flat=True).first()
    return found or 0


def lines_after(charge_point_id: int, cursor: int, limit: int) -> list[LogLine]:
    """The first `limit` lines after `cursor`, oldest first."""
    return list(_lines(charge_point_id).filter(seq__gt=cursor).order_by("seq")[:limit])


def lines_until(charge_point_id: int, newest: int, limit: int, wanted: LineFilter = EVERYTHING) -> list[LogLine]:
    """The last `limit` lines up to and with `newest`, oldest first."""
    lines = _lines(charge_point_id).filter(seq__lte=newest)
    if wanted:
        lines = wanted.apply(lines.filter(seq__gt=newest - SEARCH_SPAN // timedelta(microseconds=1)))
    return list(reversed(lines.order_by("-seq")[:limit]))


def lines_around(charge_point_id: int, seq: int, each_side: int = 25) -> list[LogLine]:
    """The line `seq` with its neighbours, oldest first."""
    return [*lines_until(charge_point_id, seq, each_side), *lines_after(charge_point_id, seq, each_side)]


def line_get(charge_point: ChargePoint, seq: int) -> LogLine | None:
    """One line, or None."""
    return _lines(charge_point.pk).filter(seq=seq).first()


@dataclass(frozen=True, slots=True)
class Received:
    """A frame as it came from a charger."""

    line: LogLine
    at: datetime
    raw: str


def last_message(charge_point_id: int) -> Received | None:
    """The newest frame of the charger: a message, or an answer to one of ours. One query, two when it says little."""
    for lines in (_lines(charge_point_id), _lines(charge_point_id).filter(direction=Direction.IN)):
        found = [got for line in lines.order_by("-seq")[:NEWEST] if (got := _received(line))]
        if found:
            return max(found, key=lambda got: got.at)
    return None


def _received(line: LogLine) -> Received | None:
    if line.direction == Direction.IN and line.request:
        return Received(line, line.at, line.request)
    if line.direction == Direction.OUT and line.answer:
        return Received(line, line.at + timedelta(microseconds=line.latency_us or 0), line.answer)
    return None


def lines_behind(charge_point_id: int, cursor: int) -> int:
    """How many lines come after `cursor`; stops counting at a million."""
    return _lines(charge_point_id).filter(seq__gt=cursor)[:COUNT_LIMIT].count()


def cursor_of_last(charge_point_id: int, count: int) -> int:
    """A cursor after which exactly the newest `count` lines come; 0 when there are not that many."""
    newest = _lines(charge_point_id).order_by("-seq").values_list("seq", flat=True)[: count + 1]
    seqs = list(newest)
    return seqs[-1] if len(seqs) > count else 0


def link_gaps(charge_point_id: int, lines: Iterable[LogLine]) -> dict[int, timedelta]:
    """How long there was no link before each Connect line of `lines`, by sequence. One query, often none."""
    connects = {line.generation: line for line in lines if line.action == CONNECT and line.generation is not None}
    if not connects:
        return {}
    periods = (
        LinkPeriod.objects.filter(charge_point=charge_point_id, generation__lt=max(connects))
        .filter(generation__gte=min(connects) - 1, ended_at__isnull=False)
        .values_list("generation", "ended_at")
    )
    ended: dict[int, datetime] = {generation: end for generation, end in periods if end is not None}
    return {
        line.seq: line.at - ended[generation - 1]
        for generation, line in connects.items()
        if generation - 1 in ended and line.at > ended[generation - 1]
    }


@dataclass(frozen=True, slots=True)
class Pulse:
    """What of a charge point, besides its log, a viewer would want to see; compared, never shown."""

    integration: str
    state: str
    commands: tuple[tuple[UUID, str, str], ...]


def pulse_of(charge_point: ChargePoint) -> Pulse:
    """The pulse now. One query."""
    commands = charge_point.commands.order_by("-created_at").values_list("id", "status", "effect")[:10]
    return Pulse(charge_point.integration, charge_point.state, tuple(commands))


def cursors_of(charge_point_ids: Sequence[int]) -> dict[int, int]:
    """The newest sequence of each of these charge points."""
    rows = Connection.objects.filter(charge_point__in=charge_point_ids)
    return dict(rows.values_list("charge_point_id", "last_seq"))


def _lines(charge_point_id: int) -> QuerySet[LogLine]:
    return LogLine.objects.filter(charge_point=charge_point_id)
