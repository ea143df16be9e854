"""Messages that come in one piece take the short way, all others ASGI's; none overtakes another."""

import asyncio
import base64
import json
import os

import pytest
from websockets.frames import Frame, Opcode

from chargepoints.models import ChargePoint
from tests.factories import PASSWORD
from tests.gateway.tools import both_servers
from tests.stage import Server
from tests.station import basic

pytestmark = [pytest.mark.django_db(transaction=True), both_servers]
BOOT = {"chargePointVendor": "Acme", "chargePointModel": "One"}


def call(number: int, action: str = "Heartbeat", payload: dict[str, str] | None = None) -> bytes:
    """A call as one masked frame."""
    return Frame(Opcode.TEXT, json.dumps([2, f"m{number}", action, payload or {}]).encode()).serialize(mask=True)


async def answered(reader: asyncio.StreamReader) -> str:
    """The id of the next answer."""
    head = await reader.readexactly(2)
    size = head[1] if head[1] < 126 else int.from_bytes(await reader.readexactly(2), "big")
    answer: list[str] = json.loads(await reader.readexactly(size))
    return answer[1]


async def test_pieces_and_wholes_keep_their_order(gateway: Server, charge_point: ChargePoint) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    lines = (
        "GET /ocpp/NORD-1 HTTP/1.1",
        "Host: localhost",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: ocpp1.6",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        f"Authorization: {basic('NORD-1', PASSWORD)}",
    )
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    writer.write(call(0, "BootNotification", BOOT))
    assert await asyncio.wait_for(answered(reader), 5) == "m0"
    parts = json.dumps([2, "m5", "Heartbeat", {}]).encode()
    split, other = call(1), call(9)
    pieces = [
        split[:1],  # the head of a frame, then a part of its mask
        split[1:4],
        split[4:] + call(2),
        call(3),
        call(4) + Frame(Opcode.TEXT, parts[:9], fin=False).serialize(mask=True),
        Frame(Opcode.CONT, parts[9:]).serialize(mask=True),
        call(6),
        call(7) + call(8) + other[:7],
        other[7:],
        call(10),
    ]
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0)
    found = [await asyncio.wait_for(answered(reader), 5) for _ in range(10)]
    assert found == [f"m{number}" for number in range(1, 11)]
    writer.close()
    await writer.wait_closed()
