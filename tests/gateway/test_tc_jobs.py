"""Diagnostics and firmware, by certification case: the job is followed to its end."""

from datetime import UTC, datetime, timedelta

import pytest

from chargepoints.choices import CommandStatus, Effect
from chargepoints.models import ChargePoint, Command, LogLine
from chargepoints.rendering.steps import steps
from tests.gateway.orders import done, now
from tests.gateway.tools import db, log, station
from tests.stage import Server
from tests.station import Station

pytestmark = pytest.mark.django_db(transaction=True)
FIRMWARE = "https://files.example.net/firmware.bin"


async def firmware(charger: Station, *words: str) -> None:
    """FirmwareStatusNotification, one after the other."""
    for word in words:
        assert await charger.call("FirmwareStatusNotification", {"status": word}) == {}


async def diagnostics(charger: Station, *words: str) -> None:
    """DiagnosticsStatusNotification, one after the other."""
    for word in words:
        assert await charger.call("DiagnosticsStatusNotification", {"status": word}) == {}


def words(command: Command) -> list[str]:
    """The progress without its times."""
    return [word for _, word in command.progress]


async def test_tc_044_1_firmware_is_installed(gateway: Server, charge_point: ChargePoint) -> None:
    async with station(gateway) as charger:
        asked, command = await done(charger, charge_point, "firmware", {}, location=FIRMWARE, retries=2)
        assert set(asked) == {"location", "retrieveDate", "retries"}
        assert (asked["location"], asked["retries"]) == (FIRMWARE, 2)
        assert asked["retrieveDate"].endswith("Z")
        assert (command.status, command.effect) == (CommandStatus.ACCEPTED, Effect.AWAITED)
        await firmware(charger, "Downloading", "Downloaded")
        await charger.status(1, "Unavailable")
        await firmware(charger, "Installing")
        on_the_way = await now(command)
        assert (on_the_way.effect, words(on_the_way)) == (Effect.AWAITED, ["Downloading", "Downloaded", "Installing"])
        assert on_the_way.effect_due_at is not None
        assert command.effect_due_at is not None
        assert on_the_way.effect_due_at > command.effect_due_at
    async with station(gateway) as charger:
        await charger.boot(firmwareVersion="2.0")
        await charger.status(1, "Available")
        await firmware(charger, "Installed")
    seen = await now(command)
    assert (seen.effect, seen.effect_text) == (Effect.SEEN, "Booted with 2.0")
    assert words(seen) == ["Downloading", "Downloaded", "Installing", "Installed"]
    times = [datetime.fromisoformat(at) for at, _ in seen.progress]
    assert times == sorted(times)
    assert (await ChargePoint.objects.aget(pk=charge_point.pk)).firmware == "2.0"


@pytest.mark.parametrize(
    ("case", "told"),
    [("044_2", ["Downloading", "DownloadFailed"]), ("044_3", ["Downloaded", "Installing", "InstallationFailed"])],
)
async def test_tc_044_firmware_fails(gateway: Server, charge_point: ChargePoint, case: str, told: list[str]) -> None:
    """TC_044_2, TC_044_3: the failure is shown; a later attempt of the charger that works is the truth."""
    async with station(gateway) as charger:
        _, command = await done(charger, charge_point, "firmware", {}, location=FIRMWARE)
        await firmware(charger, *told)
        failed = await now(command)
        assert (failed.status, failed.effect, failed.effect_text) == ("accepted", Effect.MISSING, told[-1]), case
        assert (steps(failed)[-1].look, steps(failed)[-1].name) == ("fail", told[-1])
        [line] = await db(lambda: log(charge_point, fact=told[-1]))
        assert line.is_error
        await firmware(charger, "Downloading", "Installed")
        assert (await now(command)).effect == Effect.AWAITED
        await charger.boot(firmwareVersion="2.0")
    assert (await now(command)).effect == Effect.SEEN


async def test_firmware_at_a_later_time(gateway: Server, charge_point: ChargePoint) -> None:
    """The time that the effect may take begins with the time of the download."""
    at = datetime.now(UTC) + timedelta(days=2)
    async with station(gateway) as charger:
        asked, command = await done(
            charger, charge_point, "firmware", {}, location=FIRMWARE, retrieve_at=at.isoformat()
        )
    assert asked == {"location": FIRMWARE, "retrieveDate": at.strftime("%Y-%m-%dT%H:%M:%SZ")}
    assert command.effect_due_at is not None
    assert command.effect_due_at > at


async def test_tc_045_1_diagnostics(gateway: Server, charge_point: ChargePoint) -> None:
    """The newest open job is meant; Idle and a word without a job are information only."""
    async with station(gateway) as charger:
        await diagnostics(charger, "Idle", "Uploading")
        asked, old = await done(charger, charge_point, "diagnostics", {}, location="ftp://files.example.net/up/")
        assert asked == {"location": "ftp://files.example.net/up/"}
        assert (old.status, old.answer) == (CommandStatus.ACCEPTED, "Accepted, no file named")
        asked, command = await done(
            charger,
            charge_point,
            "diagnostics",
            {"fileName": "diag.zip"},
            location="https://files.example.net/up/",
            retries=1,
            retry_interval=60,
            start="2026-01-01T00:00:00+01:00",
            stop="2026-01-02T00:00:00Z",
        )
        assert asked == {
            "location": "https://files.example.net/up/",
            "retries": 1,
            "retryInterval": 60,
            "startTime": "2025-12-31T23:00:00Z",
            "stopTime": "2026-01-02T00:00:00Z",
        }
        assert command.answer == "diag.zip"
        await diagnostics(charger, "Uploading", "Idle", "Uploaded")
    seen, other = await now(command), await now(old)
    assert (seen.effect, words(seen)) == (Effect.SEEN, ["Uploading", "Uploaded"])
    assert (other.effect, words(other)) == (Effect.AWAITED, [])


async def test_tc_045_2_upload_fails(gateway: Server, charge_point: ChargePoint) -> None:
    async with station(gateway) as charger:
        _, command = await done(charger, charge_point, "diagnostics", {}, location="https://files.example.net/up/")
        await firmware(charger, "Installed")
        await diagnostics(charger, "Uploading", "UploadFailed")
    failed = await now(command)
    assert (failed.effect, failed.effect_text) == (Effect.MISSING, "UploadFailed")
    assert words(failed) == ["Uploading", "UploadFailed"]


async def test_credentials_in_an_address_are_sent_and_not_kept(gateway: Server, charge_point: ChargePoint) -> None:
    """SPEC section 4: credentials in a URL are allowed and never shown back."""
    address = "ftp://carl:s3cret@files.example.net/up/"
    async with station(gateway) as charger:
        asked, command = await done(
            charger, charge_point, "diagnostics", {"fileName": "carl:s3cret.zip"}, location=address
        )
        assert asked["location"] == address
    kept = await now(command)
    assert kept.parameters["location"] == "ftp://(hidden)@files.example.net/up/"
    lines = [line async for line in LogLine.objects.filter(command_id=command.pk)]
    assert lines
    assert not any("s3cret" in f"{line.request}{line.answer}{line.fact}{line.text}" for line in lines)
