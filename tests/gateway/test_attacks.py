"""What attackers send in good credentials' name (SECURITY A6 to A8, A16, A21, A22)."""

import json

import pytest

from chargepoints.models import Charge, ChargePoint, Connector, Finding
from tests.gateway.tools import db, log, soon, station
from tests.stage import Server
from tests.station import now

pytestmark = pytest.mark.django_db(transaction=True)


async def test_attack_a6_charge_of_another_station(
    gateway: Server, charge_point: ChargePoint, far_charge_point: ChargePoint
) -> None:
    """Its id stops nothing here: an orphan of the one that sent it."""
    async with station(gateway) as victim, station(gateway, "NORD-2") as thief:
        tx = (await victim.start(1, "X", 0))["transactionId"]
        assert await thief.stop(tx, 99_999) == {}
        assert (await Charge.objects.aget(transaction_id=str(tx))).ended_at is None
    found = await soon(lambda: Finding.objects.filter(rule="orphan-stop").first(), "the finding")
    assert found.charge_point_id == far_charge_point.pk


async def test_attack_a7_registers_that_cannot_be(gateway: Server, charge_point: ChargePoint) -> None:
    """A register below zero or below its start bills nothing negative, and somebody is asked to look."""
    async with station(gateway) as charger:
        for stop in (-1, 500):
            tx = (await charger.start(1, "X", 1000))["transactionId"]
            await charger.stop(tx, stop)
            charge = await Charge.objects.aget(transaction_id=str(tx))
            assert charge.energy_wh == 0
            assert charge.needs_review
    await soon(lambda: Finding.objects.filter(rule="odd-register").first(), "the finding")


async def test_attack_a8_times_that_break_storage(gateway: Server, charge_point: ChargePoint) -> None:
    """Any time is answered; the charge has the time of arrival (CVE-2023-52096)."""
    async with station(gateway) as charger:
        for number, at in enumerate(("1000000", "", "0001-01-01T00:00:00Z", "9999-12-31T23:59:60+14:00", "x" * 5000)):
            tx = (await charger.start(1, f"T{number}", 0, at or " "))["transactionId"]
            charge = await Charge.objects.aget(transaction_id=str(tx))
            assert charge.start_received_at is not None
            assert abs((charge.started_at - charge.start_received_at).total_seconds()) < 1
    rules = await db(lambda: set(Finding.objects.values_list("rule", flat=True)))
    assert {"time-unreadable", "clock-behind"} <= rules


async def test_attack_a21_same_id_with_other_content(gateway: Server, charge_point: ChargePoint) -> None:
    """A message id seen before proves nothing: what counts is the content."""
    async with station(gateway) as charger:
        at = now()
        first = await charger.start(1, "X", 0, at, message_id="1")
        other = await charger.start(2, "X", 0, at, message_id="1")
        again = await charger.start(1, "X", 0, at, message_id="2")
    assert first["transactionId"] == again["transactionId"] != other["transactionId"]
    assert await Charge.objects.acount() == 2


async def test_attack_a22_smuggled_fields_stay_text(gateway: Server, charge_point: ChargePoint) -> None:
    """Names that mean something to other languages are kept in the log, and mean nothing."""
    data = json.dumps({"__proto__": {"admin": True}, "constructor": "x"})
    async with station(gateway) as charger:
        assert (await charger.call("DataTransfer", {"vendorId": "__proto__", "data": data}))["status"]
        await charger.status(1, "Available", __proto__={"status": "Faulted"}, constructor="x")
    connector = await Connector.objects.aget(charge_point=charge_point, number=1)
    assert connector.status == "Available"
    [line] = await db(lambda: log(charge_point, action="DataTransfer"))
    assert json.loads(line.request)[3]["data"] == data


async def test_attack_a16_nesting_keys_and_numbers(gateway: Server, charge_point: ChargePoint) -> None:
    """Deep nesting, a key twice, absurd numbers, a million items: an error each, and the socket goes on."""
    frames = (
        '[2,"a","DataTransfer",{"vendorId":' + "[" * 5000 + "]" * 5000 + "}]",
        '[2,"b","Heartbeat",{"x":1,"x":2}]',
        '[2,"c","MeterValues",{"connectorId":1e400,"meterValue":[]}]',
        '[2,"d","MeterValues",{"connectorId":1,"meterValue":[' + "1," * 100_000 + "1]}]",
    )
    async with station(gateway) as charger:
        for frame in frames:
            await charger.send_raw(frame)
            assert (await charger.recv_message())[0] == 4
        assert "currentTime" in await charger.call("Heartbeat", {})
