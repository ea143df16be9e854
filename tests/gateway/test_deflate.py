"""Compression and the edges of the handshake (CSMS.md H5, H9, H11; SECURITY A16)."""

import asyncio
import base64
import contextlib
import json
import os
from pathlib import Path

import pytest

from chargepoints.models import ChargePoint
from tests.factories import PASSWORD
from tests.gateway.tools import both_servers
from tests.stage import Server
from tests.station import Station, basic

pytestmark = [pytest.mark.django_db(transaction=True), both_servers]
HANDSHAKE = {
    "Host": "localhost",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Protocol": "ocpp1.6",
    "Authorization": basic("NORD-1", PASSWORD),
}


def memory(server: Server) -> int:
    """What the server holds now, in MiB."""
    assert server.child is not None
    pages = int(Path(f"/proc/{server.child.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


async def answer(server: Server, **changes: str) -> tuple[int, str]:
    """Status and head of the answer to a handshake written by hand; `_` in names stands for `-`."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    headers = HANDSHAKE | {"Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode()}
    headers |= {name.replace("_", "-"): value for name, value in changes.items()}
    lines = ["GET /ocpp/NORD-1 HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items() if value), "", ""]
    try:
        writer.write("\r\n".join(lines).encode())
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
    return int(head.split()[1]), head.decode()


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


async def test_h11_other_websocket_version(gateway: Server, charge_point: ChargePoint) -> None:
    """It is refused, with our version where the server lets us say it."""
    status, head = await answer(gateway, Sec_WebSocket_Version="12")
    assert status == (426 if gateway.name == "daphne" else 400)
    if gateway.name == "daphne":
        assert "Sec-WebSocket-Version: 13" in head


async def test_h11_headers_beyond_all_measure(gateway: Server, charge_point: ChargePoint) -> None:
    """More than 16 KiB of headers is refused; the same handshake without them works."""
    assert (await answer(gateway))[0] == 101
    status, _ = await answer(gateway, **{f"X_{number}": "x" * 1000 for number in range(20)})
    assert status in {400, 431}


async def test_h11_plain_request(gateway: Server, charge_point: ChargePoint) -> None:
    """A browser at a charger's address learns nothing."""
    status, _ = await answer(gateway, Upgrade="", Connection="close")
    assert status in {400, 404, 426}
