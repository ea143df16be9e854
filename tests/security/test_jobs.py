"""Security logs and signed firmware: jobs with a request id (TC_079 to TC_081)."""

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from chargepoints.choices import CommandStatus, Effect
from chargepoints.exceptions import ActionRefused
from chargepoints.models import ChargePoint, Command, SecurityEvent
from tests.gateway.tools import db, ended, log, order, soon
from tests.security.tools import base64_of, certificate_of, key, pem, plain
from tests.stage import Server
from tests.station import Station, now

pytestmark = pytest.mark.django_db(transaction=True)
FIRMWARE = b"firmware 2.0"
LOCATION = "https://files.example.net/firmware.bin"


def release(secret: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> dict[str, object]:
    """The parameters of a signed update."""
    if isinstance(secret, ec.EllipticCurvePrivateKey):
        signature = secret.sign(FIRMWARE, ec.ECDSA(hashes.SHA256()))
    else:
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.MAX_LENGTH)
        signature = secret.sign(FIRMWARE, pss, hashes.SHA256())
    return {
        "location": LOCATION,
        "signature": base64_of(signature),
        "certificate": pem(certificate_of(secret, "Maker")),
        "sha256": hashlib.sha256(FIRMWARE).hexdigest(),
    }


async def tell(station: Station, action: str, number: int, *words: str) -> None:
    """Status messages of a job."""
    for word in words:
        assert await station.call(action, {"status": word, "requestId": number}) == {}


async def now_of(command: Command) -> Command:
    """The command as it is now."""
    return await Command.objects.aget(pk=command.pk)


async def test_tc_079_security_log(guarded: Server, charge_point: ChargePoint) -> None:
    """TC_079: the upload is followed by its request id up to its end."""
    async with plain(guarded) as station:
        command = await order(
            charge_point,
            "log_upload",
            type="SecurityLog",
            location="https://logs.example.net/x",
            retries=2,
            oldest="2026-01-01T00:00:00+01:00",
        )
        call = await station.expect("GetLog")
        number = call.payload["requestId"]
        assert call.payload == {
            "logType": "SecurityLog",
            "requestId": number,
            "retries": 2,
            "log": {"remoteLocation": "https://logs.example.net/x", "oldestTimestamp": "2026-01-01T00:00:00+01:00"},
        }
        await station.answer(call, {"status": "Accepted", "filename": "a.log"})
        await ended(command, Effect.AWAITED)
        await tell(station, "LogStatusNotification", number + 1, "UploadFailure")
        await tell(station, "LogStatusNotification", number, "Uploading", "Uploaded")
        done = await now_of(command)
        assert (done.effect, done.effect_text) == (Effect.SEEN, "Uploaded")
        assert [word for _, word in done.progress] == ["Uploading", "Uploaded"]
        assert done.result == {"status": "Accepted", "filename": "a.log"}
        await station.call("LogStatusNotification", {"status": "Idle"})
        assert (await now_of(command)).progress == done.progress


async def test_tc_079_a_newer_upload_cancels_the_older(guarded: Server, charge_point: ChargePoint) -> None:
    async with plain(guarded) as station:
        first = await order(charge_point, "log_upload", type="SecurityLog", location="ftp://logs.example.net/x")
        await station.answer(await station.expect("GetLog"), {"status": "Accepted"})
        await ended(first)
        second = await order(charge_point, "log_upload", type="DiagnosticsLog", location="ftp://logs.example.net/y")
        call = await station.expect("GetLog")
        await station.answer(call, {"status": "AcceptedCanceled"})
        assert (await ended(second)).status == CommandStatus.ACCEPTED
        cancelled = await ended(first, Effect.MISSING)
        assert cancelled.effect_text == "Cancelled by a newer one"
        await tell(station, "LogStatusNotification", call.payload["requestId"], "UploadFailure")
        assert (await now_of(second)).effect == Effect.MISSING


async def test_tc_080_signed_firmware(guarded: Server, charge_point: ChargePoint) -> None:
    """TC_080: all the way, over a reboot, to Installed."""
    async with plain(guarded) as station:
        command = await order(charge_point, "signed_firmware", **release(key()))
        call = await station.expect("SignedUpdateFirmware")
        number = call.payload["requestId"]
        assert set(call.payload["firmware"]) == {"location", "retrieveDateTime", "signingCertificate", "signature"}
        await station.answer(call, {"status": "Accepted"})
        await ended(command, Effect.AWAITED)
        told = ("Downloading", "Downloaded", "SignatureVerified", "Installing", "InstallRebooting")
        await tell(station, "SignedFirmwareStatusNotification", number, *told)
    async with plain(guarded) as station:
        await station.boot(firmwareVersion="2.0")
        event = {"type": "FirmwareUpdated", "timestamp": now()}
        assert await station.call("SecurityEventNotification", event) == {}
        await station.status(1, "Available")
        await tell(station, "SignedFirmwareStatusNotification", number, "Installed")
    done = await now_of(command)
    assert (done.effect, done.effect_text) == (Effect.SEEN, "Booted with 2.0")
    assert [word for _, word in done.progress] == [*told, "Installed"]


