"""OCPP 1.6 core, driven by a fake station over a real websocket. Case ids are those of the certification."""

from datetime import timedelta
from itertools import pairwise

import pytest

from chargepoints.choices import Category, ChargeState, ConnectorStatus, KeyState, Verdict
from chargepoints.models import Charge, ChargePoint, Connector, LogLine, MeterSample, StatusChange
from hub.teams.models import Organisation
from tests import factories
from tests.factories import PASSWORD
from tests.gateway.tools import both_servers, db, derived, log, soon
from tests.stage import Server
from tests.station import Station

pytestmark = pytest.mark.django_db(transaction=True)


async def key(of: Organisation, id_tag: str, **fields: object) -> None:
    """A charge key of the operator."""
    await db(lambda: factories.charge_key(of, id_tag, **fields))  # type: ignore[arg-type]


async def state(charge_point: ChargePoint) -> str:
    """What the charge point as a whole is doing."""
    return (await db(lambda: derived(charge_point)))[1]


async def one_charge(charge_point: ChargePoint) -> Charge:
    """The only charge of the charge point."""
    return await Charge.objects.select_related("connector", "charge_key").aget(charge_point=charge_point)


@both_servers
async def test_001_cold_boot(gateway: Server, charge_point: ChargePoint) -> None:
    """TC_001: Boot is accepted with a time and an interval; statuses and heartbeats are answered."""
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        answer = await station.boot(
            chargePointSerialNumber="SN-1",
            firmwareVersion="1.2.3",
            iccid="89",
            imsi="24",
            meterType="M",
            meterSerialNumber="MS",
        )
        assert answer["status"] == "Accepted"
        assert answer["interval"] == 300
        assert answer["currentTime"].endswith("Z")
        assert await station.status(0, "Available") == {}
        assert await station.status(1, "Available") == {}
        assert await station.status(2, "Available") == {}
        assert set(await station.call("Heartbeat", {})) == {"currentTime"}
        assert await state(charge_point) == "available"
    await charge_point.arefresh_from_db()
    told = charge_point
    assert (told.vendor, told.model, told.serial, told.firmware) == ("Acme", "Fake 1", "SN-1", "1.2.3")
    assert (told.iccid, told.imsi, told.meter_type, told.meter_serial) == ("89", "24", "M", "MS")
    assert told.booted_at is not None
    assert told.box_status == "Available"


@both_servers
async def test_003_regular_session_plug_in_first(
    gateway: Server, charge_point: ChargePoint, nordlys: Organisation
) -> None:
    """TC_003 and TC_005_1: a whole charge, with everything it leaves in the database."""
    await key(nordlys, "CARD-1")
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        await station.boot()
        await station.status(1, "Available")
        await station.status(1, "Preparing")
        assert await state(charge_point) == "busy-non-charging"
        assert (await station.authorize("card-1"))["idTagInfo"] == {"status": "Accepted"}
        started = await station.start(1, "CARD-1", 1000)
        assert started["idTagInfo"] == {"status": "Accepted"}
        tx = started["transactionId"]
        assert 0 < tx < 2**31
        assert (await one_charge(charge_point)).state == ChargeState.STARTING
        await station.status(1, "Charging")
        assert await state(charge_point) == "busy-charging"
        assert (await one_charge(charge_point)).state == ChargeState.CHARGING
        await station.meter(1, 1500, tx, power=7200)
        running = await one_charge(charge_point)
        assert (running.energy_wh, running.power_w) == (500, 7200)
        await station.status(1, "SuspendedEV")
        assert (await one_charge(charge_point)).state == ChargeState.PAUSED
        assert await station.stop(tx, 2750, "EVDisconnected") == {}
        stopped = await one_charge(charge_point)
        assert (stopped.state, stopped.power_w) == (ChargeState.STOPPED, None)
        await station.status(1, "Finishing")
        assert await state(charge_point) == "busy-non-released"
        await station.status(1, "Available")
        assert await state(charge_point) == "available"
    done = await one_charge(charge_point)
    assert (done.state, done.energy_wh, done.meter_start_wh, done.meter_stop_wh) == ("completed", 1750, 1000, 2750)
    assert (done.transaction_id, done.stop_reason, done.needs_review) == (str(tx), "EVDisconnected", "")
    assert (done.verdict, done.id_tag) == (Verdict.ACCEPTED, "CARD-1")
    assert done.charge_key is not None
    assert done.charge_key.id_tag == "CARD-1"
    assert done.connector is not None
    assert done.connector.number == 1
    changes = await db(lambda: list(StatusChange.objects.order_by("id").values_list("status", flat=True)))
    assert changes == ["Available", "Preparing", "Charging", "SuspendedEV", "Finishing", "Available"]
    samples = await db(lambda: list(MeterSample.objects.filter(charge_id=done.pk).order_by("id")))
    assert [(s.measurand, s.unit, int(s.value or 0), s.connector_number) for s in samples] == [
        ("Energy.Active.Import.Register", "Wh", 1500, 1),
        ("Power.Active.Import", "W", 7200, 1),
    ]


