"""Large uploads: memory stays flat, limits hold while the body comes, and a full disk is said to be one."""

import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chargepoints.choices import Effect
from chargepoints.models import ChargePoint, DiagnosticsFile
from chargepoints.received import path_of
from tests.conftest import StartServer
from tests.gateway.orders import now
from tests.gateway.tools import db, log, soon
from tests.gateway.upload_tools import (
    MEGABYTE,
    answered,
    asked,
    chunked,
    claimed,
    connected,
    content,
    digest,
    files,
    head,
    put,
    stored,
    tidy_files,
)
from tests.stage import Server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("tidy_files")]
__all__ = ["tidy_files"]
both = pytest.mark.parametrize("name", ["daphne", "uvicorn"])
SMALL = {"HUB_DIAGNOSTICS_MAX_BYTES": str(2 * MEGABYTE)}


@pytest.fixture
def small(server: StartServer) -> Callable[[str], Server]:
    """A server that takes files of 2 MB."""
    return lambda name: server(name, env=SMALL)


def memory(server: Server) -> tuple[int, int]:
    """What the server's process has resident now, and what it had at most (MB)."""
    assert server.child is not None
    told = Path(f"/proc/{server.child.process.pid}/status").read_text()
    found = dict(line.split(":", 1) for line in told.splitlines() if line.startswith(("VmRSS", "VmHWM")))
    return tuple(int(found[name].split()[0]) // 1024 for name in ("VmRSS", "VmHWM"))  # type: ignore[return-value]


@both
@pytest.mark.parametrize("size", [50, 256])
async def test_memory_stays_flat(server: StartServer, charge_point: ChargePoint, name: str, size: int) -> None:
    """50 MB and 256 MB through the address of a command; the most is what is taken of one file."""
    running = server(name, env={"HUB_DIAGNOSTICS_MAX_BYTES": str(256 * MEGABYTE)})
    async with asked(running, charge_point) as (_, command, location):
        before, _ = await db(lambda: memory(running))
        reader, writer = await connected(location)
        writer.write(head(location, f"Content-Length: {size * MEGABYTE}"))
        piece = bytes(range(256)) * (MEGABYTE // 256)
        for _ in range(size):
            writer.write(piece)
            await writer.drain()
        assert (await answered(reader))[0] == 200
        writer.close()
        _, most = await db(lambda: memory(running))
        print(f"{name}, {size} MB: {before} MB before, {most} MB at most")
        assert most - before < 25
        [file] = await stored(charge_point)
        assert (file.is_complete, file.size) == (True, size * MEGABYTE)
        assert path_of(file.pk).stat().st_size == file.size
        assert (await now(command)).effect == Effect.SEEN


@both
async def test_too_large(small: Callable[[str], Server], charge_point: ChargePoint, name: str) -> None:
    """Told in advance: nothing is read. Not told: it ends where the limit is. Of neither are bytes kept."""
    async with asked(small(name), charge_point) as (_, command, location):
        assert await claimed(location, 2 * MEGABYTE + 1) == 413
        assert await chunked(location, *[b"x" * (MEGABYTE // 2)] * 5) == 413
        form = b'--cut\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' + b"x" * (2 * MEGABYTE + 99)
        assert await put(location, form, "Content-Type: multipart/form-data; boundary=cut") == 413
        assert (await now(command)).effect != Effect.SEEN
        exact = b"y" * (2 * MEGABYTE)
        assert await put(location, exact) == 200
    *refused, taken = await stored(charge_point)
    assert [file.deleted_why for file in refused] == ["It was larger than 2.1 MB, the most that is taken."] * 3
    assert [path_of(file.pk).exists() for file in refused] == [False] * 3
    assert content(taken) == exact
    lines = await db(lambda: log(charge_point, action="Upload"))
    assert [line.fact for line in lines] == ["Too large", "Too large", "Too large", "Received"]


@pytest.fixture
def crowded(server: StartServer) -> Iterator[Server]:
    """A server whose files cannot grow beyond 1 MB, as on a disk that is full."""
    running = server("daphne")
    assert running.child is not None
    pid, limit = running.child.process.pid, resource.RLIMIT_FSIZE
    former = resource.prlimit(pid, limit)
    resource.prlimit(pid, limit, (MEGABYTE, former[1]))
    yield running
    resource.prlimit(pid, limit, former)


async def test_full_disk(crowded: Server, charge_point: ChargePoint) -> None:
    """507, a line in the charger's log and one in the server's; what fits is still taken."""
    async with asked(crowded, charge_point) as (_, command, location):
        assert await chunked(location, *[b"x" * (MEGABYTE // 2)] * 4) == 507
        assert await put(location, b"y" * 1000) == 200
        assert (await now(command)).effect_text == "Received: diagnostics, 1.0 kB"
    failed, taken = await stored(charge_point)
    assert (failed.is_complete, failed.deleted_why) == (False, "There was no room for it on the disk.")
    assert [path_of(file.pk).exists() for file in (failed, taken)] == [False, True]
    assert taken.sha256 == digest(b"y" * 1000)
    assert [line.fact for line in await db(lambda: log(charge_point, action="Upload"))] == ["No room", "Received"]
    assert "could not be stored" in crowded.log.read_text()


async def test_more_than_the_disk_has(server: StartServer, charge_point: ChargePoint) -> None:
    """Refused before the first byte when the rest of the disk would not be left free."""
    running = server("daphne", env={"HUB_DIAGNOSTICS_MAX_BYTES": str(10**18)})
    async with asked(running, charge_point) as (_, _, location):
        assert await claimed(location, 10**17) == 507
    [file] = await stored(charge_point)
    assert file.deleted_why == "There was no room for it on the disk."


async def test_a_server_that_is_told_to_end(server: StartServer, charge_point: ChargePoint) -> None:
    """What has come until then is kept and said to be incomplete."""
    running = server("daphne")
    async with asked(running, charge_point) as (_, _, location):
        _, writer = await connected(location)
        writer.write(head(location, f"Content-Length: {2 * MEGABYTE}") + b"z" * MEGABYTE)
        [file] = await soon(lambda: [file for file in files(charge_point) if _part_of(file) == MEGABYTE])
        await db(running.stop)
        writer.transport.abort()
    [file] = await stored(charge_point)
    assert (file.is_complete, file.size, file.sha256) == (False, MEGABYTE, digest(b"z" * MEGABYTE))
    assert content(file) == b"z" * MEGABYTE


def _part_of(file: DiagnosticsFile) -> int:
    """How much of a file has been written."""
    part = path_of(file.pk).with_suffix(".part")
    return part.stat().st_size if part.exists() else 0
