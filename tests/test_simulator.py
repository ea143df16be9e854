"""Simulated chargers: their life, on line and off line."""

import base64
import http
import re
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from hub.simulator.car import Car
from hub.simulator.profiles import Profiles, Session
from tests.central import TAG, Central, Payload, Simulator


@pytest.fixture
async def central() -> AsyncIterator[Central]:
    async with Central() as central:
        yield central


@pytest.fixture
async def simulator(central: Central, tmp_path: Path) -> AsyncIterator[Simulator]:
    async with Simulator(central, tmp_path) as simulator:
        yield simulator


async def test_it_logs_in_and_boots(central: Central, simulator: Simulator) -> None:
    await simulator.run(connectors=[{"id": 1}, {"id": 2}], serial="S" * 30)
    await central.until(lambda: central.statuses(2))
    request = central.handshakes[0]
    assert request.path == "/ocpp/SIM-1"
    assert request.headers["Sec-WebSocket-Protocol"] == "ocpp1.6"
    assert base64.b64decode(request.headers["Authorization"].split()[1]) == b"SIM-1:secret"
    assert [action for action, _ in central.calls[:4]] == ["BootNotification", *["StatusNotification"] * 3]
    assert [p["connectorId"] for p in central.of("StatusNotification")] == [0, 1, 2]
    assert len(central.handshakes) == 1


async def test_it_waits_for_acceptance(central: Central, simulator: Simulator) -> None:
    central.boot_answers = [{"status": "Rejected", "interval": 40}, {"status": "Pending", "interval": 40}]
    begin = time.monotonic()
    await simulator.run(keys=[TAG])
    await central.until(lambda: len(central.of("BootNotification")) == 2)
    assert await central.command("RemoteStartTransaction", {"idTag": TAG}) == {"status": "Rejected"}
    await central.first("StartTransaction")
    assert [action for action, _ in central.calls[:4]] == [*["BootNotification"] * 3, "StatusNotification"]
    assert time.monotonic() - begin > 2 * 40 / 50


async def test_a_charge_from_plug_to_plug(central: Central, simulator: Simulator) -> None:
    await simulator.run(keys=[TAG], connectors=[{"id": 1, "max_w": 11000}])
    stop = await central.first("StopTransaction")
    await central.until(lambda: central.statuses(1)[-1] == "Available" and len(central.statuses(1)) > 3)
    start = central.of("StartTransaction")[0]
    assert central.of("Authorize")[0] == {"idTag": TAG}
    assert central.statuses(1)[:3] == ["Available", "Preparing", "Charging"]
    samples = [p["meterValue"][0] for p in central.of("MeterValues", transactionId=stop["transactionId"])]
    assert len(samples) >= 3
    registers = [int(sample["sampledValue"][0]["value"]) for sample in samples]
    assert [start["meterStart"], *registers, stop["meterStop"]] == sorted(
        [start["meterStart"], *registers, stop["meterStop"]]
    )
    assert stop["meterStop"] > start["meterStart"]
    seen = {value["measurand"] for value in samples[0]["sampledValue"]}
    assert seen == {"Energy.Active.Import.Register", "Power.Active.Import", "Current.Import", "Voltage"}
    contexts = [data["sampledValue"][0]["context"] for data in stop["transactionData"]]
    assert contexts == ["Transaction.Begin", "Transaction.End"]
    assert stop["reason"] in {"Local", "EVDisconnected"}


async def test_a_dc_charger_tells_the_state_of_charge(central: Central, simulator: Simulator) -> None:
    await simulator.run(keys=[TAG], behaviour="dc", connectors=[{"id": 1, "max_w": 150000, "type": "CCS"}])
    await central.until(lambda: len(central.of("MeterValues")) >= 3)
    values = [p["meterValue"][0]["sampledValue"] for p in central.of("MeterValues")]
    levels = [int(value["value"]) for sample in values for value in sample if value["measurand"] == "SoC"]
    assert len(levels) == len(values)
    assert levels[0] <= levels[-1] <= 100
    assert not any("phase" in value for sample in values for value in sample)