async def test_log_lines_of_a_charge(gateway: Server, charge_point: ChargePoint) -> None:
    """Each exchange is one line: request, answer, latency, category; sequences only rise."""
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        await station.boot(message_id="b")
        tx = (await station.start(1, "NOBODY", 0, message_id="s"))["transactionId"]
        await station.meter(1, 10, tx, message_id="m")
        await station.stop(tx, 20, message_id="e")
        await station.call("Heartbeat", {}, message_id="h")
        received = [str(frame) for frame in station.received]
    lines = await soon(lambda: (found := log(charge_point))[-1].action == "Disconnect" and found, "the last line")
    assert isinstance(lines, list)
    assert [(line.action, line.category, line.message_id) for line in lines] == [
        ("Connect", Category.LINK, ""),
        ("BootNotification", Category.STATE, "b"),
        ("StartTransaction", Category.TRANSACTION, "s"),
        ("MeterValues", Category.METER, "m"),
        ("StopTransaction", Category.TRANSACTION, "e"),
        ("Heartbeat", Category.STATE, "h"),
        ("Disconnect", Category.LINK, ""),
    ]
    exchanges = lines[1:-1]
    assert [line.answer for line in exchanges] == received
    assert all(line.direction == "in" and line.request.startswith('[2, "') for line in exchanges)
    assert all(0 < (line.latency_us or 0) < 5_000_000 for line in exchanges)
    assert [line.transaction_id for line in exchanges] == ["", str(tx), str(tx), str(tx), ""]
    assert all(before.seq < after.seq for before, after in pairwise(lines))
    assert {line.generation for line in lines} == {1}


@pytest.mark.parametrize(
    ("tag", "fields", "status"),
    [
        ("TC-023-1", None, "Invalid"),
        ("TC-023-2", {"expires_at": factories.now() - timedelta(days=1)}, "Expired"),
        ("TC-023-3", {"state": KeyState.BLOCKED}, "Blocked"),
    ],
)
async def test_023_refused_keys(
    gateway: Server,
    charge_point: ChargePoint,
    nordlys: Organisation,
    tag: str,
    fields: dict[str, object] | None,
    status: str,
) -> None:
    """TC_023_1 to 3 and TC_037_3: exactly this status; a start all the same gets an id and is recorded."""
    if fields is not None:
        await key(nordlys, tag, **fields)
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        assert (await station.authorize(tag))["idTagInfo"]["status"] == status
        started = await station.start(1, tag, 100)
        assert started["idTagInfo"]["status"] == status
        assert started["transactionId"] > 0
        await station.stop(started["transactionId"], 100, "DeAuthorized")
    charge = await one_charge(charge_point)
    assert (charge.verdict, charge.state, charge.energy_wh) == (status, ChargeState.STOPPED, 0)
    lines = await db(lambda: log(charge_point, action="Authorize"))
    assert [(line.category, line.is_error) for line in lines] == [(Category.SECURITY, True)]


async def test_key_of_another_operator_is_invalid(
    gateway: Server, charge_point: ChargePoint, fjord: Organisation
) -> None:
    await key(fjord, "CARD-F")
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        assert (await station.authorize("CARD-F"))["idTagInfo"] == {"status": "Invalid"}


async def test_053_parent_and_expiry_are_told(
    gateway: Server, charge_point: ChargePoint, nordlys: Organisation
) -> None:
    """TC_053: the group of a key is in every answer; a repeat is answered like the first."""
    await key(nordlys, "CARD-P", parent_id_tag="FAMILY", expires_at=factories.now() + timedelta(days=1))
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        info = (await station.authorize("CARD-P"))["idTagInfo"]
        assert (info["status"], info["parentIdTag"]) == ("Accepted", "FAMILY")
        assert info["expiryDate"].endswith("Z")
        first = await station.start(1, "CARD-P", 5, "2026-01-01T00:00:00Z")
        again = await station.start(1, "CARD-P", 5, "2026-01-01T00:00:00Z")
        assert first["idTagInfo"] == info
        assert again == first
        ended = await station.stop(first["transactionId"], 6, idTag="CARD-P")
        assert ended == {"idTagInfo": info}


