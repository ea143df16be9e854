"""Durable before the answer, and idempotent by content: what was acknowledged is there, once (T3, T4).

Servers are killed here, so each such test has its own.
"""

import asyncio
import json
from datetime import timedelta

import pytest

from chargepoints.choices import ChargeState
from chargepoints.models import Charge, ChargePoint, LogLine, MeterSample, Site
from tests import factories
from tests.conftest import StartServer
from tests.gateway.tools import both_servers, db, log, station
from tests.stage import Server
from tests.station import Gone, Station, now

pytestmark = pytest.mark.django_db(transaction=True)
BEGUN = (factories.now() - timedelta(hours=1)).isoformat()
ENDED = factories.now().isoformat()
# Seconds between the stop and the kill: before, around and after its commit.
MOMENTS = (0, 0.002, 0.005, 0.2)
DATA = [{"timestamp": ENDED, "sampledValue": [{"value": str(n), "context": "Transaction.End"}]} for n in (1, 2, 3)]


async def samples() -> int:
    """How many samples are stored."""
    return await MeterSample.objects.acount()


@both_servers
async def test_same_start_and_stop_again(gateway: Server, charge_point: ChargePoint) -> None:
    """With the same id, with a new one, after a reconnect: one charge, the same answers, one set of samples."""
    async with station(gateway) as one:
        first = await one.start(1, "X", 100, BEGUN, message_id="s")
        assert await one.start(1, "X", 100, BEGUN, message_id="s") == first
        assert await one.start(1, "x", 100, BEGUN, message_id="t") == first
    tx = first["transactionId"]
    async with station(gateway) as two:
        assert await two.start(1, "X", 100, BEGUN) == first
        await two.status(1, "Charging")
        for message_id in ("e", "e", "f"):
            assert await two.stop(tx, 900, "Local", ENDED, message_id=message_id, transactionData=DATA) == {}
        await two.stop(tx, 5000, "Other", now())
        assert await two.start(1, "X", 100, BEGUN) == first
    charge = await Charge.objects.aget()
    assert (charge.transaction_id, charge.energy_wh, charge.stop_reason) == (str(tx), 800, "Local")
    assert charge.state == ChargeState.STOPPED
    assert await samples() == 3
    notes = [line.text for line in await db(lambda: log(charge_point, category="txn"))]
    assert [("repeated" in note) for note in notes] == [False, True, True, True, False, True, True, True, True]


async def test_different_starts_are_different(gateway: Server, charge_point: ChargePoint) -> None:
    """Another connector, key, time or register is another charge, with an id that nobody can guess."""
    async with station(gateway) as one:
        answers = [
            await one.start(1, "X", 100, BEGUN),
            await one.start(2, "X", 100, BEGUN),
            await one.start(1, "Y", 100, BEGUN),
            await one.start(1, "Y", 101, BEGUN),
            await one.start(1, "Y", 101, ENDED),
        ]
    ids = [answer["transactionId"] for answer in answers]
    assert len(set(ids)) == 5
    assert all(abs(one - other) > 5 for one in ids for other in ids if one != other)


async def test_lost_stop(gateway: Server, charge_point: ChargePoint) -> None:
    """A start on a busy connector closes the charge before it at its last reading; a late stop completes it."""
    async with station(gateway) as one:
        old = (await one.start(1, "X", 1000, BEGUN))["transactionId"]
        await one.meter(1, 1600, old)
        new = (await one.start(1, "Y", 2000))["transactionId"]
        await one.status(1, "Charging")
        closed = await Charge.objects.aget(transaction_id=str(old))
        assert (closed.state, closed.energy_wh) == (ChargeState.COMPLETED, 600)
        assert "stop never arrived" in closed.needs_review
        assert [line.transaction_id for line in await db(lambda: log(charge_point, action="Lost stop"))] == [str(old)]
        assert await one.stop(old, 1900, "Local", ENDED) == {}
        late = await Charge.objects.aget(transaction_id=str(old))
        assert (late.state, late.energy_wh) == (ChargeState.COMPLETED, 900)
        assert "after it had been closed" in late.needs_review
        running = await Charge.objects.aget(transaction_id=str(new))
        assert (running.state, running.ended_at) == (ChargeState.CHARGING, None)
        await one.stop(new, 2500)
    sequences = [line.seq for line in await db(lambda: log(charge_point))]
    assert sequences == sorted(set(sequences))


@pytest.mark.parametrize("transaction", [-1, 0, 424242, 2**63 - 1, 2**80, -(2**63)])
async def test_stop_of_nothing(gateway: Server, charge_point: ChargePoint, transaction: int) -> None:
    """Answered as if valid, kept once for review, and no charge that runs is touched (QUIRKS 4.1 to 4.3)."""
    async with station(gateway) as one:
        tx = (await one.start(1, "X", 0))["transactionId"]
        for _ in range(2):
            assert await one.stop(transaction, 700, "Local", ENDED, transactionData=DATA) == {}
        kept = await Charge.objects.exclude(transaction_id=str(tx)).aget()
        assert (kept.state, kept.meter_stop_wh, kept.energy_wh) == (ChargeState.COMPLETED, 700, 0)
        assert "never started here" in kept.needs_review
        assert (await Charge.objects.aget(transaction_id=str(tx))).state == ChargeState.STARTING
        assert await samples() == 3
        await one.stop(tx, 1)


