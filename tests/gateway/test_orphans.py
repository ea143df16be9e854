"""Stops under an id that is not ours (D12), and values and starts that come again (T3, T4, D13).

Servers are killed in some of these, so each such test has its own.
"""

import asyncio
import json
from datetime import timedelta

import pytest

from chargepoints.choices import ChargeState
from chargepoints.models import Charge, ChargePoint, Connector, MeterSample
from tests import factories
from tests.conftest import StartServer
from tests.gateway.tools import db, log, soon, station
from tests.stage import Server
from tests.station import now

pytestmark = pytest.mark.django_db(transaction=True)
BEGUN = (factories.now() - timedelta(hours=1)).isoformat()
ENDED = factories.now().isoformat()


async def the_charge() -> Charge:
    """The only charge there is."""
    return await Charge.objects.aget()


async def kept(charge_point: ChargePoint) -> list[str]:
    """What the log says of stops."""
    return [line.text for line in await db(lambda: log(charge_point, action="StopTransaction"))]


@pytest.mark.parametrize("transaction", [-1, 424242])
async def test_d12_stop_of_a_start_whose_answer_was_lost(
    server: StartServer, charge_point: ChargePoint, transaction: int
) -> None:
    """kill -9 after the start was stored: the charger never learns its id, its stop ends the charge all the same."""
    running = server()
    async with station(running) as one:
        body = {"connectorId": 1, "idTag": "X", "meterStart": 100, "timestamp": BEGUN}
        await one.send_raw(json.dumps([2, "s", "StartTransaction", body]))
        charge = await soon(Charge.objects.first, "the start is stored")
        running.kill()
    running.start()
    async with station(running) as two:
        await two.boot()
        await two.status(1, "Charging")
        await two.meter(1, 400, -1)
        data = [{"timestamp": ENDED, "sampledValue": [{"value": "900", "context": "Transaction.End"}]}]
        for message_id in ("e", "e", "f"):
            body = {"transactionId": transaction, "meterStop": 900, "timestamp": ENDED, "transactionData": data}
            assert await two.call("StopTransaction", body, message_id=message_id) == {}
    ended = await the_charge()
    assert (ended.pk, ended.state, ended.energy_wh) == (charge.pk, ChargeState.STOPPED, 800)
    assert "the answer to its start was lost" in ended.needs_review
    assert str(transaction) in ended.needs_review
    texts = await kept(charge_point)
    assert ["matched because" in texts[0], *("already matched" in text for text in texts[1:])] == [True] * 3
    assert await MeterSample.objects.filter(charge_id=charge.pk).acount() == 2
    assert await MeterSample.objects.acount() == 2


@pytest.mark.parametrize("how", ["key", "begin", "digits"])
async def test_d12_stop_matched_by_its_content(gateway: Server, charge_point: ChargePoint, how: str) -> None:
    """By its key, by its register at the begin, by an id cut to 16 bits: one running charge alone fits."""
    async with station(gateway) as one:
        tx = (await one.start(1, "X", 100, BEGUN))["transactionId"]
        other = (await one.start(2, "Y", 300, BEGUN))["transactionId"]
        begin = {"value": "100", "context": "Transaction.Begin"}
        evidence = {
            "key": {"tx": -1, "idTag": "x"},
            "begin": {"tx": -1, "transactionData": [{"timestamp": BEGUN, "sampledValue": [begin]}]},
            "digits": {"tx": tx & 0xFFFF},
        }
        await one.stop(meter=900, timestamp=ENDED, **evidence[how])
        charge = await Charge.objects.aget(transaction_id=str(tx))
        assert (charge.state, charge.energy_wh) == (ChargeState.STOPPED, 800)
        assert "matched by" in charge.needs_review
        assert (await Charge.objects.aget(transaction_id=str(other))).state == ChargeState.STARTING
        assert await Charge.objects.acount() == 2
        lines = await db(lambda: log(charge_point, action="StopTransaction"))
        assert [(line.transaction_id, line.is_error) for line in lines] == [(str(tx), True)]
        await one.stop(other, 300)


