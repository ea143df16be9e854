"""Firmware from the library to a boot with it: a real station, a real fetch, on both servers."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import connection
from django.utils import timezone

from chargepoints.choices import Effect
from chargepoints.models import ChargePoint, Command, FirmwareVersion, LogLine, SecurityEvent, Transfer
from chargepoints.rendering.steps import steps
from chargepoints.services.commands import commands_due
from tests.gateway.firmware_tools import CONTENT, MISSING, box, fetches, found, http, ordered
from tests.gateway.orders import done, now, sent
from tests.gateway.tools import both_servers, db, ended, order, soon, station
from tests.portal.firmware_tools import firmware_made
from tests.security.tools import base64_of, certificate_of, key, pem
from tests.stage import Server
from tests.station import Station

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """The HTTP side of a charger."""
    async with http() as made:
        yield made


async def tell(charger: Station, *words: str) -> None:
    """FirmwareStatusNotification, one after the other."""
    for word in words:
        assert await charger.call("FirmwareStatusNotification", {"status": word}) == {}


@both_servers
async def test_from_the_library_to_the_boot(
    gateway: Server, charge_point: ChargePoint, client: httpx.AsyncClient
) -> None:
    file = await box(charge_point)
    async with station(gateway) as charger:
        address, command = await ordered(charger, charge_point, file)
        assert address.startswith(f"{gateway.url}/files/")
        assert address.endswith("/dc150-6.0.0.bin")
        await tell(charger, "Downloading")
        answer = await client.get(address)
        assert (answer.status_code, answer.content) == (200, CONTENT)
        assert answer.headers["Content-Length"] == str(len(CONTENT))
        assert answer.headers["ETag"] == f'"{file.sha256}"'
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers
        await tell(charger, "Downloaded", "Installing", "Installed")
        waiting = await now(command)
        assert (waiting.effect, waiting.effect_text) == (Effect.AWAITED, "Installed, but still says 5.2.1")
        assert waiting.effect_due_at is not None
        assert waiting.effect_due_at - timezone.now() < timedelta(minutes=16)
    async with station(gateway) as charger:
        await charger.boot(firmwareVersion="6.0.0")
        seen = await now(command)
        assert (seen.effect, seen.effect_text) == (Effect.SEEN, "Booted with 6.0.0")
        assert await found(client, address) == MISSING
    assert [step.name for step in steps(seen)] == [
        *("Queued", "Sent", "Accepted", "Downloading", "Downloaded", "Installing", "Installed", "Booted with 6.0.0")
    ]
    await soon(lambda: fetches(charge_point) == ["2 MB of 2 MB, 200"], "the fetch on the log")
    transfer = await Transfer.objects.aget()
    assert (transfer.uses, transfer.closed_at is not None) == (1, True)
    assert [v.version async for v in FirmwareVersion.objects.filter(charge_point=charge_point)] == ["6.0.0"]
    await nothing_says(address.split("/")[4])


async def nothing_says(token: str) -> None:
    """No text of any table has the token."""

    def look() -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
            names = [row[0] for row in cursor.fetchall()]
            told = []
            for name in names:
                cursor.execute(f'SELECT count(*) FROM "{name}" t WHERE t::text LIKE %s', [f"%{token}%"])
                told += [name] if cursor.fetchone()[0] else []
            return told

    assert len(token) == 43
    assert await db(look) == []


async def test_a_boot_before_it_says_installed(gateway: Server, charge_point: ChargePoint) -> None:
    file = await box(charge_point)
    async with station(gateway) as charger:
        _, command = await ordered(charger, charge_point, file)
        await tell(charger, "Downloading", "Downloaded", "Installing")
        await charger.boot(firmwareVersion="5.2.1")
        assert (await now(command)).effect == Effect.AWAITED
        await charger.boot(firmwareVersion="6.0.0")
        assert (await now(command)).effect_text == "Booted with 6.0.0"
        await tell(charger, "Installed", "Installed")
    seen = await now(command)
    assert (seen.effect, seen.effect_text) == (Effect.SEEN, "Booted with 6.0.0")
    assert [word for _, word in seen.progress] == ["Downloading", "Downloaded", "Installing", "Installed"]


async def test_another_version_than_the_file_says(gateway: Server, charge_point: ChargePoint) -> None:
    file = await box(charge_point)
    async with station(gateway) as charger:
        _, command = await ordered(charger, charge_point, file)
        await tell(charger, "Installed")
        assert (await now(command)).effect_text == "Installed, but still says 5.2.1"
        await charger.boot(firmwareVersion="5.9.9")
    kept = await now(command)
    assert (kept.effect, kept.effect_text) == (Effect.AWAITED, "Installed, but says 5.9.9, not 6.0.0")
    await db(lambda: Command.objects.update(effect_due_at=timezone.now()))
    await db(commands_due)
    lost = await now(command)
    assert (lost.effect, lost.effect_text) == (Effect.MISSING, "Installed, but says 5.9.9, not 6.0.0")
    async with station(gateway) as charger:
        await charger.boot(firmwareVersion="6.0.0")
    assert (await now(command)).effect == Effect.SEEN


async def test_it_has_this_version_already(gateway: Server, charge_point: ChargePoint) -> None:
    """A boot with it proves nothing then; that it was installed is taken at its word, and said."""
    file = await box(charge_point, "6.0.0")
    async with station(gateway) as charger:
        _, command = await ordered(charger, charge_point, file)
        await charger.boot(firmwareVersion="6.0.0")
        assert (await now(command)).effect == Effect.AWAITED
        await tell(charger, "Installed")
    seen = await now(command)
    assert (seen.effect, seen.effect_text) == (Effect.SEEN, "Installed; it said 6.0.0 before")


async def test_an_address_of_somebody_else(gateway: Server, charge_point: ChargePoint) -> None:
    """Its version is not known: any other one than before is the proof. Credentials are not kept."""
    await box(charge_point)
    async with station(gateway) as charger:
        location = "https://me:s3cret@files.example.net/f.bin"
        asked, command = await done(charger, charge_point, "firmware", {}, location=location)
        assert asked["location"] == location
        await tell(charger, "Installed")
        await charger.boot(firmwareVersion="5.2.1")
        assert (await now(command)).effect == Effect.AWAITED
        await charger.boot(firmwareVersion="5.2.2")
    seen = await now(command)
    assert (seen.effect, seen.effect_text) == (Effect.SEEN, "Booted with 5.2.2")
    assert "s3cret" not in json.dumps(seen.parameters)


async def test_signed(gateway: Server, charge_point: ChargePoint, client: httpx.AsyncClient) -> None:
    """A file with a signature goes signed to a charger that has shown the security extension."""
    await box(charge_point)
    maker, content = key(), b"version=7.0.0\n"
    signature, certificate = base64_of(maker.sign(content, ec.ECDSA(hashes.SHA256()))), pem(certificate_of(maker, "M"))
    team = charge_point.site.team
    file = await db(
        lambda: firmware_made(team.organisation, "7.0.0", content, signature=signature, certificate=certificate)
    )
    await SecurityEvent.objects.acreate(charge_point=charge_point, type="x", received_at=timezone.now())
    async with station(gateway) as charger:
        command = await order(charge_point, "firmware", firmware=str(file.pk))
        call = await charger.expect("SignedUpdateFirmware")
        asked = call.payload["firmware"]
        assert (asked["signature"], asked["signingCertificate"]) == (signature, certificate)
        await charger.answer(call, {"status": "Accepted"})
        await ended(command, Effect.AWAITED)
        assert await found(client, asked["location"]) == (200, content)
        number = call.payload["requestId"]
        for word in ("SignatureVerified", "Installed"):
            await charger.call("SignedFirmwareStatusNotification", {"status": word, "requestId": number})
        await charger.boot(firmwareVersion="7.0.0")
    assert (await now(command)).effect_text == "Booted with 7.0.0"
    lines = [line async for line in LogLine.objects.filter(command_id=command.pk, action="SignedUpdateFirmware")]
    assert lines
    assert all(asked["location"].split("/")[4] not in line.request for line in lines)


async def test_a_later_time_keeps_the_address_open(gateway: Server, charge_point: ChargePoint) -> None:
    file = await box(charge_point)
    at = timezone.now() + timedelta(days=3)
    async with station(gateway) as charger:
        await sent(charger, charge_point, "firmware", firmware=str(file.pk), retrieve_at=at.isoformat())
    assert (await Transfer.objects.aget()).expires_at > at + timedelta(hours=23)
