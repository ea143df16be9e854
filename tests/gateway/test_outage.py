"""PostgreSQL goes away while chargers are connected: nothing is acknowledged until it is back, nothing is lost."""

import pytest

from chargepoints.models import Charge, ChargePoint, LogLine
from tests.factories import PASSWORD
from tests.gateway.outage import Database
from tests.gateway.tools import both_servers, db, log, soon
from tests.stage import Server
from tests.station import Refused, Silence, Station

pytestmark = pytest.mark.django_db(transaction=True)


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
