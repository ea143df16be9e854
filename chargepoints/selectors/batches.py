"""Batches as people see them: of each only the rows of the chargers that they may see."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from chargepoints.action_choices import BatchRowState, BatchState
from chargepoints.actions import ACTIONS
from chargepoints.choices import OPEN_CHARGE_STATES
from chargepoints.models import BatchRow, Charge, CommandBatch
from chargepoints.permissions import Person, batches_for, charge_points_for, sites_for

PAGE, ROWS_PAGE, FILE_ROWS = 50, 100, 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows are in each state."""

    by_state: dict[str, int] = field(default_factory=dict)

    def of(self, *states: BatchRowState) -> int:
        """The rows in these states."""
        return sum(self.by_state.get(state, 0) for state in states)

    @property
    def wanted(self) -> int:
        """All but those that were left out."""
        return sum(self.by_state.values()) - self.of(BatchRowState.LEFT_OUT)

    @property
    def ended(self) -> int:
        """Those of them that have their outcome."""
        return self.of(BatchRowState.DONE, BatchRowState.FAILED, BatchRowState.STOPPED)


def batch_rows_for(person: Person, batch: CommandBatch) -> QuerySet[BatchRow]:
    """The rows whose charge point `person` may see, of archived ones too."""
    return batch.rows.filter(_seen(person))


def _seen(person: Person) -> Q:
    inside = Q(charge_point__in=charge_points_for(person))
    return inside | Q(charge_point__in=charge_points_for(person, archived=True))


def batch_is_theirs(person: Person, batch: CommandBatch) -> bool:
    """Whether `person` has the action's right on every charger of the batch, and so may stop it or let it go on."""
    right = ACTIONS[batch.kind].right
    theirs = Q(charge_point__in=charge_points_for(person, right))
    theirs |= Q(charge_point__in=charge_points_for(person, right, archived=True))
    return not batch.rows.exclude(theirs).exists()


def batches_page(person: Person, before: str, size: int = PAGE) -> tuple[list[CommandBatch], str]:
    """Batches, the newest first, after a cursor, and the cursor of the next page; empty on the last."""
    rows = batches_for(person).select_related("firmware", "author").order_by("-created_at", "-pk")
    micros, _, pk = before.partition("_")
    if micros.isascii() and micros.isdigit() and len(micros) < 18 and _is_uuid(pk):
        at = _EPOCH + int(micros) * _MICROSECOND
        rows = rows.filter(created_at__lte=at).exclude(created_at=at, pk__gte=pk)
    found = list(rows[: size + 1])
    last = found[size - 1] if len(found) > size else None
    return found[:size], f"{(last.created_at - _EPOCH) // _MICROSECOND}_{last.pk}" if last else ""


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def batch_counts(person: Person, batches: Iterable[CommandBatch]) -> dict[UUID, Counts]:
    """The rows of each batch by state, of those that the person may see: one query."""
    found: dict[UUID, Counts] = {batch.pk: Counts() for batch in batches}
    counted = BatchRow.objects.filter(_seen(person), batch__in=list(found)).order_by()
    for pk, state, number in counted.values_list("batch", "state").annotate(n=Count("pk")):
        found[pk].by_state[state] = number
    return found


def batch_rows_page(
    rows: QuerySet[BatchRow], state: str, after: int, size: int = ROWS_PAGE
) -> tuple[list[BatchRow], int | None]:
    """One page of rows in their order, and the position after which the next begins. `state` filters."""
    if state:
        rows = rows.filter(state=state)
    found = list(_shown(rows.filter(position__gt=after))[: size + 1])
    return found[:size], found[size - 1].position if len(found) > size else None


def _shown(rows: QuerySet[BatchRow]) -> QuerySet[BatchRow]:
    """With charger, site and command, and whether a charge runs there now."""
    running = Charge.objects.filter(charge_point=OuterRef("charge_point"), state__in=OPEN_CHARGE_STATES)
    return rows.select_related("charge_point__site", "command").annotate(is_busy=Exists(running)).order_by("position")


def batch_rows_all(rows: QuerySet[BatchRow], state: str) -> Iterator[list[BatchRow]]:
    """All rows, a thousand at a time."""
    after: int | None = 0
    while after is not None:
        found, after = batch_rows_page(rows, state, after, FILE_ROWS)
        yield found


def batch_again(batch: CommandBatch) -> QuerySet[BatchRow]:
    """What can be tried again: what has failed, and what could not begin at its turn; not what was left out at once."""
    return batch.rows.filter(Q(state=BatchRowState.FAILED) | Q(state=BatchRowState.LEFT_OUT, tries__gt=0))


def batches_halted(person: Person) -> Sequence[tuple[CommandBatch, BatchRow]]:
    """Batches that have halted themselves, each with a failed row that the person may see: two queries."""
    halted = list(batches_for(person).filter(state=BatchState.HALTED).order_by("created_at")[:PAGE])
    if not halted:
        return []
    failed = BatchRow.objects.filter(_seen(person), batch__in=halted, state=BatchRowState.FAILED)
    rows = failed.select_related("charge_point").order_by("batch_id", "-ended_at").distinct("batch_id")
    first = {row.batch_id: row for row in rows}
    return [(batch, first[batch.pk]) for batch in halted if batch.pk in first]


def time_zone_of(person: Person) -> str:
    """The time zone of the person's sites if they share one, else UTC."""
    zones = list(sites_for(person).order_by().values_list("time_zone", flat=True).distinct()[:2])
    return zones[0] if len(zones) == 1 else "UTC"
