"""PostgreSQL goes away while chargers are connected: nothing is acknowledged until it is back, nothing is lost."""

import os
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection

from chargepoints.models import Charge, ChargePoint, LogLine
from tests.factories import PASSWORD
from tests.gateway.tools import both_servers, db, log, soon
from tests.stage import Server
from tests.station import Refused, Silence, Station

pytestmark = pytest.mark.django_db(transaction=True)


class Database:
    """What can happen to the database of the servers. The test itself stays connected."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self._spared = int(cursor.fetchone()[0])

    def cut(self) -> int:
        """End the connections of everybody else; how many."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid NOT IN (pg_backend_pid(), %s)",
                [self._spared],
            )
            return int(cursor.fetchone()[0])

    def gone(self) -> None:
        """PostgreSQL as good as gone: nobody is connected and nobody can connect."""
        self._allow("false")
        self.cut()

    def back(self) -> None:
        """It can be used again."""
        self._allow("true")

    @staticmethod
    def _allow(word: str) -> None:
        name = connection.ops.quote_name(str(connection.settings_dict["NAME"]))
        # From outside: nobody can lock the door of the room they are in.
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as outside:
            outside.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {word}".encode())


@pytest.fixture
def database(transactional_db: None) -> Iterator[Database]:
    """Whatever a test does to it, it can be used again afterwards."""
    made = Database()
    yield made
    made.back()


@both_servers
async def test_lost_connections_are_made_again(gateway: Server, charge_point: ChargePoint, database: Database) -> None:
    """A database that restarts shows in no answer."""
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        tx = (await station.start(1, "X", 0))["transactionId"]
        for action in ("status", "meter", "stop"):
            assert await db(database.cut) >= 1
            if action == "status":
                assert await station.status(1, "Charging") == {}
            elif action == "meter":
                assert await station.meter(1, 50, tx) == {}
            else:
                assert await station.stop(tx, 100) == {}
    assert (await Charge.objects.aget()).energy_wh == 100
    assert not await LogLine.objects.filter(is_error=True, action="StopTransaction").aexists()


@both_servers
async def test_nothing_is_acknowledged_without_a_database(
    gateway: Server, charge_point: ChargePoint, database: Database
) -> None:
    """Silence while it is away, the answers in order when it is back; handshakes get 503 with Retry-After."""
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        await station.boot()

        await db(database.gone)
        for number in range(5):
            await station.send_call("Heartbeat", {}, message_id=f"h{number}")
        with pytest.raises(Silence):
            await station.recv(1.0)
        with pytest.raises(Refused) as caught:
            await Station(gateway.ocpp_url, "NORD-1", PASSWORD).__aenter__()
        assert caught.value.status == 503
        assert int(caught.value.headers["Retry-After"]) > 0
        await db(database.back)
        assert [(await station.recv_message())[1] for _ in range(5)] == [f"h{number}" for number in range(5)]
    assert len(await db(lambda: log(charge_point, action="Heartbeat"))) == 5


async def test_socket_that_ends_during_the_outage(
    gateway: Server, charge_point: ChargePoint, database: Database
) -> None:
    """Its end is stored when the database is back."""
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        await station.boot()

        await db(database.gone)
        await station.send_call("Heartbeat", {})
        await station.close()
        await db(database.back)
    await soon(lambda: [line.action for line in log(charge_point)][-2:] == ["Heartbeat", "Disconnect"], "both lines")