async def test_tc_081_the_charger_finds_the_signature_invalid(guarded: Server, charge_point: ChargePoint) -> None:
    """TC_081: answered, and the update has failed."""
    async with plain(guarded) as station:
        command = await order(charge_point, "signed_firmware", **release(rsa.generate_private_key(65537, 2048)))
        call = await station.expect("SignedUpdateFirmware")
        await station.answer(call, {"status": "Accepted"})
        await ended(command)
        number = call.payload["requestId"]
        await tell(station, "SignedFirmwareStatusNotification", number, "Downloading", "Downloaded", "InvalidSignature")
    done = await now_of(command)
    assert (done.effect, done.effect_text) == (Effect.MISSING, "InvalidSignature")
    lines = await db(lambda: log(charge_point, action="SignedFirmwareStatusNotification"))
    assert [line.is_error for line in lines] == [False, False, True]


async def test_firmware_that_is_not_offered(guarded: Server, charge_point: ChargePoint) -> None:
    """Signature and certificate are checked before anything is sent; nothing is fetched (SECURITY A13, A14)."""
    good = release(key())
    other = hashlib.sha256(b"other firmware").hexdigest()
    wrong: list[dict[str, object]] = [
        {"sha256": other},
        {"sha256": "zz"},
        {"signature": "AAAA"},
        {"signature": "?"},
        {"certificate": "nonsense"},
        {"certificate": pem(certificate_of(key(), "Somebody else"))},
        {"certificate": pem(certificate_of(key(), days=-1))},
        {"location": "file:///etc/passwd"},
        {"location": "https://user:secret@files.example.net/x"},
        {"location": "https:///x"},
        {"location": "https://files.example.net/" + "x" * 512},
        {"retrieve_at": "tomorrow"},
        {"retrieve_at": "2026-01-01T00:00:00"},
        {"retries": -1},
    ]
    async with plain(guarded):
        for change in wrong:
            with pytest.raises(ActionRefused):
                await order(charge_point, "signed_firmware", **(good | change))
    assert not await Command.objects.aexists()


async def test_revoked_signing_certificate(guarded: Server, charge_point: ChargePoint) -> None:
    async with plain(guarded) as station:
        command = await order(charge_point, "signed_firmware", **release(key()))
        await station.answer(await station.expect("SignedUpdateFirmware"), {"status": "RevokedCertificate"})
        done = await ended(command)
    assert (done.status, done.answer, done.effect) == (CommandStatus.REJECTED, "RevokedCertificate", Effect.NONE)


async def test_extended_trigger_of_statuses(guarded: Server, charge_point: ChargePoint) -> None:
    """The message that comes back has another name than the one asked for."""
    async with plain(guarded) as station:
        for message, action in (
            ("FirmwareStatusNotification", "SignedFirmwareStatusNotification"),
            ("LogStatusNotification", "LogStatusNotification"),
        ):
            command = await order(charge_point, "extended_trigger", message=message)
            await station.answer(await station.expect("ExtendedTriggerMessage"), {"status": "Accepted"})
            await ended(command, Effect.AWAITED)
            await station.call(action, {"status": "Idle"})
            await ended(command, Effect.SEEN)
        command = await order(charge_point, "extended_trigger", message="StatusNotification", connector=1)
        call = await station.expect("ExtendedTriggerMessage")
        assert call.payload == {"requestedMessage": "StatusNotification", "connectorId": 1}
        await station.answer(call, {"status": "NotImplemented"})
        assert (await ended(command)).status == CommandStatus.REJECTED


async def test_security_events(guarded: Server, charge_point: ChargePoint) -> None:
    """Unknown types are taken; critical ones are marked; one that is told twice is one (A21)."""
    at = now()
    told = [("FirmwareUpdated", True), ("FailedToAuthenticateAtCentralSystem", False), ("SomethingNew", False)]
    async with plain(guarded) as station:
        for kind, _ in [*told, *told]:
            payload = {"type": kind, "timestamp": at, "techInfo": "x" * 255}
            assert await station.call("SecurityEventNotification", payload) == {}
        odd = {"type": "y" * 60, "timestamp": "1000000"}
        assert await station.call("SecurityEventNotification", odd) == {}
    rows = await soon(lambda: list(SecurityEvent.objects.order_by("pk")), "events")
    assert [(row.type, row.is_critical) for row in rows] == [*told, ("y" * 60, False)]
    assert rows[-1].reported_at is None
    lines = await db(lambda: log(charge_point, action="SecurityEventNotification"))
    assert [(line.category, line.is_error) for line in lines[:3]] == [("auth", critical) for _, critical in told]
