"""Simulated chargers: what they do when the central system commands."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.central import TAG, Central, Payload, Simulator


@pytest.fixture
async def central() -> AsyncIterator[Central]:
    async with Central() as central:
        yield central


@pytest.fixture
async def simulator(central: Central, tmp_path: Path) -> AsyncIterator[Simulator]:
    async with Simulator(central, tmp_path) as simulator:
        yield simulator


async def test_a_limit_of_zero_suspends(central: Central, simulator: Simulator) -> None:
    await simulator.run(behaviour="calm")
    await central.until(lambda: central.statuses(1))
    await central.command("RemoteStartTransaction", {"idTag": TAG, "connectorId": 1})
    transaction = (await central.first("MeterValues"))["transactionId"]
    profile = {
        "chargingProfileId": 1,
        "transactionId": transaction,
        "stackLevel": 1,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 0}],
        },
    }
    request = {"connectorId": 1, "csChargingProfiles": profile}
    assert await central.command("SetChargingProfile", request) == {"status": "Accepted"}
    await central.until(lambda: central.statuses(1)[-1] == "SuspendedEVSE")
    schedule = await central.command("GetCompositeSchedule", {"connectorId": 1, "duration": 60})
    assert schedule["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] == 0
    assert await central.command("ClearChargingProfile", {"id": 1}) == {"status": "Accepted"}
    await central.until(lambda: central.statuses(1)[-1] == "Charging")


LATER = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
COMMANDS: list[tuple[str, Payload, Payload]] = [
    ("CancelReservation", {"reservationId": 9}, {"status": "Rejected"}),
    ("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"}, {"status": "Accepted"}),
    ("ChangeConfiguration", {"key": "Nope", "value": "1"}, {"status": "NotSupported"}),
    ("ChangeConfiguration", {"key": "NumberOfConnectors", "value": "1"}, {"status": "Rejected"}),
    ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "x"}, {"status": "Rejected"}),
    ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"}, {"status": "Accepted"}),
    ("ChangeConfiguration", {"key": "WebSocketPingInterval", "value": "9"}, {"status": "RebootRequired"}),
    ("ClearCache", {}, {"status": "Accepted"}),
    ("ClearChargingProfile", {}, {"status": "Unknown"}),
    ("DataTransfer", {"vendorId": "Other"}, {"status": "UnknownVendorId"}),
    ("DataTransfer", {"vendorId": "Acme", "messageId": "ping"}, {"status": "Accepted", "data": "pong"}),
    ("GetLocalListVersion", {}, {"listVersion": 0}),
    (
        "ReserveNow",
        {"connectorId": 1, "reservationId": 9, "idTag": TAG, "expiryDate": LATER},
        {"status": "Accepted"},
    ),
    (
        "SendLocalList",
        {"listVersion": 1, "updateType": "Full", "localAuthorizationList": []},
        {"status": "Accepted"},
    ),
    ("SendLocalList", {"listVersion": 0, "updateType": "Differential"}, {"status": "VersionMismatch"}),
    ("TriggerMessage", {"requestedMessage": "Nonsense"}, {"status": "NotImplemented"}),
    ("UnlockConnector", {"connectorId": 1}, {"status": "Unlocked"}),
    ("UnlockConnector", {"connectorId": 7}, {"status": "NotSupported"}),
]


async def test_every_command_is_answered(central: Central, simulator: Simulator) -> None:
    await simulator.run()
    await central.until(lambda: central.statuses(1))
    for action, payload, answer in COMMANDS:
        if action == "ReserveNow":
            await central.until(lambda: central.statuses(1)[-1] == "Unavailable")
            await central.command("ChangeAvailability", {"connectorId": 1, "type": "Operative"})
        assert await central.command(action, payload) == answer, action
    await central.until(lambda: central.statuses(1)[-1] == "Reserved")
    assert await central.command("CancelReservation", {"reservationId": 9}) == {"status": "Accepted"}
    await central.until(lambda: central.statuses(1)[-1] == "Available")
    keys = (await central.command("GetConfiguration"))["configurationKey"]
    assert len(keys) > 30
    assert {"key": "HeartbeatInterval", "readonly": False, "value": "60"} in keys
    some = await central.command("GetConfiguration", {"key": ["NumberOfConnectors", "Nope"]})
    assert some["unknownKey"] == ["Nope"]
    assert some["configurationKey"] == [{"key": "NumberOfConnectors", "readonly": True, "value": "1"}]


async def test_wrong_calls_are_refused(central: Central, simulator: Simulator) -> None:
    await simulator.run()
    await central.until(lambda: central.statuses(1))
    assert (await central.raw_command("Sing"))[2] == "NotImplemented"
    assert (await central.raw_command("Reset"))[2] == "OccurenceConstraintViolation"
    assert (await central.raw_command("UnlockConnector", {"connectorId": "x"}))[2] == "TypeConstraintViolation"
    periods = [{"startPeriod": "0", "limit": 9}]
    schedule = {"chargingRateUnit": "W", "chargingSchedulePeriod": periods}
    odd = {"chargingProfileId": 1, "stackLevel": 0, "chargingSchedule": schedule}
    odd |= {"chargingProfilePurpose": "TxDefaultProfile", "chargingProfileKind": "Relative"}
    request = {"connectorId": 1, "csChargingProfiles": odd}
    assert (await central.raw_command("SetChargingProfile", request))[2] == "TypeConstraintViolation"
    assert await central.command("ClearCache") == {"status": "Accepted"}


@pytest.mark.parametrize("wanted", ["BootNotification", "Heartbeat", "StatusNotification", "MeterValues"])
async def test_trigger(central: Central, simulator: Simulator, wanted: str) -> None:
    await simulator.run()
    await central.until(lambda: central.statuses(1))
    before = len(central.of(wanted))
    request = {"requestedMessage": wanted}
    assert await central.command("TriggerMessage", request) == {"status": "Accepted"}
    await central.until(lambda: len(central.of(wanted)) > before)


async def test_firmware_and_diagnostics(central: Central, simulator: Simulator) -> None:
    await simulator.run(firmware="1.0.9")
    await central.until(lambda: central.statuses(1))
    request = {"location": "http://127.0.0.1:9/upload/"}
    assert (await central.command("GetDiagnostics", request))["fileName"].startswith("SIM-1-")
    await central.until(lambda: len(central.of("DiagnosticsStatusNotification")) == 2)
    told = [p["status"] for p in central.of("DiagnosticsStatusNotification")]
    assert told == ["Uploading", "UploadFailed"]


async def test_logs_are_uploaded(central: Central, simulator: Simulator) -> None:
    """GetDiagnostics and GetLog put a file where they are told to, and say so."""
    await simulator.run()
    await central.until(lambda: central.statuses(1))
    came: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split()[0])
        came.append(head.split()[1] + b" " + await reader.readexactly(length))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(take, "127.0.0.1", 0) as server:
        location = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/up/"
        name = (await central.command("GetDiagnostics", {"location": location}))["fileName"]
        await central.first("DiagnosticsStatusNotification", status="Uploaded")
        log = {"logType": "SecurityLog", "requestId": 7, "log": {"remoteLocation": location}}
        answer = await central.command("GetLog", log)
        assert answer["status"] == "Accepted"
        assert (await central.first("LogStatusNotification", status="Uploaded"))["requestId"] == 7
    assert [one.split()[0].decode() for one in came] == [f"/up/{name}", f"/up/{answer['filename']}"]
    assert all(b"SIM-1 firmware" in one for one in came)
