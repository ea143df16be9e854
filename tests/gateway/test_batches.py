"""Bulk actions over real sockets, with a worker and its clock: chargers that obey, refuse, are silent or faulted."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest

from chargepoints.action_choices import BatchState
from chargepoints.models import ChargePoint, Command, CommandBatch, Site
from chargepoints.pacing import Pace
from chargepoints.services.batches import batch_resume, batch_retry, batch_stop
from hub.audit.records import Actor
from hub.teams.models import User
from tests import factories
from tests.batch_tools import begun, states
from tests.gateway.tools import db, soon, station
from tests.stage import Server, Worker
from tests.station import Silence, Station

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def points(site: Site, transactional_db: None) -> list[ChargePoint]:
    """Four charge points, NORD-1 to NORD-4."""
    return [factories.charge_point(site, f"NORD-{number}") for number in range(1, 5)]


async def there(stack: AsyncExitStack, server: Server, points: Sequence[ChargePoint]) -> list[Station]:
    """Their chargers, connected."""
    return [await stack.enter_async_context(station(server, str(point.identity))) for point in points]


async def started(alice: User, points: Sequence[ChargePoint], pace: Pace, kind: str = "reboot") -> CommandBatch:
    """A batch for them."""
    parameters: dict[str, Any] = {"type": "Soft"} if kind == "reboot" else {}
    return await db(lambda: begun(alice, points, pace, kind, **parameters))


async def stands(batch: CommandBatch, *wanted: str, seconds: float = 15.0) -> CommandBatch:
    """The batch once its rows are in these states."""
    await soon(lambda: states(batch) == list(wanted), f"{wanted}", seconds=seconds)
    return await CommandBatch.objects.aget(pk=batch.pk)


async def accept(charger: Station, *, boots: bool = False) -> None:
    """The next Reset or ClearCache is accepted."""
    call = await charger.expect("Reset" if boots else "ClearCache", deadline=10)
    await charger.answer(call, {"status": "Accepted"})
    if boots:
        await charger.boot()


async def test_each_charger_in_its_own_way(desk: Server, alice: User, points: list[ChargePoint]) -> None:
    """One boots, one rejects, one is silent, one accepts and does nothing; then the three failed ones do better."""
    async with AsyncExitStack() as stack:
        good, bad, silent, idle = await there(stack, desk, points)
        batch = await started(alice, points, Pace())
        await accept(good, boots=True)
        await bad.answer(await bad.expect("Reset", deadline=10), {"status": "Rejected"})
        await silent.expect("Reset", deadline=10)
        await idle.answer(await idle.expect("Reset"), {"status": "Accepted"})
        ended = await stands(batch, "done", "failed", "failed", "failed")
        await soon(lambda: CommandBatch.objects.get().state == BatchState.FINISHED)
        assert [row.why async for row in ended.rows.order_by("position")] == [
            "",
            "Rejected by the charger.",
            "No answer, and no effect within its time.",
            "Accepted, but no effect within its time.",
        ]
        await db(lambda: batch_retry(batch=batch, actor=Actor.of(alice)))
        await asyncio.gather(*(accept(charger, boots=True) for charger in (bad, silent, idle)))
        await stands(batch, "done", "done", "done", "done")
    assert await Command.objects.acount() == 7


async def test_faults_halt_it_until_a_person_lets_it_go_on(
    desk: Server, alice: User, points: list[ChargePoint]
) -> None:
    """The first two go ahead; one of them is faulted after it, and nobody else is touched."""
    async with AsyncExitStack() as stack:
        chargers = await there(stack, desk, points)
        batch = await started(alice, points, Pace(canaries=2, watch_s=2))
        for charger in chargers[:2]:
            await accept(charger, boots=True)
        await stands(batch, "watched", "watched", "waiting", "waiting")
        await chargers[1].status(1, "Faulted", error="GroundFailure")
        await soon(lambda: CommandBatch.objects.get().state == BatchState.HALTED, "the halt")
        halted = await stands(batch, "done", "failed", "waiting", "waiting")
        assert halted.state_why == "1 of the first 2 failed; the others were not begun."
        for charger in chargers[2:]:
            with pytest.raises(Silence):
                await charger.expect("Reset", deadline=0.5)
        await db(lambda: batch_resume(batch=batch, actor=Actor.of(alice), reason="A fuse in the street"))
        for charger in chargers[2:]:
            await accept(charger, boots=True)
        await stands(batch, "done", "failed", "done", "done")


async def test_stopped_in_the_middle(desk: Server, alice: User, points: list[ChargePoint]) -> None:
    """What was sent is followed to its effect; the others hear nothing."""
    async with AsyncExitStack() as stack:
        first, *others = await there(stack, desk, points)
        batch = await started(alice, points, Pace(at_once=1))
        call = await first.expect("Reset", deadline=10)
        await soon(Command.objects.filter(status="sent").exists, "the sending")
        assert await db(lambda: batch_stop(batch=batch, actor=Actor.of(alice))) == (3, 1)
        await first.answer(call, {"status": "Accepted"})
        await first.boot()
        await stands(batch, "done", "stopped", "stopped", "stopped")
        await soon(CommandBatch.objects.exclude(ended_at=None).exists, "the end")
        assert [frame for charger in others for frame in charger.unread] == []


async def test_offline_ones_go_when_they_are_back(desk: Server, alice: User, points: list[ChargePoint]) -> None:
    """One is waited for, and gets its command when it has settled."""
    async with AsyncExitStack() as stack:
        [here] = await there(stack, desk, points[:1])
        batch = await started(alice, points[:2], Pace(keep_s=60), "clear_cache")
        await accept(here)
        await stands(batch, "done", "waiting")
        [back] = await there(stack, desk, points[1:2])
        await accept(back)
        await stands(batch, "done", "done")


async def test_a_worker_that_is_killed(desk: Server, alice: User, points: list[ChargePoint], hand: Worker) -> None:
    """Nothing is lost and nothing is sent twice."""
    async with AsyncExitStack() as stack:
        chargers = await there(stack, desk, points)
        batch = await started(alice, points, Pace(at_once=2), "clear_cache")
        calls = [await charger.expect("ClearCache", deadline=10) for charger in chargers[:2]]
        await db(hand.kill)
        for charger, call in zip(chargers, calls, strict=False):
            await charger.answer(call, {"status": "Accepted"})
        await db(hand.start)
        for charger in chargers[2:]:
            await accept(charger)
        await stands(batch, "done", "done", "done", "done")
        assert all(charger.unread == [] for charger in chargers)
    assert await Command.objects.acount() == 4
