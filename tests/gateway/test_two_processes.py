"""Two gateway processes on one database: what they acknowledge is stored once, and they do not stand in the way."""

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection

from chargepoints.models import ChargePoint, Connection, GatewayProcess, LinkPeriod, LogLine, Site
from chargepoints.services.commands import commands_due
from chargepoints.services.connections import connections_reap
from tests import factories
from tests.conftest import StartServer
from tests.gateway.outage import Database
from tests.gateway.tools import db, log, soon, station
from tests.stage import Server
from tests.station import Gone, Refused, Station

pytestmark = pytest.mark.django_db(transaction=True)
STATIONS, ROUNDS = 12, 10


def deadlocks() -> int:
    """How many the database has broken up so far."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


class Flapping:
    """One charger that goes to and fro between gateways, and remembers what was acknowledged."""

    def __init__(self, identity: str, servers: list[Server]) -> None:
        self.identity, self.servers = identity, servers
        self.chance = random.Random(identity)
        self.acknowledged: list[str] = []
        self.sent = 0

    async def live(self) -> None:
        """Some rounds; a connection is closed, cut, or still open when the next one begins."""
        old: Station | None = None
        for _ in range(ROUNDS):
            new = station(self.chance.choice(self.servers), self.identity)
            try:
                await new.__aenter__()
            except Refused:
                continue
            await self.talk(new)
            if old is not None:
                await self.leave(old)
            old = new
        if old is not None:
            await old.close()

    async def talk(self, one: Station) -> None:
        """Some messages at once, such as nobody may lose."""
        body = {"connectorId": 1, "errorCode": "NoError", "status": self.chance.choice(("Charging", "Finishing"))}
        actions: list[tuple[str, dict[str, object]]] = [
            ("Heartbeat", {}),
            ("StatusNotification", body),
            ("DataTransfer", {"vendorId": "x"}),
        ]
        await asyncio.gather(*(self.say(one, *self.chance.choice(actions)) for _ in range(self.chance.randint(1, 4))))

    async def say(self, one: Station, action: str, payload: dict[str, object]) -> None:
        """One message; a connection that ends meanwhile has acknowledged nothing."""
        self.sent += 1
        message_id = f"{self.identity}/{self.sent}"
        try:
            await one.call(action, payload, message_id=message_id)
        except Gone:
            return
        self.acknowledged.append(message_id)

    async def leave(self, one: Station) -> None:
        """In good order or not."""
        if one.is_open and self.chance.random() < 0.5:
            one.drop()
        else:
            await one.close()


async def stirred(until: asyncio.Event) -> int:
    """The worker's sweeps as fast as they go, and gateways that are taken for dead now and then; how many sweeps."""
    sweeps: list[Callable[[], object]] = [commands_due, GatewayProcess.objects.all().delete, connections_reap]
    count = 0
    while not until.is_set():
        for sweep in sweeps:
            await db(sweep)
        count += 1
        await asyncio.sleep(0.2)
    return count


async def test_flapping_between_two_processes(server: StartServer, site: Site) -> None:
    """Every acknowledged message is stored, once, in order; nobody is left connected; no dead-lock."""
    servers = [server(), server("uvicorn")]
    fleet = [Flapping(f"FLAP-{number}", servers) for number in range(STATIONS)]
    rows = [await db(partial(factories.charge_point, site, one.identity)) for one in fleet]
    before = await db(deadlocks)
    done = asyncio.Event()
    sweeps = asyncio.create_task(stirred(done))
    await asyncio.gather(*(one.live() for one in fleet))
    done.set()
    assert await sweeps > 1
    await soon(lambda: not Connection.objects.filter(is_connected=True).exists(), "all have left", seconds=15)
    stored = Counter(
        await db(lambda: list(LogLine.objects.exclude(message_id="").values_list("message_id", flat=True)))
    )
    acknowledged = {message_id for one in fleet for message_id in one.acknowledged}
    assert len(acknowledged) > STATIONS * ROUNDS
    assert acknowledged <= stored.keys()
    assert max(stored.values()) == 1
    for row in rows:
        lines = await db(partial(log, row))
        connects = [line.generation for line in lines if line.action == "Connect"]
        assert connects == list(range(1, len(connects) + 1))
        periods = [period async for period in LinkPeriod.objects.filter(charge_point=row)]
        assert (len(periods), [period for period in periods if period.ended_at is None]) == (len(connects), [])
    assert await db(deadlocks) == before


async def test_dead_lock_costs_no_answer(
    server: StartServer, charge_point: ChargePoint, far_charge_point: ChargePoint, database: Database
) -> None:
    """A batch that is chosen as the victim is applied again at once; the database does not count as away."""
    running, begun = server(), threading.Event()
    first, second = sorted((charge_point, far_charge_point), key=lambda row: row.pk)
    async with station(running, str(first.identity)) as one, station(running, str(second.identity)) as two:
        with database.held(first):
            # The batch of this message waits; the next batch will want both chargers, the first one first.
            await one.send_call("Heartbeat", {}, message_id="a")
            await soon(lambda: database.waits() == 1, "the batch waits")
            await one.send_call("Heartbeat", {}, message_id="b")
            await two.send_call("Heartbeat", {}, message_id="c")
            rival = asyncio.create_task(asyncio.to_thread(database.lock_both, second, first, begun.set))
            await asyncio.to_thread(begun.wait, 10)
        await rival
        assert [(await one.recv_message())[1] for _ in range(2)] == ["a", "b"]
        assert (await two.recv_message())[1] == "c"
    assert await soon(deadlocks, "a dead-lock was broken up") >= 1
    stored = [line.message_id for row in (first, second) for line in await db(partial(log, row))]
    assert sorted(filter(None, stored)) == ["a", "b", "c"]
    assert "database away" not in running.log.read_text()
