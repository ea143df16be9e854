"""Firmware, diagnostics and messages on request."""

import asyncio
import contextlib
import re
import ssl
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from hub.simulator.clock import parse, seconds_until, stamp
from hub.simulator.firmware import fetch_version
from hub.simulator.wire import Payload, Reply

if TYPE_CHECKING:
    from hub.simulator.charger import Charger

UPLOAD_SECONDS = 10.0


def trigger_message(charger: "Charger", payload: Payload) -> Reply:
    """TriggerMessage: send the message asked for after the answer."""
    wanted, connector_id = str(payload["requestedMessage"]), payload.get("connectorId")
    chosen = [c for c in charger.connectors.values() if connector_id in (None, 0, c.id)]

    async def boot() -> None:
        charger.boot_now.set()
        await charger.say("BootNotification", charger.boot_payload())

    async def statuses() -> None:
        if not connector_id:
            await charger.tell_box(early=True)
        for connector in chosen:
            await connector.report(early=True)

    async def meters() -> None:
        for connector in chosen:
            values: Payload = {"connectorId": connector.id, "meterValue": [connector.values("Trigger")]}
            values |= {"transactionId": connector.charge.transaction} if connector.charge else {}
            await charger.say("MeterValues", values, early=True)

    async def simple() -> None:
        own = {
            "FirmwareStatusNotification": {"status": charger.firmware_status},
            "DiagnosticsStatusNotification": {"status": charger.diagnostics_status},
        }
        await charger.say(wanted, own.get(wanted, {}), early=True)

    follow_ups = {
        "BootNotification": boot,
        "StatusNotification": statuses,
        "MeterValues": meters,
        "Heartbeat": simple,
        "FirmwareStatusNotification": simple,
        "DiagnosticsStatusNotification": simple,
    }
    if wanted not in follow_ups:
        return {"status": "NotImplemented"}, None
    return ({"status": "Accepted"}, follow_ups[wanted]) if chosen else ({"status": "Rejected"}, None)


def update_firmware(charger: "Charger", payload: Payload) -> Reply:
    """UpdateFirmware: from the date on, fetch it, install, reboot. What cannot be fetched fails the download."""
    location, due = str(payload["location"]), parse(payload["retrieveDate"])

    async def tell(status: str) -> None:
        charger.firmware_status = status
        await charger.say("FirmwareStatusNotification", {"status": status})

    async def install() -> None:
        await asyncio.sleep(seconds_until(due))
        version = None
        for attempt in range(1 + int(payload.get("retries") or 0)):
            if attempt:
                await charger.clock.sleep(float(payload.get("retryInterval") or 60))
            await tell("Downloading")
            await charger.clock.sleep(charger.rng.uniform(4, 8))
            version = await fetch_version(location, charger.firmware)
            if version:
                break
            await tell("DownloadFailed")
        if not version:
            charger.firmware_status = "Idle"
            return
        await tell("Downloaded")
        await tell("Installing")
        await charger.clock.sleep(charger.rng.uniform(4, 8))
        charger.firmware = version
        await charger.restart("Reboot", soft=True)
        await charger.comes_back()
        await tell("Installed")
        charger.firmware_status = "Idle"

    return {}, install


def get_diagnostics(charger: "Charger", payload: Payload) -> Reply:
    """GetDiagnostics: put a small log there over HTTP; without a server there the upload fails."""
    name = _file_name(charger, "")

    async def tell(status: str) -> None:
        charger.diagnostics_status = status
        await charger.say("DiagnosticsStatusNotification", {"status": status})

    async def upload() -> None:
        await tell("Uploading")
        await charger.clock.sleep(charger.rng.uniform(2, 4))
        is_there = await _put(urlsplit(str(payload["location"])), name, _report(charger))
        await tell("Uploaded" if is_there else "UploadFailed")
        charger.diagnostics_status = "Idle"

    return {"fileName": name}, upload


def get_log(charger: "Charger", payload: Payload) -> Reply:
    """GetLog of the security extension: the same for one log, whose status messages carry the request's id."""
    number, target = int(payload["requestId"]), urlsplit(str(payload["log"]["remoteLocation"]))
    if payload["logType"] not in ("DiagnosticsLog", "SecurityLog"):
        return {"status": "Rejected"}, None
    name = _file_name(charger, f"-{payload['logType']}")

    async def tell(status: str) -> None:
        await charger.say("LogStatusNotification", {"status": status, "requestId": number})

    async def upload() -> None:
        await tell("Uploading")
        await charger.clock.sleep(charger.rng.uniform(2, 4))
        await tell("Uploaded" if await _put(target, name, _report(charger)) else "UploadFailure")

    return {"status": "Accepted", "filename": name}, upload


def _file_name(charger: "Charger", log: str) -> str:
    return f"{re.sub(r'[^A-Za-z0-9-]', '_', charger.spec.identity)}{log}-{stamp()[:10]}.log"


def _report(charger: "Charger") -> bytes:
    lines = [f"{stamp()} {charger.spec.identity} firmware {charger.firmware}"]
    lines += [f"connector {c.id} {c.status} {int(c.register)} Wh" for c in charger.connectors.values()]
    lines += [f"{key}={value}" for key, value in sorted(charger.config.values.items())]
    return ("\n".join(lines) + "\n").encode()


async def _put(target: SplitResult, name: str, body: bytes) -> bool:
    """PUT the file into the location; False when the server is not there or does not take it."""
    if target.scheme not in ("http", "https") or not target.hostname:
        return False
    with contextlib.suppress(OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
        async with asyncio.timeout(UPLOAD_SECONDS):
            status = await _send_file(target, f"{target.path.rstrip('/')}/{name}", body)
            if status in (404, 405):
                status = await _send_file(target, target.path or "/", body)
            return 200 <= status < 300
    return False


async def _send_file(target: SplitResult, path: str, body: bytes) -> int:
    secure = ssl.create_default_context() if target.scheme == "https" else None
    port = target.port or (443 if secure else 80)
    reader, writer = await asyncio.open_connection(target.hostname, port, ssl=secure)
    query = f"?{target.query}" if target.query else ""
    head = (
        f"PUT {path}{query} HTTP/1.1\r\nHost: {target.netloc.rpartition('@')[2]}\r\n"
        f"Content-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    try:
        writer.write(head.encode() + body)
        await writer.drain()
        return int((await reader.readline()).split()[1])
    finally:
        writer.close()
