"""Broken frames: each gets its answer or its close code, and the station beside it notices nothing (M1 to M18)."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from chargepoints.models import ChargePoint, LogLine, StatusChange
from tests.factories import PASSWORD
from tests.gateway.tools import both_servers, db, log, soon
from tests.stage import Server
from tests.station import CallError, Station, now

pytestmark = pytest.mark.django_db(transaction=True)
MEGABYTE = 1024 * 1024
BURST = 200  # as many messages are read without a pause


@pytest.fixture
async def neighbour(gateway: Server, far_charge_point: ChargePoint) -> AsyncIterator[Station]:
    """A well-behaved station: at the end its socket is the same and still answered."""
    async with Station(gateway.ocpp_url, "NORD-2", PASSWORD) as station:
        await station.call("Heartbeat", {})
        yield station
        assert "currentTime" in await station.call("Heartbeat", {})
        assert station.is_open
    assert len(await db(lambda: log(far_charge_point, action="Connect"))) == 1


@pytest.fixture
async def station(gateway: Server, charge_point: ChargePoint) -> AsyncIterator[Station]:
    """The station that misbehaves."""
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as made:
        yield made


@pytest.mark.parametrize(
    ("frame", "message_id", "code"),
    [
        ("{not json", "-1", "FormationViolation"),
        ('{"a":1}', "-1", "FormationViolation"),
        ("[]", "-1", "FormationViolation"),
        ('[2,"17","Heartbeat"]', "17", "FormationViolation"),
        ('[2,"17","Heartbeat",{},{},{}]', "17", "FormationViolation"),
        ('[2,17,"Heartbeat",{}]', "-1", "FormationViolation"),
        ('["2","17","Heartbeat",{}]', "17", "FormationViolation"),
        ('[2,"17","Heartbeat",[]]', "17", "FormationViolation"),
        ('[2,"17","Foo",{}]', "17", "NotImplemented"),
        ('[2,"17","heartbeat",{}]', "17", "NotImplemented"),
        ('[2,"17","Reset",{"type":"Hard"}]', "17", "NotSupported"),
        ('[2,"17","BootNotification",{"chargePointVendor":"A"}]', "17", "OccurenceConstraintViolation"),
        (
            '[2,"17","StatusNotification",{"connectorId":{},"status":"Available","errorCode":"NoError"}]',
            "17",
            "TypeConstraintViolation",
        ),
        ('[2,"17","MeterValues",{"connectorId":1,"meterValue":{"a":1}}]', "17", "TypeConstraintViolation"),
        ('[2,"17","MeterValues",{"connectorId":1,"meterValue":[1]}]', "17", "TypeConstraintViolation"),
        ('[2,"17","Authorize",{"idTag":"a","idTag":"b"}]', "17", "FormationViolation"),
        ('[2,"17","DataTransfer",{"vendorId":"x","data":' + "[" * 40 + "]" * 40 + "}]", "17", "FormationViolation"),
        ("[" * 50_000, "-1", "FormationViolation"),
    ],
)
async def test_answered_with_an_error(
    station: Station,
    neighbour: Station,
    charge_point: ChargePoint,
    frame: str,
    message_id: str,
    code: str,
) -> None:
    """The code of M18 in the spelling of 1.6, the id where one can be read; the socket stays and works (M16)."""
    await station.send_raw(frame)
    answer = await station.recv_message()
    assert answer[:3] == [4, message_id, code]
    assert len(answer[3]) <= 255
    assert answer[4] == {}
    assert "currentTime" in await station.call("Heartbeat", {})
    [kept] = await db(lambda: list(LogLine.objects.filter(charge_point=charge_point, is_error=True)))
    assert json.loads(kept.answer) == answer
    assert kept.request == frame[:65536]


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "   ",
        "AT+CSQ",
        "NO CARRIER",
        '[9,"x","y",{}]',
        '[3,"zzz",{}]',
        '[4,"zzz","InternalError","",{}]',
        '[3,"zzz"]',
        "[3,",
        '["3","x",{}]',
    ],
)
async def test_not_answered(station: Station, neighbour: Station, charge_point: ChargePoint, frame: str) -> None:
    """Unknown types, stray answers and noise get no answer and do no harm (M3, M15, QUIRKS 2.1)."""
    await station.send_raw(frame)
    await station.call("Heartbeat", {})
    assert station.unread == []
    assert len(await db(lambda: log(charge_point, is_error=True))) == 1


async def test_repaired_frames(station: Station, neighbour: Station, charge_point: ChargePoint) -> None:
    """Padding, a leading comma, raw control characters: read, answered and named."""
    sampled = f'{{"timestamp":"{now()}","sampledValue":[,{{"value":"1"}}]}}'
    await station.send_raw(f'\ufeff [2,"a","MeterValues",{{"connectorId":1,"meterValue":[{sampled}]}}]\r\n\x00')
    assert await station.recv_message() == [3, "a", {}]
    await station.send_raw('[2,"b","Authorize",{"idTag":"A\tB"}]')
    assert (await station.recv_message())[:2] == [3, "b"]
    texts = [line.text for line in await db(lambda: log(charge_point)) if line.message_id]
    assert "leading comma" in texts[0]
    assert "control character" in texts[1]


@both_servers
async def test_too_big(station: Station, neighbour: Station) -> None:
    """T9: two megabytes of text end the connection with 1009, before anybody reads them."""
    with contextlib.suppress(ConnectionClosed):
        await station.send_call("DataTransfer", {"vendorId": "x", "data": "y" * 2 * MEGABYTE})
    assert (await station.close_code())[0] == 1009


async def test_big_enough(station: Station, neighbour: Station) -> None:
    answer = await station.call("DataTransfer", {"vendorId": "x", "data": "y" * (MEGABYTE - 200)})
    assert answer == {"status": "UnknownVendorId"}


@both_servers
async def test_binary(station: Station, neighbour: Station, charge_point: ChargePoint) -> None:
    """M11: OCPP is text."""
    await station.send_raw(b'[2,"1","Heartbeat",{}]')
    assert (await station.close_code())[0] == 4003
    line = await soon(lambda: next(iter(log(charge_point, action="Disconnect")), None), "the end in the log")
    assert (line.fact, line.text) == ("code 4003", "binary frames are not OCPP")


@both_servers
async def test_invalid_utf8(station: Station, neighbour: Station) -> None:
    """M11: text that is no UTF-8 ends the connection with 1007."""
    protocol = station.ws.protocol
    protocol.send_frame(Frame(Opcode.TEXT, b'[2,"1","Heartbeat",{"\xff\xfe":1}]'))
    station.ws.send_data()
    assert (await station.close_code())[0] == 1007


@both_servers
async def test_fragments(station: Station, neighbour: Station) -> None:
    """M11: one call in three fragments, with a ping between them."""

    async def parts() -> AsyncIterator[str]:
        for part in ('[2,"f","Data', 'Transfer",{"vendorId":"x"', ',"data":"ü"}]'):
            yield part
            await station.ws.ping()

    await station.ws.send(parts())
    assert await station.recv_message() == [3, "f", {"status": "UnknownVendorId"}]


@both_servers
async def test_200_pipelined_calls(station: Station, neighbour: Station, charge_point: ChargePoint) -> None:
    """M14: all answered, in order, and stored in order."""
    ids = [f"p{number}" for number in range(200)]
    words = ("Available", "Preparing", "Charging", "Finishing")
    for number, message_id in enumerate(ids):
        told: dict[str, Any] = {"connectorId": 1, "errorCode": "NoError", "status": words[number % 4]}
        action = ("StatusNotification", "Heartbeat")[number % 8 == 7]
        await station.send_call(action, {} if action == "Heartbeat" else told, message_id=message_id)
    answers = [await station.recv_message() for _ in ids]
    assert [answer[:2] for answer in answers] == [[3, message_id] for message_id in ids]
    kept = [line.message_id for line in await db(lambda: log(charge_point, direction="in"))]
    assert kept == ids
    history = await db(lambda: list(StatusChange.objects.order_by("id").values_list("status", flat=True)))
    sent = [words[number % 4] for number in range(200) if number % 8 != 7]
    assert history == [word for word, before in zip(sent, ["", *sent], strict=False) if word != before]


@both_servers
async def test_answers_while_the_reader_is_slow(station: Station, neighbour: Station) -> None:
    """A charger that does not read holds up nobody but itself."""
    station.freeze()
    for number in range(BURST):
        await station.send_call("DataTransfer", {"vendorId": "x" * 200}, message_id=f"{number:0200}")
    for _ in range(20):
        assert "currentTime" in await asyncio.wait_for(neighbour.call("Heartbeat", {}), 2)
    station.ws.transport.resume_reading()
    answers = [await station.recv_message() for _ in range(BURST)]
    assert [int(answer[1]) for answer in answers] == list(range(BURST))


async def test_error_texts_echo_nothing(station: Station, neighbour: Station) -> None:
    """M17: what somebody sends does not come back in a description."""
    await station.send_raw('[2,"1","BootNotification",{"chargePointVendor":"<script>alert(1)</script>","x":]')
    assert "script" not in str(await station.recv())
    with pytest.raises(CallError) as caught:
        await station.call("A" * 5000, {})
    assert len(caught.value.description) <= 255