async def test_remote_start_and_stop(central: Central, simulator: Simulator) -> None:
    await simulator.run(connectors=[{"id": 1}, {"id": 2}], behaviour="calm")
    await central.until(lambda: central.statuses(2))
    answer = await central.command("RemoteStartTransaction", {"idTag": "REMOTE", "connectorId": 2})
    assert answer == {"status": "Accepted"}
    start = await central.first("StartTransaction")
    assert (start["connectorId"], start["idTag"]) == (2, "REMOTE")
    assert central.of("Authorize") == []
    values = await central.first("MeterValues")
    busy = await central.command("RemoteStartTransaction", {"idTag": "OTHER", "connectorId": 2})
    assert busy == {"status": "Rejected"}
    unknown = await central.command("RemoteStopTransaction", {"transactionId": 1})
    assert unknown == {"status": "Rejected"}
    transaction = values["transactionId"]
    assert await central.command("RemoteStopTransaction", {"transactionId": transaction}) == {"status": "Accepted"}
    stop = await central.first("StopTransaction")
    assert (stop["transactionId"], stop["reason"]) == (transaction, "Remote")


async def test_a_refused_tag_ends_the_charge(central: Central, simulator: Simulator) -> None:
    central.tag_status = "Blocked"
    await simulator.run()
    await central.until(lambda: central.statuses(1))
    await central.command("RemoteStartTransaction", {"idTag": "BAD", "connectorId": 1})
    assert (await central.first("StopTransaction"))["reason"] == "DeAuthorized"


@pytest.mark.parametrize(("kind", "reason"), [("Soft", "SoftReset"), ("Hard", "HardReset")])
async def test_reset(central: Central, simulator: Simulator, kind: str, reason: str) -> None:
    await simulator.run(behaviour="calm")
    await central.until(lambda: central.statuses(1))
    await central.command("RemoteStartTransaction", {"idTag": TAG, "connectorId": 1})
    await central.first("MeterValues")
    assert await central.command("Reset", {"type": kind}) == {"status": "Accepted"}
    assert (await central.first("StopTransaction"))["reason"] == reason
    await central.until(lambda: len(central.of("BootNotification")) == 2)
    assert len(central.handshakes) == 2
    await central.until(lambda: central.statuses(1)[-1] == "Available")


async def test_what_happens_off_line_is_told_later(central: Central, simulator: Simulator) -> None:
    await simulator.run(behaviour="busy", speed=100)
    await central.until(lambda: central.statuses(1))
    await central.command("RemoteStartTransaction", {"idTag": TAG, "connectorId": 1})
    await central.first("MeterValues")
    # An unanswered message must come again after the outage.
    central.silent_on = {"MeterValues"}
    before = len(central.of("MeterValues"))
    await central.until(lambda: len(central.of("MeterValues")) > before)
    central.refuse = http.HTTPStatus.SERVICE_UNAVAILABLE
    dropped, knocks = len(central.calls), len(central.handshakes)
    central.drop()
    # The back-off grows to 30 s, the longest stay is 300 s: after so many knocks the car has gone.
    await central.until(lambda: len(central.handshakes) - knocks > 30)
    central.refuse, central.silent_on = None, set()
    returned = datetime.now(UTC)
    stop = await central.first("StopTransaction")
    later = central.calls[dropped:]
    assert not [action for action, _ in later if action == "BootNotification"]
    readings = [p["meterValue"][0]["timestamp"] for action, p in later if action == "MeterValues"]
    unanswered = central.calls[dropped - 1][1]
    assert readings[0] == unanswered["meterValue"][0]["timestamp"]
    assert len(readings) > 3
    assert [*readings, stop["timestamp"]] == sorted([*readings, stop["timestamp"]])
    assert datetime.fromisoformat(stop["timestamp"]) < returned


