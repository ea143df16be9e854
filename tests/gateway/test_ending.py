"""The end of a server, and what it says of itself, while the database is away or does not answer."""

import asyncio
import time
import urllib.error
import urllib.request

import pytest
from asgiref.sync import sync_to_async

from chargepoints.models import ChargePoint, Connection
from tests.conftest import StartServer
from tests.factories import PASSWORD
from tests.gateway.outage import Database
from tests.gateway.tools import both_servers, db, log, soon, station
from tests.stage import Server
from tests.station import Gone, Station

pytestmark = pytest.mark.django_db(transaction=True)
both = pytest.mark.parametrize("name", ["daphne", "uvicorn"])


def ended(running: Server) -> float:
    """Ask the server to end (SIGTERM); the seconds that it took."""
    begin = time.monotonic()
    running.stop()
    return time.monotonic() - begin


def health(running: Server) -> int:
    """The status of /healthz."""
    try:
        with urllib.request.urlopen(f"{running.url}/healthz", timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


@both
async def test_ends_in_time_without_a_database(
    server: StartServer, charge_point: ChargePoint, database: Database, name: str
) -> None:
    """Within 5 s, with a charger on the line; what waited was not acknowledged and is not stored."""
    running = server(name)
    async with station(running) as one:
        await one.boot()
        await db(database.gone)
        await one.send_call("Heartbeat", {}, message_id="unanswered")
        assert await sync_to_async(ended)(running) < 5
        assert (await one.close_code())[0] in {1001, 1012, 1006}
        assert one.unread == []
    await db(database.back)
    assert await db(lambda: log(charge_point, message_id="unanswered")) == []
    running.start()
    async with station(running) as again:
        await again.call("Heartbeat", {}, message_id="unanswered")
    assert len(await db(lambda: log(charge_point, message_id="unanswered"))) == 1


async def test_ends_in_time_when_the_database_does_not_answer(
    server: StartServer, charge_point: ChargePoint, database: Database
) -> None:
    """Neither refused nor answered: the process ends all the same."""
    running = server()
    async with station(running) as one:
        await one.boot()
        with database.held(charge_point):
            await one.send_call("Heartbeat", {}, message_id="unanswered")
            assert await sync_to_async(ended)(running) < 5
        with pytest.raises(Gone):
            await one.recv()


@both
async def test_orderly_end_with_a_database(server: StartServer, charge_point: ChargePoint, name: str) -> None:
    """Every end of a connection is stored before the process is gone."""
    running = server(name)
    async with station(running) as one:
        await one.boot()
        assert await sync_to_async(ended)(running) < 5
        assert not (await Connection.objects.aget(charge_point=charge_point)).is_connected
        assert [line.action for line in await db(lambda: log(charge_point))][-1] == "Disconnect"


@both_servers
async def test_handshake_that_is_given_up(gateway: Server, charge_point: ChargePoint, database: Database) -> None:
    """A charger that leaves while its connection waits to be stored is not connected afterwards."""
    with database.held(charge_point), pytest.raises(TimeoutError):
        await Station(gateway.ocpp_url, "NORD-1", PASSWORD, deadline=0.5).__aenter__()
    await soon(lambda: log(charge_point, action="Disconnect"), "the end of the connection")
    now = await Connection.objects.aget(charge_point=charge_point)
    assert (now.generation, now.is_connected) == (1, False)


@both_servers
async def test_health_is_the_truth(gateway: Server, database: Database) -> None:
    """503 at once when the database has gone, 200 at once when it is back, whatever connections are left over."""

    async def asked() -> set[int]:
        return {await asyncio.to_thread(health, gateway) for _ in range(3)}

    assert await asked() == {200}
    await db(database.gone)
    assert await asked() == {503}
    await db(database.back)
    assert await asked() == {200}
    await db(database.cut)
    assert await asked() == {200}
