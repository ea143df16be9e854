"""Compression (CSMS.md H5, H9; SECURITY A16)."""

import json
import os
from pathlib import Path

import pytest

from chargepoints.models import ChargePoint
from tests.factories import PASSWORD
from tests.gateway.tools import both_servers
from tests.stage import Server
from tests.station import Station

pytestmark = [pytest.mark.django_db(transaction=True), both_servers]


def memory(server: Server) -> int:
    """What the server holds now, in MiB."""
    assert server.child is not None
    pages = int(Path(f"/proc/{server.child.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


async def test_h9_offered_and_used_both_ways(gateway: Server, charge_point: ChargePoint) -> None:
    """Accepted when offered; large and small messages work in both directions, also in fragments."""
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD, compression="deflate") as station:
        assert station.ws.response is not None
        assert "permessage-deflate" in station.ws.response.headers["Sec-WebSocket-Extensions"]
        await station.boot()
        for size in (10, 1000, 300_000):
            assert await station.call("DataTransfer", {"vendorId": "x", "data": "y" * size})
        text = json.dumps([2, "parts", "DataTransfer", {"vendorId": "x", "data": "b" * 9000}])
        await station.ws.send([text[:100], text[100:5000], text[5000:]])
        assert (await station.recv_message())[:2] == [3, "parts"]


async def test_h9_not_offered_not_used(gateway: Server, charge_point: ChargePoint) -> None:
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        assert station.ws.response is not None
        assert "Sec-WebSocket-Extensions" not in station.ws.response.headers
        await station.boot()


async def test_attack_a16_deflate_bomb(gateway: Server, charge_point: ChargePoint) -> None:
    """100 MB in 100 kB: closed with 1009 and never held in memory."""
    bomb = "0" * 100_000_000
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD, compression="deflate") as station:
        await station.boot()
    before = memory(gateway)
    for _ in range(3):
        async with Station(gateway.ocpp_url, "NORD-1", PASSWORD, compression="deflate") as station:
            await station.send_raw(bomb)
            assert (await station.close_code())[0] == 1009
    assert memory(gateway) - before < 40


async def test_attack_a16_what_cannot_be_inflated(
    gateway: Server, charge_point: ChargePoint, far_charge_point: ChargePoint
) -> None:
    """Damaged compressed bytes end their socket, and nobody else's."""
    async with (
        Station(gateway.ocpp_url, "NORD-1", PASSWORD, compression="deflate") as broken,
        Station(gateway.ocpp_url, "NORD-2", PASSWORD) as calm,
    ):
        frame = b"\xff" * 50
        mask = b"\x00\x00\x00\x00"
        broken.ws.transport.write(bytes([0b1100_0001, 0x80 | len(frame)]) + mask + frame)
        assert (await broken.close_code())[0] in {1002, 1006, 1007}
        await calm.call("Heartbeat", {})
