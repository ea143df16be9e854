"""Deviations of real chargers that are taken in good part: accepted, kept raw, noted (CSMS.md D5 to D12, QUIRKS)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chargepoints.models import Charge, ChargePoint, Connector, MeterSample, StatusChange
from tests import factories
from tests.factories import PASSWORD
from tests.gateway.tools import db, derived, log
from tests.stage import Server
from tests.station import CallError, Station, now

pytestmark = pytest.mark.django_db(transaction=True)
START: dict[str, Any] = {"connectorId": 1, "idTag": "X", "meterStart": 0}
STATUS: dict[str, Any] = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


def meter(value: Any, **fields: Any) -> dict[str, Any]:
    """A MeterValues payload with one value."""
    return {"connectorId": 1, "meterValue": [{"timestamp": now(), "sampledValue": [{"value": value} | fields]}]}


async def sample() -> MeterSample:
    """The only stored sample."""
    return await MeterSample.objects.aget()


async def test_unknown_words_and_long_texts(gateway: Server, charge_point: ChargePoint) -> None:
    """Kept as they came; the state is unknown, not the old one (D6, D7, M9)."""
    told = STATUS | {"status": "Sleeping", "errorCode": "Error", "info": "i" * 900, "wifi": {"rssi": -70}}
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        assert await station.call("StatusNotification", told) == {}
    connector = await Connector.objects.aget(charge_point=charge_point, number=1)
    assert (connector.status, connector.raw_status, connector.error_code) == ("Unknown", "Sleeping", "Error")
    assert connector.info == "i" * 900
    [line] = await db(lambda: log(charge_point, action="StatusNotification"))
    assert "none of the allowed values" in line.text or "longer than" in line.text


async def test_over_long_boot(gateway: Server, charge_point: ChargePoint) -> None:
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        answer = await station.boot("V" * 300, "M" * 300, firmwareVersion="F" * 300, chargePointSerialNumber="")
        assert answer["status"] == "Accepted"
    await charge_point.arefresh_from_db()
    assert (charge_point.vendor, charge_point.firmware) == ("V" * 255, "F" * 255)


@pytest.mark.parametrize(
    ("value", "fields", "stored", "unit"),
    [
        ("1.5", {"unit": "kWh"}, 1500, "Wh"),
        ("12,5", {"unit": "Wh"}, 12.5, "Wh"),
        (" 12 ", {}, 12, "Wh"),
        ("1.0E3", {}, 1000, "Wh"),
        (12.5, {}, 12.5, "Wh"),
        ("7,4", {"unit": "kw", "measurand": "Power.Active.Import"}, 7400, "W"),
        ("50", {"unit": "Hertz", "measurand": "Frequency"}, 50, "Hertz"),
        ("", {}, None, "Wh"),
        ("n/a", {}, None, "Wh"),
        ("NaN", {}, None, "Wh"),
        ("1e999999999", {"unit": "kWh"}, None, "Wh"),
        ("1e-999999999", {}, 0, "Wh"),
        ("0." + "3" * 30_000, {}, 0.333, "Wh"),
        ("9" * 40, {}, None, "Wh"),
        ("OCMF|{}|{}", {"format": "SignedData"}, None, "Wh"),
        ("\x00\u2028", {}, None, "Wh"),
    ],
)
async def test_values_in_all_spellings(
    gateway: Server, charge_point: ChargePoint, value: Any, fields: dict[str, str], stored: float | None, unit: str
) -> None:
    """Always acknowledged; the number where there is one, the raw text in any case (D9, T4)."""
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        assert await station.call("MeterValues", meter(value, **fields)) == {}
    kept = await sample()
    assert kept.raw == str(value).strip().replace("\x00", "\ufffd")
    assert (None if kept.value is None else round(float(kept.value), 3), kept.unit) == (stored, unit)


@pytest.mark.parametrize("transaction", [0, -1, -7, 2**31 - 1, 9223372036854775807])
async def test_meter_values_of_no_known_transaction(
    gateway: Server, charge_point: ChargePoint, transaction: int
) -> None:
    """0 and negative mean "none": they belong to what runs on the connector (QUIRKS 4.1, 4.2)."""
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        tx = (await station.start(1, "X", 0))["transactionId"]
        assert await station.meter(1, 250, transaction) == {}
        assert transaction != tx
    charge = await Charge.objects.aget()
    assert charge.energy_wh == (250 if transaction <= 0 else 0)
    assert (await sample()).charge_id == (charge.pk if transaction <= 0 else None)


@pytest.mark.parametrize(
    "timestamp",
    ["1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "1000000", "", "+2222017-01-01", None, 12],
)
async def test_impossible_times(gateway: Server, charge_point: ChargePoint, timestamp: Any) -> None:
    """No message is refused for its time: ours is taken instead (T8, D10)."""
    before = datetime.now(UTC)
    at = {"timestamp": timestamp}
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        await station.call("StatusNotification", STATUS | at)
        tx = (await station.call("StartTransaction", START | at))["transactionId"]
        values = [{"sampledValue": [{"value": "5"}]} | at]
        await station.call("MeterValues", {"connectorId": 1, "transactionId": tx, "meterValue": values})
        await station.call("StopTransaction", {"transactionId": tx, "meterStop": 10} | at)
    charge = await Charge.objects.aget()
    assert charge.ended_at is not None
    assert before <= charge.started_at <= charge.ended_at <= datetime.now(UTC)
    assert charge.energy_wh == 10
    assert before <= (await sample()).at
    assert (await db(lambda: derived(charge_point)))[1] in {"available", "disconnected"}


@pytest.mark.parametrize(
    ("timestamp", "offset"),
    [
        ("{:%Y-%m-%dT%H:%M:%S}Z", 0),
        ("{:%Y-%m-%dT%H:%M:%S}", 0),
        ("{:%Y-%m-%dT%H:%M:%S}+02:00", 2),
        ("{:%Y-%m-%dT%H:%M:%S}.123456-05:00", -5),
    ],
)
async def test_times_in_all_spellings(gateway: Server, charge_point: ChargePoint, timestamp: str, offset: int) -> None:
    moment = factories.now().replace(microsecond=0) - timedelta(hours=20)
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        await station.start(1, "X", 0, timestamp.format(moment + timedelta(hours=offset)))
    charge = await Charge.objects.aget()
    assert charge.started_at.replace(microsecond=0) == moment


@pytest.mark.parametrize(("number", "stored"), [(-1, 0), (0, 0), (2**31 - 1, 2**31 - 1), (2**40, 2**31 - 1)])
async def test_odd_connectors(gateway: Server, charge_point: ChargePoint, number: int, stored: int) -> None:
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        assert await station.status(number, "Available") == {}
        assert await station.meter(number, 5) == {}
        started = await station.start(number, "X", 0)
        await station.stop(started["transactionId"], 5)
    assert (await StatusChange.objects.aget()).connector_number == stored
    assert (await Charge.objects.aget()).energy_wh == 5


@pytest.mark.parametrize(
    ("begin", "end", "energy"), [(-1, 500, 0), (0, -1, 0), (900, 100, 0), (123.4, 223, 100), ("5", 10, 5)]
)
async def test_odd_registers(gateway: Server, charge_point: ChargePoint, begin: Any, end: int, energy: int) -> None:
    """Never a negative energy; where a register cannot be right somebody has to look (D9, QUIRKS 4.7)."""
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        tx = (await station.start(1, "X", begin))["transactionId"]
        await station.stop(tx, end)
    charge = await Charge.objects.aget()
    assert charge.energy_wh == energy
    assert bool(charge.needs_review) == (begin == -1 or end < float(begin))


async def test_null_is_absent(gateway: Server, charge_point: ChargePoint) -> None:
    """Also deep inside (D6, QUIRKS 2.12); a null where something must be is still missing."""
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        nulls = {"info": None, "vendorId": None, "vendorErrorCode": None, "timestamp": None}
        assert await station.call("StatusNotification", STATUS | nulls) == {}
        assert await station.call("MeterValues", meter("5", phase=None, unit=None) | {"transactionId": None}) == {}
        assert await station.call("Heartbeat", None)
        with pytest.raises(CallError) as caught:
            await station.call("Authorize", {"idTag": None})
        assert caught.value.code == "OccurenceConstraintViolation"


async def test_numbers_in_quotes(gateway: Server, charge_point: ChargePoint) -> None:
    """Coerced where nothing is lost (D9)."""
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        assert await station.call("StatusNotification", STATUS | {"connectorId": "2", "info": 7}) == {}
        started = await station.call(
            "StartTransaction", START | {"idTag": 1234, "meterStart": "10", "timestamp": now()}
        )
        ended = {"transactionId": str(started["transactionId"]), "meterStop": 30.0, "timestamp": now()}
        assert await station.call("StopTransaction", ended) == {}
        for wrong in ({"connectorId": "one"}, {"connectorId": [1]}, {"connectorId": True}, {"connectorId": 1.5}):
            with pytest.raises(CallError) as caught:
                await station.call("StatusNotification", STATUS | wrong)
            assert caught.value.code == "TypeConstraintViolation"
    charge = await Charge.objects.aget()
    assert (charge.id_tag, charge.energy_wh) == ("1234", 20)
    assert (await Connector.objects.aget(charge_point=charge_point, number=2)).status == "Available"


async def test_long_and_strange_texts(gateway: Server, charge_point: ChargePoint) -> None:
    tag = "T\u0000\ud800\U0001f600" + "x" * 400
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        assert (await station.authorize(tag))["idTagInfo"]["status"] == "Invalid"
        tx = (await station.start(1, tag, 0))["transactionId"]
        await station.stop(tx, 1, "r" * 100, idTag=tag)
    assert len((await Charge.objects.aget()).id_tag) == 255


async def test_300_kb_of_transaction_data(gateway: Server, charge_point: ChargePoint) -> None:
    """T9: a stop may be long; its values belong to its charge, once."""
    values = [
        {"timestamp": now(), "sampledValue": [{"value": str(n), "unit": "Wh", "context": "Sample.Clock"}]}
        for n in range(3000)
    ]
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        tx = (await station.start(1, "X", 0))["transactionId"]
        for _ in range(2):
            assert await station.stop(tx, 3000, transactionData=values) == {}
    charge = await Charge.objects.aget()
    assert await MeterSample.objects.filter(charge_id=charge.pk).acount() == 3000
    assert charge.energy_wh == 3000


async def test_077_security_event(gateway: Server, charge_point: ChargePoint) -> None:
    """TC_077 and TC_078: taken whatever its type, as a white line of the log."""
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        for kind in ("InvalidChargePointCertificate", "SomethingNobodyKnows"):
            told = {"type": kind, "timestamp": now(), "techInfo": "t"}
            assert await station.call("SecurityEventNotification", told) == {}
    lines = await db(lambda: log(charge_point, category="auth"))
    assert [(line.fact, line.text) for line in lines] == [
        ("InvalidChargePointCertificate", "t"),
        ("SomethingNobodyKnows", "t"),
    ]