async def test_064_data_transfer(gateway: Server, charge_point: ChargePoint) -> None:
    """TC_064: nobody's vendor id."""
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        answer = await station.call("DataTransfer", {"vendorId": "nobody", "messageId": "x", "data": "1"})
    assert answer == {"status": "UnknownVendorId"}


async def test_032_stop_after_power_failure(gateway: Server, charge_point: ChargePoint) -> None:
    """TC_032_1: a boot ends no charge; the stop that follows it does, with its own time."""
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        tx = (await station.start(1, "X", 0))["transactionId"]
        station.drop()
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        await station.boot()
        await station.status(1, "Finishing")
        assert (await one_charge(charge_point)).ended_at is None
        await station.stop(tx, 700, "PowerLoss")
    charge = await one_charge(charge_point)
    assert (charge.state, charge.energy_wh, charge.stop_reason) == ("stopped", 700, "PowerLoss")


async def test_039_offline_charge(gateway: Server, charge_point: ChargePoint) -> None:
    """TC_037_1 and TC_039: start and stop of the past arrive together and keep their times."""
    begun, ended = factories.now() - timedelta(hours=5), factories.now() - timedelta(hours=3)
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        await station.status(1, "Available")
        tx = (await station.start(1, "X", 0, begun.isoformat()))["transactionId"]
        await station.stop(tx, 9000, "Local", ended.isoformat())
    charge = await one_charge(charge_point)
    assert (charge.started_at, charge.ended_at, charge.energy_wh) == (begun, ended, 9000)
    assert charge.state == ChargeState.COMPLETED


async def test_013_no_boot_after_reconnect(gateway: Server, charge_point: ChargePoint) -> None:
    """H13: a charger that was accepted may send anything at once."""
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        await station.boot()
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        assert await station.status(1, "Available") == {}
    assert await Connector.objects.filter(charge_point=charge_point, status=ConnectorStatus.AVAILABLE).acount() == 1


async def test_boot_keeps_what_it_does_not_tell(gateway: Server, charge_point: ChargePoint) -> None:
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        await station.boot(chargePointSerialNumber="SN-1")
        await station.boot(firmwareVersion="2")
    await charge_point.arefresh_from_db()
    assert (charge_point.serial, charge_point.firmware) == ("SN-1", "2")


async def test_fault_and_recovery(gateway: Server, charge_point: ChargePoint) -> None:
    """TC_024: a fault shows as an error and goes away; connector 0 is the box and hides no connector."""
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        await station.status(1, "Available")
        await station.status(2, "Faulted", "ConnectorLockFailure", vendorErrorCode="E7", info="lock")
        assert await state(charge_point) == "error"
        await station.status(2, "Available")
        assert await state(charge_point) == "available"
        await station.status(0, "Faulted", "InternalError")
        assert await state(charge_point) == "error"
        await station.status(0, "Available")
        await station.status(2, "Available", "GroundFailure")
        assert await state(charge_point) == "available"
    numbers = await db(lambda: list(Connector.objects.values_list("number", flat=True)))
    assert numbers == [1, 2]
    faults = await db(lambda: log(charge_point, action="StatusNotification", is_error=True))
    assert [line.fact for line in faults] == [
        "2 Faulted, ConnectorLockFailure",
        "box Faulted, InternalError",
        "2 Available, GroundFailure",
    ]
    assert faults[0].text == "E7, lock"


async def test_same_status_again_is_no_change(gateway: Server, charge_point: ChargePoint) -> None:
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        for _ in range(3):
            await station.status(1, "Available")
    assert await StatusChange.objects.acount() == 1
    assert await LogLine.objects.filter(action="StatusNotification").acount() == 3


async def test_late_status_is_history_only(gateway: Server, charge_point: ChargePoint) -> None:
    """D15: an older report that arrives late does not overwrite a newer one."""
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        await station.status(1, "Charging")
        earlier = (factories.now() - timedelta(minutes=5)).isoformat()
        await station.status(1, "Preparing", timestamp=earlier)
        assert await state(charge_point) == "busy-charging"
    assert await StatusChange.objects.acount() == 2


async def test_clock_that_was_ahead_does_not_freeze_the_status(gateway: Server, charge_point: ChargePoint) -> None:
    """A charger sets its clock by our answer to its boot: what it said before must not count as later."""
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        ahead = (factories.now() + timedelta(minutes=40)).isoformat()
        await station.status(1, "Available", timestamp=ahead)
        await station.status(1, "Preparing")
        assert await state(charge_point) == "busy-non-charging"
