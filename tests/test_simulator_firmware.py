"""Simulated chargers fetch their firmware over HTTP, and boot with what it says it is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.simulator.firmware import fetch_version
from tests.central import Central, Payload, Simulator

TOLD = b"version=2.0.0-rc1\nand many other bytes"


@pytest.fixture
async def central() -> AsyncIterator[Central]:
    async with Central() as central:
        yield central


@pytest.fixture
async def simulator(central: Central, tmp_path: Path) -> AsyncIterator[Simulator]:
    async with Simulator(central, tmp_path) as simulator:
        yield simulator


@asynccontextmanager
async def files(*answers: bytes) -> AsyncIterator[str]:
    """A server that gives these answers, one after the other and the last one for ever; its address."""
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(left.pop(0) if len(left) > 1 else left[0])
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def answer(body: bytes, *, status: str = "200 OK", length: int | None = None) -> bytes:
    """An answer with this body; with another length it breaks off."""
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n".encode() + body


NOT_FOUND = answer(b"", status="404 Not Found")


def statuses(central: Central) -> list[str]:
    """What the charger has told of its update."""
    return [told["status"] for told in central.of("FirmwareStatusNotification")]


async def update(central: Central, location: str, **more: int) -> None:
    """UpdateFirmware, now."""
    request: Payload = {"location": location, "retrieveDate": datetime.now(UTC).isoformat(), **more}
    assert await central.command("UpdateFirmware", request) == {}


async def test_it_boots_with_what_the_file_says(central: Central, simulator: Simulator) -> None:
    await simulator.run(firmware="1.0.9")
    await central.until(lambda: central.statuses(1))
    async with files(NOT_FOUND, answer(TOLD)) as address:
        await update(central, f"{address}/fw.bin", retries=1, retryInterval=1)
        await central.first("FirmwareStatusNotification", status="Installed")
    told = ["Downloading", "DownloadFailed", "Downloading", "Downloaded", "Installing", "Installed"]
    assert statuses(central) == told
    assert [boot["firmwareVersion"] for boot in central.of("BootNotification")] == ["1.0.9", "2.0.0-rc1"]


async def test_a_file_that_is_not_there(central: Central, simulator: Simulator) -> None:
    await simulator.run(firmware="1.0.9")
    await central.until(lambda: central.statuses(1))
    async with files(NOT_FOUND) as address:
        await update(central, f"{address}/fw.bin")
        await central.first("FirmwareStatusNotification", status="DownloadFailed")
        await update(central, "gopher://127.0.0.1/fw.bin")
        await central.until(lambda: len(statuses(central)) == 4)
    assert statuses(central) == ["Downloading", "DownloadFailed"] * 2
    assert [boot["firmwareVersion"] for boot in central.of("BootNotification")] == ["1.0.9"]


@pytest.mark.parametrize(
    ("answers", "name", "version"),
    [
        (answer(TOLD), "fw-9.9.bin", "2.0.0-rc1"),
        (answer(b"\x00\x01"), "duo-3.9.0.bin", "3.9.0"),
        (answer(b"\x00\x01"), "fw.bin", "1.0.10"),
        (answer(TOLD, length=10_000), "fw.bin", None),
        (NOT_FOUND, "fw.bin", None),
        (b"nonsense\r\n\r\n", "fw.bin", None),
    ],
)
async def test_which_version_it_is(answers: bytes, name: str, version: str | None) -> None:
    async with files(answers) as address:
        assert await fetch_version(f"{address}/files/token/{name}", "1.0.9") == version


@pytest.mark.parametrize("location", ["ftp://127.0.0.1/f.bin", "http://127.0.0.1:9/f.bin", "http://[", "nothing"])
async def test_what_cannot_be_fetched(location: str) -> None:
    assert await fetch_version(location, "1.0.9") is None
