"""Websocket addresses that lead nowhere."""

import pytest

from chargepoints.models import ChargePoint
from tests.conftest import StartServer
from tests.station import Refused, Station

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("name", ["daphne", "uvicorn"])
@pytest.mark.parametrize("path", ["", "ws/nothing/", "ocp/NORD-1"])
async def test_an_unknown_address_is_404(server: StartServer, charge_point: ChargePoint, name: str, path: str) -> None:
    running = server(name)
    with pytest.raises(Refused) as refused:
        async with Station(running.ws_url, "NORD-1", path=path, headers={"Origin": running.url}):
            pass
    assert refused.value.status == 404
