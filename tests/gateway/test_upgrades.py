"""Handshakes that are none: refused in words of HTTP and in time, on both servers (CSMS.md H11; RFC 6455 4.2, 4.4)."""

import asyncio
import base64
import contextlib
import os

import pytest

from chargepoints.models import ChargePoint
from tests.conftest import StartServer
from tests.factories import PASSWORD
from tests.gateway.tools import both_servers
from tests.stage import Server
from tests.station import Station, basic

pytestmark = pytest.mark.django_db(transaction=True)
HANDSHAKE = {
    "Host": "localhost",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Protocol": "ocpp1.6",
    "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
    "Authorization": basic("NORD-1", PASSWORD),
}
TIMED_OUT = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
GET = "GET /ocpp/NORD-1 HTTP/1.1"


def written(first: str = GET, **changes: str) -> bytes:
    """A handshake; `_` in names stands for `-`, an empty value leaves the header out."""
    headers = HANDSHAKE | {name.replace("_", "-"): value for name, value in changes.items()}
    lines = [first, *(f"{name}: {value}" for name, value in headers.items() if value)]
    return "\r\n".join([*lines, "", ""]).encode()


async def answer(port: int, request: bytes, *, seconds: float = 5.0) -> tuple[int, str]:
    """Status and head of the answer to these bytes; after a refusal the server ends the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        async with asyncio.timeout(seconds):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            if head.split()[1] not in {"101", "404"}:
                await reader.read()
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
    return int(head.split()[1]), head


@both_servers
async def test_h11_other_websocket_version(gateway: Server, charge_point: ChargePoint) -> None:
    """426 says which version is spoken here; the draft with the number 8 is not."""
    for version in ("8", "12", "14"):
        status, head = await answer(gateway.port, written(Sec_WebSocket_Version=version))
        assert status == 426
        assert "Sec-WebSocket-Version: 13\r\n" in head


@both_servers
@pytest.mark.parametrize(
    ("request_bytes", "statuses"),
    [
        pytest.param(written(GET.replace("1.1", "1.0")), {505}, id="HTTP/1.0"),
        pytest.param(written(GET.replace("1.1", "2.0")), {400, 505}, id="HTTP/2.0"),
        pytest.param(b"GET /ocpp/NORD-1\r\n\r\n", {400}, id="HTTP/0.9"),
        pytest.param(written(GET.replace("GET", "POST")), {405}, id="POST"),
        pytest.param(written(X_Long="y" * 100_000), {431}, id="100 KB in a line"),
        pytest.param(written(X_Long="y" * 100_000)[:-4], {431}, id="100 KB without an end"),
        pytest.param(written(GET.replace("NORD-1", "N" * 100_000)), {414, 431}, id="100 KB of address"),
        pytest.param(written(**{f"X_{number}": "y" for number in range(600)}), {400, 431}, id="600 headers"),
        pytest.param(written(**{f"X_{number}": "y" * 1000 for number in range(20)}), {400, 431}, id="20 KB of headers"),
        pytest.param(written(Sec_WebSocket_Version=""), {400}, id="no version"),
        pytest.param(written(Sec_WebSocket_Key=""), {400}, id="no key"),
        pytest.param(written(Sec_WebSocket_Key="AAAA"), {400}, id="short key"),
        pytest.param(written(Host=""), {400}, id="no host"),
        pytest.param(written().replace(b"Upgrade:", b"Upgrade :"), {400}, id="space before colon"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(60) + b"\r\n\r\n", {400}, id="TLS"),
        pytest.param(written(Upgrade="", Connection="close"), {404}, id="a browser"),
    ],
)
async def test_h11_refused_cleanly(
    gateway: Server, charge_point: ChargePoint, request_bytes: bytes, statuses: set[int]
) -> None:
    """An answer of HTTP and an end, where a server would say nothing, hang, or let it in; others are let in as ever."""
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as neighbour:
        assert (await answer(gateway.port, request_bytes))[0] in statuses
        assert "currentTime" in await neighbour.call("Heartbeat", {})


@both_servers
async def test_h11_what_it_reads_is_no_handshake_of_websockets(gateway: Server, charge_point: ChargePoint) -> None:
    """A body, 150 headers, a line of 10 KB: one server takes them, the other does not; neither is silent."""
    for request in (
        written(Content_Length="5") + b"hello",
        written(Transfer_Encoding="chunked") + b"5\r\nhello\r\n0\r\n\r\n",
        written(**{f"X_{number}": "y" for number in range(150)}),
        written(X_Long="y" * 10_000),
    ):
        status, _ = await answer(gateway.port, request)
        # A body in chunks of its own is none of a handshake's to daphne either.
        assert status in ({101, 413} if gateway.name == "daphne" else {400, 431})


@pytest.mark.parametrize("name", ["daphne", "uvicorn"])
async def test_h11_nothing_or_half_of_it(server: StartServer, name: str) -> None:
    """Who connects and does not say what for is sent away."""
    running = server(name, env={"HUB_OCPP_HANDSHAKE_TIMEOUT": "1"})
    for request in (b"", b"GET /ocpp/NORD-1 HTTP/1.1\r\nHost: x\r\n"):
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(request)
        assert await asyncio.wait_for(reader.read(), 10) in {b"", TIMED_OUT}
        writer.close()


@both_servers
async def test_a_form_without_any_field_is_for_the_portal_to_judge(gateway: Server) -> None:
    """What a script sends for a form that has only a button; the portal misses its token, the server nothing."""
    body = b"--x--\r\n"
    head = f"POST /login/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
    status, _ = await answer(
        gateway.port, head.encode() + b"Content-Type: multipart/form-data; boundary=x\r\n\r\n" + body
    )
    assert status == 403
