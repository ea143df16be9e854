"""Chargers upload diagnostics to the address that came with the request: over a real socket and real HTTP."""

import asyncio
import json
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from chargepoints.choices import Effect
from chargepoints.models import ChargePoint, DiagnosticsFile, Transfer
from chargepoints.received import path_of
from tests.gateway.orders import now
from tests.gateway.tools import both_servers, db, ended, log, soon
from tests.gateway.upload_tools import (
    MEGABYTE,
    answered,
    asked,
    call_of,
    chunked,
    claimed,
    connected,
    content,
    digest,
    head,
    put,
    says,
    spoken,
    stored,
    tidy_files,
)
from tests.stage import Server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("tidy_files")]
__all__ = ["tidy_files"]
BODY = bytes(range(256)) * 3000
FORM = (
    b'--cut\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n--cut\r\nContent-Disposition: form-data; '
    b'name="file"; filename="C:\\logs\\form.zip"\r\nContent-Type: application/zip\r\n\r\n' + BODY + b"\r\n--cut--\r\n"
)


@both_servers
@pytest.mark.parametrize("way", ["put", "post", "form", "chunked", "named", "header"])
async def test_each_way_of_uploading(gateway: Server, charge_point: ChargePoint, way: str) -> None:
    """TC_045_1 with an address of ours: the file is the proof, whatever the charger says of it."""
    async with asked(gateway, charge_point) as (charger, command, location):
        await charger.answer(call_of(command), {"fileName": "told.zip"})
        await ended(command)
        match way:
            case "put":
                status, name = await put(location, BODY), "told.zip"
            case "post":
                status, name = await put(location.rstrip("/"), BODY, method="POST"), "told.zip"
            case "form":
                kind = "Content-Type: multipart/form-data; boundary=cut"
                status, name = await put(location, FORM, kind, method="POST"), "form.zip"
            case "chunked":
                status, name = await chunked(location, BODY[:10], BODY[10:]), "told.zip"
            case "named":
                status, name = await put(f"{location}log%20of%20today.txt", BODY), "log of today.txt"
            case "header":
                told = 'Content-Disposition: attachment; filename="a/b/of-header.txt"'
                status, name = await put(location, BODY, told), "of-header.txt"
        assert status == 200
        [file] = await stored(charge_point)
        assert (file.name, file.size, file.is_complete, file.sha256) == (name, len(BODY), True, digest(BODY))
        assert content(file) == BODY
        assert path_of(file.pk).stat().st_mode & 0o777 == 0o600
        seen = await now(command)
        assert (seen.effect, seen.effect_text) == (Effect.SEEN, f"Received: {name}, 768.0 kB")
        [line] = await db(lambda: log(charge_point, action="Upload"))
        assert (line.fact, line.text, line.is_error) == ("Received", f"{name}, 768.0 kB", False)
        assert line.command_id == command.pk
        # It has done its work: the same again is nobody's address.
        assert await put(location, BODY) == 404
        await says(charger, "Uploaded")
        told_after = await now(command)
        assert [word for _, word in told_after.progress] == ["Uploaded"]
        assert (told_after.effect, told_after.effect_text) == (Effect.SEEN, f"Received: {name}, 768.0 kB")


@both_servers
async def test_expect_100_continue(gateway: Server, charge_point: ChargePoint) -> None:
    """The body is asked for only when the address is good."""
    async with asked(gateway, charge_point) as (_, _, location):
        lines = (f"Content-Length: {len(BODY)}", "Expect: 100-continue")
        reader, writer = await connected(location)
        writer.write(head(location, *lines))
        assert (await answered(reader))[0] == 100
        writer.write(BODY)
        assert (await answered(reader))[0] == 200
        writer.close()
        status, _ = await spoken(location, head(location, *lines))
        assert status == 404
    [file] = await stored(charge_point)
    assert file.is_complete


@both_servers
async def test_wrong_addresses(gateway: Server, charge_point: ChargePoint) -> None:
    """One bare 404, before the body is read, for whatever is not good (any more)."""
    async with asked(gateway, charge_point) as (charger, command, location):
        wrong = location.replace(location.split("/")[-2], "A" * 43)
        long = f"Content-Length: {50 * MEGABYTE}"
        for address in (wrong, f"{wrong}name", location[:-9] + "/", f"{location[:-1]}x/", location + "a/" + "b" * 20):
            if address.startswith(location):
                continue
            status, told = await spoken(location, head(address, long), BODY)
            assert (status, "content-length: 0" in told.lower()) == (404, True), address
        await charger.answer(call_of(command), {})
        await db(lambda: Transfer.objects.update(expires_at=command.created_at))
        assert await put(location, BODY) == 404
        assert await stored(charge_point) == []


async def test_guessing_is_limited_and_the_right_address_still_works(
    gateway: Server, charge_point: ChargePoint
) -> None:
    async with asked(gateway, charge_point) as (_, _, location):
        wrong = location.replace(location.split("/")[-2], "B" * 43)
        told = [await put(wrong, b"x") for _ in range(32)]
        assert (told[0], told[-1]) == (404, 429)
        assert await put(location, BODY) == 200


