"""What the tests of uploads share: an asked charger, its one-time address, and HTTP by hand."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from chargepoints.models import ChargePoint, Command, DiagnosticsFile
from chargepoints.received import bytes_delete, bytes_read
from tests.gateway.orders import sent
from tests.gateway.tools import db, station
from tests.stage import Server
from tests.station import Call, Station

MEGABYTE = 1024 * 1024


@pytest.fixture
def tidy_files(transactional_db: None) -> Iterator[None]:
    """The bytes of this test's files go with its rows."""
    yield
    for pk in DiagnosticsFile.objects.values_list("pk", flat=True):
        bytes_delete(pk)


@asynccontextmanager
async def asked(
    server: Server, charge_point: ChargePoint, kind: str = "diagnostics", **parameters: object
) -> AsyncIterator[tuple[Station, Command, str]]:
    """A charger that was asked for a file and has not answered yet, the command, and the address."""
    async with station(server) as charger:
        command, call = await sent(charger, charge_point, kind, own=True, **parameters)
        location = call.payload["location"] if kind == "diagnostics" else call.payload["log"]["remoteLocation"]
        assert "own" not in call.payload
        yield charger, command, location


def head(location: str, *lines: str, method: str = "PUT") -> bytes:
    """The head of a request."""
    to = urlsplit(location)
    return "\r\n".join([f"{method} {to.path} HTTP/1.1", f"Host: {to.netloc}", *lines, "", ""]).encode()


async def spoken(location: str, *pieces: bytes, ends: bool = False) -> tuple[int, str]:
    """Status and head of the answer to these bytes; 0 without one. `ends` cuts the connection after them."""
    reader, writer = await connected(location)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if ends:
            return 0, ""
        return await answered(reader)
    except ConnectionError:
        return 0, ""
    finally:
        writer.transport.abort()


async def connected(location: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to the server of an address."""
    to = urlsplit(location)
    return await asyncio.open_connection(to.hostname, to.port)


async def answered(reader: asyncio.StreamReader) -> tuple[int, str]:
    """Status and head of the next answer."""
    async with asyncio.timeout(30):
        told = (await reader.readuntil(b"\r\n\r\n")).decode()
    return int(told.split()[1]), told


async def put(location: str, body: bytes, *lines: str, method: str = "PUT", address: str = "") -> int:
    """The status of a plain upload."""
    length = f"Content-Length: {len(body)}"
    return (await spoken(location, head(address or location, length, *lines, method=method), body))[0]


async def claimed(location: str, length: int, *lines: str, method: str = "PUT") -> int:
    """The status for a body that is only announced."""
    return (await spoken(location, head(location, f"Content-Length: {length}", *lines, method=method)))[0]


async def chunked(location: str, *pieces: bytes, end: bool = True) -> int:
    """The status of an upload in chunks."""
    written = [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces]
    told = head(location, "Transfer-Encoding: chunked", "Content-Type: application/zip")
    return (await spoken(location, told, *written, *([b"0\r\n\r\n"] if end else [])))[0]


def files(charge_point: ChargePoint) -> list[DiagnosticsFile]:
    """What it has uploaded, oldest first."""
    return list(DiagnosticsFile.objects.filter(charge_point=charge_point).order_by("received_at"))


async def stored(charge_point: ChargePoint) -> list[DiagnosticsFile]:
    """The same, from a coroutine."""
    return await db(lambda: files(charge_point))


def content(file: DiagnosticsFile) -> bytes:
    """Its bytes."""
    return b"".join(bytes_read(file.pk))


def digest(data: bytes) -> str:
    """Its SHA-256."""
    return hashlib.sha256(data).hexdigest()


async def says(charger: Station, word: str) -> None:
    """DiagnosticsStatusNotification."""
    assert await charger.call("DiagnosticsStatusNotification", {"status": word}) == {}


def call_of(command: Command) -> Call:
    """The call that the charger has not answered yet."""
    return Call(str(command.pk), "", {})
