"""The journal: each charger's order is kept, every entry is applied once, one bad entry hurts nobody."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from chargepoints.choices import Category, Direction
from chargepoints.models import ChargePoint, Connector, LogLine
from chargepoints.reports import NewLine
from ocpp_gateway.journal import MAX_BATCH, Entry, Group, Journal, turns
from tests.gateway.tools import db

GROUPS = [
    Group("hot", lambda entries: None, hot=True),
    Group("warm", lambda entries: None, hot=True),
    Group("cold", lambda _: None),
]
NOW = datetime.now(UTC)


class Wish(Entry):
    """An entry that notes what became of it."""

    def __init__(self, group: Group, charge_point_id: int | None, text: str = "") -> None:
        super().__init__(group, charge_point_id, NOW)
        self.text, self.failed, self.done = text, False, asyncio.Event()

    def line(self) -> NewLine | None:
        """A line with the text."""
        assert self.charge_point_id is not None
        return NewLine(
            self.charge_point_id, NOW, Direction.IN, Category.STATE, "Wish", text=self.text, is_error=self.failed
        )

    def fail(self, error: Exception) -> None:
        """Refused."""
        self.failed = True

    def committed(self) -> None:
        """Answered."""
        self.done.set()


def _hang_up() -> None:
    connection.close()


@pytest.fixture
async def journal() -> AsyncIterator[Journal]:
    """A journal of our own; its thread's database connection ends with the test."""
    made = Journal()
    yield made
    made._thread.submit(_hang_up).result()
    made._thread.shutdown()


@given(st.lists(st.tuples(st.sampled_from(GROUPS), st.none() | st.integers(1, 4)), max_size=40))
def test_turns_keep_every_chargers_order(wanted: list[tuple[Group, int | None]]) -> None:
    batch = [Wish(group, pk, str(number)) for number, (group, pk) in enumerate(wanted)]
    applied: dict[int | None, list[Entry]] = defaultdict(list)
    for turn in turns(batch):
        for group, entries in turn.items():
            assert all(entry.group is group for entry in entries)
            counts = Counter(entry.charge_point_id for entry in entries if entry.charge_point_id is not None)
            assert group.hot or all(count == 1 for count in counts.values())
            for entry in entries:
                applied[entry.charge_point_id].append(entry)
        chargers = [{e.charge_point_id for e in entries} - {None} for entries in turn.values()]
        assert sum(map(len, chargers)) == len(set().union(*chargers))
    for pk, found in applied.items():
        wished = [entry for entry in batch if entry.charge_point_id == pk]
        assert (found == wished) if pk is not None else (set(found) == set(wished))
    assert sum(map(len, applied.values())) == len(batch)


def test_turns_are_few() -> None:
    """A thousand chargers that say the same things are served together."""
    batch = [Wish(group, pk) for group in GROUPS for pk in range(1000)]
    assert len(turns(batch)) == 3


def _rename(entries: list[Wish]) -> None:
    for entry in entries:
        if entry.text == "impossible":
            raise RuntimeError("no")
        Connector.objects.filter(charge_point=entry.charge_point_id).update(info=entry.text)


@pytest.mark.django_db(transaction=True)
async def test_one_bad_entry_hurts_nobody(
    journal: Journal, charge_point: ChargePoint, far_charge_point: ChargePoint
) -> None:
    """The batch is split until it stands alone; the others are applied, and it is logged as refused."""
    group = Group("rename", _rename, hot=True)
    first = Wish(group, charge_point.pk, "first")
    journal.put(first)  # goes alone; the rest waits and becomes one batch
    pks = (charge_point.pk, far_charge_point.pk)
    rest = [Wish(group, pks[n % 2], "impossible" if n == 13 else str(n)) for n in range(30)]
    for entry in rest:
        journal.put(entry)
    await asyncio.gather(*(asyncio.wait_for(entry.done.wait(), 10) for entry in (first, *rest)))
    assert [entry.text for entry in rest if entry.failed] == ["impossible"]
    infos = await db(lambda: set(Connector.objects.values_list("info", flat=True)))
    assert infos == {"28", "29"}
    lines = await db(lambda: list(LogLine.objects.filter(charge_point=far_charge_point).order_by("seq")))
    assert [line.text for line in lines] == [
        entry.text for entry in rest if entry.charge_point_id == far_charge_point.pk
    ]
    assert [line.text for line in lines if line.is_error] == ["impossible"]


@pytest.mark.django_db(transaction=True)
async def test_full_queue_holds_up_the_readers(journal: Journal, charge_point: ChargePoint) -> None:
    """`room` waits at the high-water mark and goes on when half is done; nothing is dropped."""
    group = Group("nothing", lambda entries: None, hot=True)
    entries = [Wish(group, charge_point.pk) for _ in range(6000)]
    for entry in entries:
        journal.put(entry)
    waiting = asyncio.create_task(journal.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    await asyncio.wait_for(waiting, 20)
    await asyncio.wait_for(entries[-1].done.wait(), 20)
    assert all(entry.done.is_set() for entry in entries)
    assert journal.committed == 6000
    assert journal.batches >= 6000 // MAX_BATCH
    sequences = await db(lambda: list(LogLine.objects.order_by("seq").values_list("seq", flat=True)))
    assert len(set(sequences)) == 6000


@pytest.mark.django_db(transaction=True)
async def test_deleted_charge_point(journal: Journal, transactional_db: None) -> None:
    """What arrives for a charge point that was deleted meanwhile does no harm."""
    entry = Wish(Group("nothing", lambda entries: None), 2**40)
    journal.put(entry)
    await asyncio.wait_for(entry.done.wait(), 10)
    assert not entry.failed
    assert not await LogLine.objects.aexists()