@pytest.mark.parametrize(
    "stop",
    [
        {"idTag": "X", "meter": 50},
        {"idTag": "Y", "meter": 900},
        {"idTag": "X", "meter": 900, "timestamp": (factories.now() - timedelta(hours=2)).isoformat()},
        {"meter": 900},
    ],
    ids=["register fell", "another key", "before the start", "start was answered"],
)
async def test_d12_nothing_is_matched_against_evidence(
    gateway: Server, charge_point: ChargePoint, stop: dict[str, object]
) -> None:
    """What speaks against a match keeps the stop for itself, and the charge runs on."""
    async with station(gateway) as one:
        tx = (await one.start(1, "X", 100, BEGUN))["transactionId"]
        await one.stop(-1, **{"timestamp": ENDED} | stop)  # type: ignore[arg-type]
        assert (await Charge.objects.aget(transaction_id=str(tx))).state == ChargeState.STARTING
        assert "never started here" in (await Charge.objects.exclude(transaction_id=str(tx)).aget()).needs_review
        await one.stop(tx, 900)


async def test_d12_two_that_fit_are_not_guessed_between(gateway: Server, charge_point: ChargePoint) -> None:
    """The same key charges on both connectors: the stop is kept for review."""
    async with station(gateway) as one:
        ids = [(await one.start(number, "X", 100, BEGUN))["transactionId"] for number in (1, 2)]
        await one.stop(-1, 900, timestamp=ENDED, idTag="X")
        assert await Charge.objects.filter(state=ChargeState.STARTING).acount() == 2
        assert await Charge.objects.filter(needs_review__contains="never started here").acount() == 1
        for tx in ids:
            await one.stop(tx, 900)


async def test_d12_own_stop_corrects_a_match(gateway: Server, charge_point: ChargePoint) -> None:
    """A stop under the charge's own id is the truth, whatever was matched before it; then repeats change nothing."""
    async with station(gateway) as one:
        tx = (await one.start(1, "X", 100, BEGUN))["transactionId"]
        await one.stop(-1, 500, timestamp=ENDED, idTag="X")
        assert (await the_charge()).energy_wh == 400
        await one.stop(tx, 900, "EVDisconnected", ENDED)
        await one.stop(tx, 5000, "Other", now())
        await one.stop(-1, 500, timestamp=ENDED, idTag="X")
    charge = await the_charge()
    assert (charge.state, charge.energy_wh, charge.stop_reason) == (ChargeState.COMPLETED, 800, "EVDisconnected")
    assert "under another id" in charge.needs_review


async def test_t4_late_stop_without_a_register_invents_nothing(gateway: Server, charge_point: ChargePoint) -> None:
    """A stop that comes after its charge was closed, with an unusable register: the metered energy stays."""
    async with station(gateway) as one:
        old = (await one.start(1, "X", 1000, BEGUN))["transactionId"]
        await one.meter(1, 1600, old)
        new = (await one.start(1, "Y", 2000))["transactionId"]
        await one.stop(old, -1, "Local", ENDED)
        late = await Charge.objects.aget(transaction_id=str(old))
        assert (late.state, late.energy_wh, late.meter_stop_wh) == (ChargeState.COMPLETED, 600, None)
        assert "after it had been closed" in late.needs_review
        assert "register is missing" in late.needs_review
        await one.stop(new, 2000)


async def test_t3_values_again(gateway: Server, charge_point: ChargePoint) -> None:
    """With the same id, a new one, after a reconnect and after the stop: stored once. Other values are other facts."""
    first, second = (factories.now() - timedelta(minutes=m) for m in (20, 10))
    async with station(gateway) as one:
        tx = (await one.start(1, "X", 0, BEGUN))["transactionId"]
        for message_id in ("a", "a", "b"):
            await one.meter(1, 100, tx, 7000, timestamp=first.isoformat(), message_id=message_id)
        await one.meter(1, 200, tx, 5000, timestamp=second.isoformat())
    async with station(gateway) as two:
        await two.meter(1, 100, tx, 7000, timestamp=first.isoformat())
        charge = await the_charge()
        assert (charge.energy_wh, charge.power_w, charge.metered_at) == (200, 5000, second)
        await two.meter(1, 101, tx, timestamp=first.isoformat())
        await two.meter(2, 100, tx, 7000, timestamp=first.isoformat())
        await two.stop(tx, 300)
        await two.meter(1, 200, tx, 5000, timestamp=second.isoformat())
    assert await MeterSample.objects.acount() == 2 + 2 + 1 + 2
    texts = [line.text for line in await db(lambda: log(charge_point, action="MeterValues"))]
    assert ["repeated" in text for text in texts] == [False, True, True, False, True, False, False, True]