async def test_a_loss_of_power_ends_the_charge(central: Central, simulator: Simulator) -> None:
    await simulator.run(behaviour="calm")
    await central.until(lambda: central.statuses(1))
    await central.command("RemoteStartTransaction", {"idTag": TAG, "connectorId": 1})
    sample = await central.first("MeterValues")
    await simulator.kill()
    assert central.of("StopTransaction") == []
    await simulator.run(behaviour="calm")
    stop = await central.first("StopTransaction")
    assert (stop["transactionId"], stop["reason"]) == (sample["transactionId"], "PowerLoss")
    assert stop["meterStop"] >= int(sample["meterValue"][0]["sampledValue"][0]["value"])
    await central.command("RemoteStartTransaction", {"idTag": TAG, "connectorId": 1})
    await central.until(lambda: len(central.of("StartTransaction")) == 2)
    assert central.of("StartTransaction")[1]["meterStart"] >= stop["meterStop"]


async def test_a_new_password_is_used(central: Central, simulator: Simulator) -> None:
    await simulator.run()
    await central.until(lambda: central.statuses(1))
    await central.command("ChangeConfiguration", {"key": "AuthorizationKey", "value": b"\xff\x00new".hex()})
    central.drop()
    await central.until(lambda: len(central.handshakes) == 2)
    credentials = base64.b64decode(central.handshakes[1].headers["Authorization"].split()[1])
    assert credentials == b"SIM-1:\xff\x00new"


async def test_faults_and_lost_connections_happen(central: Central, simulator: Simulator) -> None:
    await simulator.run(behaviour="faulty", keys=[TAG], speed=150)
    fault = await central.first("StatusNotification", status="Faulted")
    assert fault["errorCode"] != "NoError"
    assert {"vendorErrorCode", "info", "vendorId"} <= fault.keys()
    await central.until(lambda: central.statuses(1)[-1] != "Faulted")
    await simulator.stop()
    knocks = len(central.handshakes)
    await simulator.run(behaviour="flaky", keys=[TAG], speed=150)
    await central.until(lambda: len(central.handshakes) >= knocks + 3)
    assert len(central.of("BootNotification")) == 2


async def test_it_ends_at_once(central: Central, simulator: Simulator) -> None:
    await simulator.run(keys=[TAG], speed=1)
    await central.until(lambda: central.statuses(1))
    assert await simulator.stop() < 2.0
    assert len(re.findall(r"SIM-1 connected", simulator.log)) == 1


def test_the_power_curve_ramps_and_tapers() -> None:
    rng = Random(1)
    car = Car(capacity=60_000, soc=50, target=100, max_w=100_000, phases=3, is_dc=True)
    ramp = [car.draw(5, 150_000, rng) for _ in range(8)]
    assert ramp[0] < ramp[1] < ramp[2] < 90_000 < ramp[5] <= 100_000
    plateau = car.draw(1, 150_000, rng)
    while car.soc < 95:
        tapered = car.draw(10, 150_000, rng)
    assert 8_000 < tapered < plateau / 2
    assert car.draw(10, 5_000, rng) <= 5_000
    car.soc = 100
    assert car.draw(10, 150_000, rng) == 0


def test_the_lowest_limit_rules() -> None:
    begin = datetime.now(UTC)

    def profile(number: int, purpose: str, level: int, limit: float) -> Payload:
        schedule = {"chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}]}
        kind = {"chargingProfilePurpose": purpose, "chargingProfileKind": "Relative"}
        return {"chargingProfileId": number, "stackLevel": level, "chargingSchedule": schedule} | kind

    profiles = Profiles()
    session = Session(1, 5, begin, 3)
    assert profiles.limit(session) is None
    profiles.add(0, profile(1, "TxDefaultProfile", 0, 9_000))
    profiles.add(1, profile(2, "TxDefaultProfile", 1, 7_000))
    assert profiles.limit(session) == 7_000
    profiles.add(1, profile(3, "TxProfile", 0, 11_000))
    assert profiles.limit(session) == 11_000
    profiles.add(0, profile(4, "ChargePointMaxProfile", 0, 16_000))
    assert profiles.limit(session, sharers=2) == 8_000
    profiles.end_charge(1)
    assert profiles.limit(session) == 7_000
