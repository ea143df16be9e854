"""Fetching firmware from a one-time address: whole, in parts, slowly, and not at all."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from chargepoints.choices import CommandStatus
from chargepoints.models import ChargePoint, Command, Transfer
from chargepoints.services.firmware_store import firmware_path
from tests.gateway.firmware_tools import CONTENT, MISSING, box, fetches, found, http, ordered
from tests.gateway.tools import both_servers, db, log, soon, station
from tests.portal.firmware_tools import firmware_made
from tests.stage import Server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """The HTTP side of a charger."""
    async with http() as made:
        yield made


@both_servers
async def test_parts(gateway: Server, charge_point: ChargePoint, client: httpx.AsyncClient) -> None:
    """Chargers resume, and small ones fetch piece by piece (RFC 9110, 13.1.5 and 14)."""
    file = await box(charge_point)
    size, tag = len(CONTENT), f'"{file.sha256}"'
    async with station(gateway) as charger:
        address, _ = await ordered(charger, charge_point, file)
        cases = [
            ({"Range": "bytes=100-199"}, 206, CONTENT[100:200], f"bytes 100-199/{size}"),
            ({"Range": "bytes=2000000-"}, 206, CONTENT[2_000_000:], f"bytes 2000000-{size - 1}/{size}"),
            ({"Range": "bytes=-50"}, 206, CONTENT[-50:], f"bytes {size - 50}-{size - 1}/{size}"),
            ({"Range": "bytes=0-99999999"}, 206, CONTENT, f"bytes 0-{size - 1}/{size}"),
            ({"Range": "bytes=10-19", "If-Range": tag}, 206, CONTENT[10:20], f"bytes 10-19/{size}"),
            ({"Range": "bytes=10-19", "If-Range": '"another"'}, 200, CONTENT, None),
            ({"Range": "bytes=0-1,5-6"}, 200, CONTENT, None),
            ({"Range": "bytes=9-1"}, 200, CONTENT, None),
            ({"Range": "nonsense"}, 200, CONTENT, None),
            ({"Range": f"bytes={size}-"}, 416, b"", f"bytes */{size}"),
            ({"Range": "bytes=-0"}, 416, b"", f"bytes */{size}"),
        ]
        for headers, status, body, part in cases:
            answer = await client.get(address, headers=headers)
            assert (answer.status_code, answer.content) == (status, body), headers
            assert answer.headers.get("Content-Range") == part, headers
        head = await client.head(address)
        assert (head.status_code, head.headers["Content-Length"], head.content) == (200, str(size), b"")
        assert (await client.post(address)).status_code in {404, 405}
    await soon(lambda: len(fetches(charge_point)) == len(cases), "all on the log")
    lines = await db(lambda: fetches(charge_point))
    assert lines[0] == "100 B of 2 MB, 206"
    assert lines[-1] == "416, a part was asked for that the file does not have"
    assert (await Transfer.objects.aget()).uses == len(cases) - 2


@both_servers
async def test_a_slow_reader_holds_nothing_in_memory_and_may_leave(
    gateway: Server, charge_point: ChargePoint, client: httpx.AsyncClient
) -> None:
    """What was not taken stays on the disk: a charger that leaves has been sent a part only."""
    about = ChargePoint.objects.filter(pk=charge_point.pk)
    await db(lambda: about.update(model="DC150"))
    large = bytes(40_000_000)
    file = await db(lambda: firmware_made(charge_point.site.team.organisation, content=large))
    async with station(gateway) as charger:
        address, _ = await ordered(charger, charge_point, file)
        path = httpx.URL(address).path
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port, limit=4096)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        assert b"200" in await reader.readline()
        await soon(lambda: Transfer.objects.get().uses == 1, "the fetch has begun")
        writer.transport.abort()
        facts = await soon(lambda: fetches(charge_point), "that it broke off")
    size, _, rest = facts[0].partition(" MB of 40 MB, 200")
    assert float(size) < 20, facts
    assert rest == ", then the charger broke off"


async def test_an_address_that_opens_nothing(
    gateway: Server, charge_point: ChargePoint, client: httpx.AsyncClient
) -> None:
    """Unknown, closed, expired, of another kind, of a refused command: all the same bare 404."""
    file = await box(charge_point)
    async with station(gateway) as charger:
        address, command = await ordered(charger, charge_point, file)
        token = address.split("/")[4]
        for wrong in ("x" * 43, "x", token[:-1] + ("a" if token[-1] != "a" else "b"), token.upper()):
            assert await found(client, address.replace(token, wrong)) == MISSING
        rows, commands = Transfer.objects.filter(), Command.objects.filter(pk=command.pk)
        transfer = await Transfer.objects.aget()
        past = timezone.now() - timedelta(seconds=1)
        for change in ({"closed_at": past}, {"expires_at": past}, {"kind": "diagnostics"}):
            await rows.aupdate(**change)
            assert await found(client, address) == MISSING, change
            await rows.aupdate(closed_at=None, expires_at=transfer.expires_at, kind=transfer.kind)
        assert (await found(client, address))[0] == 200
        for status in (CommandStatus.REJECTED, CommandStatus.FAILED):
            await commands.aupdate(status=status)
            assert await found(client, address) == MISSING
        await commands.aupdate(status=CommandStatus.EXPIRED)
        assert (await found(client, address))[0] == 200
        await db(lambda: firmware_path(file.pk).unlink())
        assert await found(client, address) == MISSING
    lines = await db(lambda: log(charge_point, action="Firmware fetched", is_error=True))
    assert [line.fact for line in lines] == ["404, the file is missing on the server's disk"]


async def test_guessing_is_slow(gateway: Server, charge_point: ChargePoint, client: httpx.AsyncClient) -> None:
    """After many wrong tokens from an address others are not even looked at; the right one still opens."""
    file = await box(charge_point)
    async with station(gateway) as charger:
        address, _ = await ordered(charger, charge_point, file)
        wrong = address.replace(address.split("/")[4], "y" * 43)
        answers = [(await client.get(wrong)).status_code for _ in range(32)]
        assert answers == [404] * 30 + [429] * 2
        assert int((await client.get(wrong)).headers["Retry-After"]) > 0
        assert (await found(client, address))[0] == 200