async def test_t3_values_outside_a_charge_again(
    gateway: Server, charge_point: ChargePoint, far_charge_point: ChargePoint
) -> None:
    """Of the main meter, of an idle connector, under an id that nobody knows: the same message again adds nothing."""
    at = (factories.now() - timedelta(minutes=20)).isoformat()
    async with station(gateway) as one, station(gateway, "NORD-2") as other:
        for message_id in ("a", "a", "b"):
            await one.meter(0, 100, power=7000, timestamp=at, message_id=message_id)
            await one.meter(1, 100, timestamp=at, message_id=message_id)
            await one.meter(2, 100, 424242, timestamp=at, message_id=message_id)
        await one.meter(1, 101, timestamp=at)
        await one.meter(2, 100, power=50, timestamp=at)
        await other.meter(0, 100, power=7000, timestamp=at)
    async with station(gateway) as one:
        reading = {"timestamp": at, "sampledValue": [{"value": "100"}]}
        twice = {"connectorId": 1, "meterValue": [reading, reading]}
        assert await one.call("MeterValues", twice) == {}
        await one.meter(1, 100)
    assert await MeterSample.objects.filter(charge_point=charge_point).acount() == 2 + 1 + 1 + 1 + 2 + 1
    assert await MeterSample.objects.filter(charge_point=far_charge_point).acount() == 2
    texts = [line.text for line in await db(lambda: log(charge_point, action="MeterValues"))]
    assert ["repeated" in text for text in texts] == [False] * 3 + [True] * 6 + [False, False, True, False]
    connector = await Connector.objects.aget(charge_point=charge_point, number=1)
    assert connector.register_wh == 100


async def test_t3_values_out_of_order(gateway: Server, charge_point: ChargePoint) -> None:
    """One message with the newest value first: all are stored, and the newest is what counts."""
    times = [(factories.now() - timedelta(minutes=m)).isoformat() for m in (5, 15, 10)]
    values = [
        {"timestamp": at, "sampledValue": [{"value": wh}]} for at, wh in zip(times, ("300", "100", "200"), strict=True)
    ]
    async with station(gateway) as one:
        tx = (await one.start(1, "X", 0, BEGUN))["transactionId"]
        body = {"connectorId": 1, "transactionId": tx, "meterValue": values}
        for _ in range(2):
            await one.call("MeterValues", body)
        charge = await the_charge()
        assert (charge.energy_wh, charge.metered_at.isoformat() if charge.metered_at else "") == (300, times[0])
        assert await MeterSample.objects.acount() == 3
        await one.stop(tx, 300)


async def test_t4_killed_around_values(server: StartServer, charge_point: ChargePoint) -> None:
    """`kill -9` around the commit: what was acknowledged is stored, and the repeat makes it one in any case."""
    running = server()
    async with station(running) as one:
        tx = (await one.start(1, "X", 0, BEGUN))["transactionId"]
    for number, wait in enumerate((0, 0.002), start=1):
        reading = {"timestamp": now(), "sampledValue": [{"value": str(number)}]}
        frame = [2, f"m{number}", "MeterValues", {"connectorId": 1, "transactionId": tx, "meterValue": [reading]}]
        async with station(running) as one:
            await one.send_raw(json.dumps(frame))
            await asyncio.sleep(wait)
            running.kill()
            await one.close_code()
            acknowledged = len(one.unread)
        assert number - 1 + acknowledged <= await MeterSample.objects.acount() <= number
        running.start()
        async with station(running) as two:
            await two.send_raw(json.dumps(frame))
            assert await two.recv_message() == [3, f"m{number}", {}]
        assert await MeterSample.objects.acount() == number


async def test_d13_killed_around_a_start(server: StartServer, charge_point: ChargePoint) -> None:
    """`kill -9` around the commit of a start: its repeat, under a new message id, finds or makes the one charge."""
    running = server()
    for number, wait in enumerate((0, 0.002), start=1):
        begun = (factories.now() - timedelta(minutes=30 - number)).isoformat()
        body = {"connectorId": 1, "idTag": "X", "meterStart": 100, "timestamp": begun}
        async with station(running) as one:
            await one.send_raw(json.dumps([2, "s", "StartTransaction", body]))
            await asyncio.sleep(wait)
            running.kill()
            await one.close_code()
            told = [json.loads(frame)[2]["transactionId"] for frame in one.unread]
        running.start()
        async with station(running) as two:
            answers = [(await two.call("StartTransaction", body))["transactionId"] for _ in range(2)]
            assert len({*answers, *told}) == 1
            assert await Charge.objects.acount() == number
            await two.stop(answers[0], 900)