@both_servers
async def test_a_connection_that_breaks_off(gateway: Server, charge_point: ChargePoint) -> None:
    """What came is kept and said to be incomplete, until a later try is complete."""
    async with asked(gateway, charge_point) as (_, command, location):
        await spoken(location, head(location, f"Content-Length: {len(BODY)}"), BODY[:300_000], ends=True)

        def broken() -> DiagnosticsFile | None:
            return DiagnosticsFile.objects.exclude(sha256="").first()

        file = await soon(broken, "the end of the try")
        assert (file.is_complete, file.deleted_at) == (False, None)
        assert 0 < file.size <= 300_000
        assert content(file) == BODY[: file.size]
        [line] = await db(lambda: log(charge_point, action="Upload"))
        assert (line.fact, line.is_error) == ("Broke off", True)
        assert (await now(command)).effect != Effect.SEEN
        assert await put(location, BODY) == 200
    old, new = await stored(charge_point)
    assert new.is_complete
    assert (old.is_complete, old.deleted_why) == (False, "A complete one came later.")
    assert not path_of(old.pk).exists()


@both_servers
async def test_chunks_that_stop_and_forms_that_do(gateway: Server, charge_point: ChargePoint) -> None:
    kind = "Content-Type: multipart/form-data; boundary=cut"
    async with asked(gateway, charge_point) as (_, _, location):
        assert await put(location, FORM[:-30], kind) == 400
        assert await put(location, b"--cut--", kind) == 400
        assert await put(location, b"x", "Content-Type: multipart/form-data") == 400
        assert await put(location, b"") == 400
        assert await put(location, b"abc", "Content-Range: bytes 0-2/10") == 400
    files = await stored(charge_point)
    assert [file.is_complete for file in files] == [False] * 5
    assert [file.deleted_why for file in files[:4]] == [
        "",
        "It came in a form that could not be read.",
        "It came in a form that could not be read.",
        "Nothing came.",
    ]


async def test_two_at_once(gateway: Server, charge_point: ChargePoint) -> None:
    """A charger that has not noticed that its first try is dead begins another."""
    async with asked(gateway, charge_point) as (_, command, location):
        reader, writer = await connected(location)
        writer.write(head(location, f"Content-Length: {len(BODY)}") + BODY[:-1])
        await soon(lambda: DiagnosticsFile.objects.count() == 1)
        assert await put(location, BODY) == 200
        writer.write(BODY[-1:])
        assert (await answered(reader))[0] == 200
        writer.close()
        first, second = await stored(charge_point)
        assert first.is_complete
        assert second.is_complete
        assert (await now(command)).effect == Effect.SEEN


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("..%5C..%5Cboot.ini", "boot.ini"),
        ("a%0d%0aX-Evil:%20b%00.zip", "aX-Evil: b.zip"),
        ("%E2%80%AEgpj.exe", "gpj.exe"),
        ("....", "diagnostics"),
        ("x" * 300, "x" * 120),
    ],
)
async def test_names_are_text(gateway: Server, charge_point: ChargePoint, given: str, shown: str) -> None:
    async with asked(gateway, charge_point) as (_, _, location):
        assert await put(f"{location}{given}", b"x") == 200
    [file] = await stored(charge_point)
    assert file.name == shown
    assert path_of(file.pk).parent == Path(settings.FILES_DIR) / "diagnostics"


async def test_the_token_is_stored_nowhere(gateway: Server, charge_point: ChargePoint) -> None:
    """Not in the log's frames, the command, the audit log or the file's row, even when the charger repeats it."""
    async with asked(gateway, charge_point) as (charger, command, location):
        token = location.split("/")[-2]
        assert len(token) == 43
        await charger.answer(call_of(command), {"fileName": f"{token}.zip"})
        await ended(command)
        assert await put(f"{location}{token}", BODY, f"Content-Type: text/{token}") == 200
    assert await db(lambda: _mentions(token)) == []


def _mentions(token: str) -> list[str]:
    """The tables in which this text stands anywhere."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [row[0] for row in cursor.fetchall()]
        found = []
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s', [f"%{token}%"])
            if cursor.fetchone()[0]:
                found.append(table)
    return found


@both_servers
async def test_pages_take_bodies_of_a_sane_size_only(gateway: Server, charge_point: ChargePoint) -> None:
    """Nobody fills the disk through any other address: refused early, or counted while it comes."""
    page = f"{gateway.url}/login/"
    assert await claimed(page, 17 * MEGABYTE, method="POST") == 413
    piece = b"x" * MEGABYTE
    assert await chunked(page, *[piece] * 18, end=False) == 413
    firmware = f"{gateway.url}/firmware/new/"
    assert await claimed(firmware, 17 * MEGABYTE, "Cookie: sessionid=guess", method="POST") == 413
    # A long one that is allowed arrives whole: the form is read and misses its token.
    assert await put(page, b"a=" + b"x" * (3 * MEGABYTE), "Content-Type: application/x-www-form-urlencoded") in {
        403,
        405,
    }
    assert json.loads(await _body(f"{gateway.url}/healthz"))["database"] == "ok"


async def _body(address: str) -> str:
    reader, writer = await connected(address)
    writer.write(head(address, "Connection: close", method="GET"))
    told = (await asyncio.wait_for(reader.read(), 10)).decode()
    writer.close()
    return told.partition("\r\n\r\n")[2]
