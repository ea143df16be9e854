"""OCPP 1.6 core, driven by a fake station over a real websocket. Case ids are those of the certification."""

import pytest

from chargepoints.models import ChargePoint
from tests.conftest import StartServer
from tests.factories import PASSWORD
from tests.station import Station

pytestmark = pytest.mark.django_db(transaction=True)


async def test_001_cold_boot(server: StartServer, charge_point: ChargePoint) -> None:
    """TC_001: Boot is accepted with a time and an interval; statuses and heartbeats are answered."""
    running = server()
    async with Station(running.ocpp_url, "NORD-1", PASSWORD) as station:
        answer = await station.boot()
        assert answer["status"] == "Accepted"
        assert answer["interval"] > 0
        assert answer["currentTime"].endswith("Z")
        assert await station.status(0, "Available") == {}
        assert await station.status(1, "Available") == {}
        assert set(await station.call("Heartbeat", {})) == {"currentTime"}
    await charge_point.arefresh_from_db()
    assert charge_point.booted_at is not None