async def test_stop_of_another_stations_charge(
    gateway: Server, charge_point: ChargePoint, far_charge_point: ChargePoint
) -> None:
    """CVE-2026-28230: a transaction belongs to its station; a neighbour's stop or reading changes nothing."""
    async with station(gateway) as mine, station(gateway, "NORD-2") as other:
        tx = (await mine.start(1, "X", 0))["transactionId"]
        await mine.meter(1, 100, tx)
        assert await other.meter(1, 9_000_000, tx) == {}
        assert await other.stop(tx, 9_000_000) == {}
        charge = await Charge.objects.aget(transaction_id=str(tx))
        assert (charge.state, charge.energy_wh, charge.ended_at) == (ChargeState.STARTING, 100, None)
        assert (await Charge.objects.aget(charge_point=far_charge_point)).needs_review
        await mine.stop(tx, 200)
    assert (await Charge.objects.aget(charge_point=charge_point)).energy_wh == 200


async def test_values_after_the_stop_reopen_nothing(gateway: Server, charge_point: ChargePoint) -> None:
    """QUIRKS 4.8: kept with the charge, which stays ended."""
    async with station(gateway) as one:
        tx = (await one.start(1, "X", 0))["transactionId"]
        await one.stop(tx, 500)
        await one.meter(1, 800, tx, power=5000)
    charge = await Charge.objects.aget()
    assert (charge.state, charge.energy_wh, charge.power_w) == (ChargeState.STOPPED, 500, None)
    assert await MeterSample.objects.filter(charge_id=charge.pk).acount() == 2


async def test_repeats_after_a_restart(server: StartServer, charge_point: ChargePoint) -> None:
    """The server was restarted in between: the same answers, no new charge (T3)."""
    running = server()
    async with station(running) as one:
        first = await one.start(1, "X", 100, BEGUN)
    running.restart()
    async with station(running) as two:
        assert await two.start(1, "X", 100, BEGUN) == first
        await two.stop(first["transactionId"], 900, "Local", ENDED)
    running.restart()
    async with station(running) as three:
        assert await three.stop(first["transactionId"], 900, "Local", ENDED) == {}
    assert (await Charge.objects.aget()).energy_wh == 800


@pytest.mark.parametrize("name", ["daphne", "uvicorn"])
async def test_killed_between_stop_and_answer(server: StartServer, charge_point: ChargePoint, name: str) -> None:
    """T4: `kill -9` around the commit, at several moments: the repeat finds exactly one stop and one set of samples."""
    running = server(name)
    for number, wait in enumerate(MOMENTS):
        async with station(running) as one:
            begun = (factories.now() - timedelta(minutes=30 - number)).isoformat()
            tx = (await one.start(1, "X", 100, begun))["transactionId"]
            body = {"transactionId": tx, "meterStop": 900, "timestamp": ENDED, "transactionData": DATA}
            await one.send_raw(json.dumps([2, f"e{number}", "StopTransaction", body]))
            await asyncio.sleep(wait)
            running.kill()
            await one.close_code()
            acknowledged = [frame for frame in one.unread if f'"e{number}"' in str(frame)]
        before = await Charge.objects.aget(transaction_id=str(tx))
        assert before.ended_at is not None or not acknowledged
        assert await samples() == 3 * number + (3 if before.ended_at else 0)
        running.start()
        async with station(running) as two:
            assert await two.call("StopTransaction", body, message_id=f"e{number}") == {}
        after = await Charge.objects.aget(transaction_id=str(tx))
        assert (after.state, after.energy_wh, after.needs_review) == (ChargeState.STOPPED, 800, "")
        assert await samples() == 3 * (number + 1)
    assert await Charge.objects.acount() == len(MOMENTS)


@pytest.mark.parametrize("name", ["daphne", "uvicorn"])
async def test_acknowledged_is_stored(server: StartServer, site: Site, name: str) -> None:
    """2,000 messages over 20 stations, killed in the middle: every answer that left stands for a stored message."""
    running = server(name)
    identities = [f"STREAM-{number}" for number in range(20)]
    await db(lambda: [factories.charge_point(site, identity) for identity in identities])
    stations = [station(running, identity) for identity in identities]
    await asyncio.gather(*(each.__aenter__() for each in stations))

    acknowledged: set[str] = set()

    async def stream(each: Station, lane: int) -> None:
        for number in range(25):
            message_id = f"{each.identity}/{lane}/{number}"
            await each.call("DataTransfer", {"vendorId": "x", "data": "y" * 100}, message_id=message_id)
            acknowledged.add(message_id)
            if len(acknowledged) == 600:
                running.kill()

    lanes = [stream(each, lane) for each in stations for lane in range(4)]
    ended = await asyncio.gather(*lanes, return_exceptions=True)
    assert {type(end) for end in ended} <= {Gone, type(None)}
    stored = set(await db(lambda: list(LogLine.objects.exclude(message_id="").values_list("message_id", flat=True))))
    assert 600 <= len(acknowledged) < 2000
    assert acknowledged <= stored
