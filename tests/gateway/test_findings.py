"""Deviations that are mended are recorded by rule, once a minute at most; strict mode refuses them (QUIRKS 2 to 6)."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from chargepoints.models import ChargePoint, Connector, Finding, Site
from chargepoints.rules import RULES
from tests import factories
from tests.factories import PASSWORD
from tests.gateway.tools import db, soon
from tests.stage import Server
from tests.station import CallError, Station, now

pytestmark = pytest.mark.django_db(transaction=True)


async def finding(charge_point: ChargePoint, rule: str) -> Finding:
    """The finding of a charger under a rule."""
    assert rule in RULES
    return await soon(lambda: Finding.objects.filter(charge_point=charge_point, rule=rule).first(), f"finding {rule}")


def payload(action: str, **fields: Any) -> dict[str, Any]:
    """A sound payload with `fields` put over it."""
    reading = {"timestamp": now(), "sampledValue": [{"value": "1"}]}
    sound: dict[str, dict[str, Any]] = {
        "StatusNotification": {"connectorId": 1, "errorCode": "NoError", "status": "Available"},
        "StartTransaction": {"connectorId": 1, "idTag": "X", "meterStart": 0, "timestamp": now()},
        "StopTransaction": {"transactionId": 7, "meterStop": 0, "timestamp": now()},
        "MeterValues": {"connectorId": 1, "meterValue": [reading]},
        "Heartbeat": {},
    }
    return sound[action] | fields


def value(text: Any) -> list[dict[str, Any]]:
    """A meterValue list with one value."""
    return [{"timestamp": now(), "sampledValue": [{"value": text}]}]


def names(rows: Sequence[tuple[Any, ...]]) -> list[str]:
    """Row of QUIRKS and rule, as the name of a test."""
    return [f"{row[0]}_{row[1]}" for row in rows]


BREACHES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("2_9", "too-long", "StatusNotification", {"info": "i" * 51}),
    ("2_10", "unknown-value", "StatusNotification", {"errorCode": "Error"}),
    ("2_10", "unknown-field", "StatusNotification", {"wifi": 1}),
    ("2_12", "null-field", "StatusNotification", {"info": None}),
    ("5_2", "unknown-status", "StatusNotification", {"status": "Sleeping"}),
    ("3_3", "time-without-zone", "StatusNotification", {"timestamp": "2026-02-01T20:53:32"}),
    ("3_2", "time-unreadable", "StatusNotification", {"timestamp": "222222017-01-01T00:00:00Z"}),
    ("3_1", "no-time", "MeterValues", {"meterValue": [{"sampledValue": [{"value": "1"}]}]}),
    ("6_1", "comma-decimal", "MeterValues", {"meterValue": value("12,5")}),
    ("6_1", "wrong-type", "MeterValues", {"meterValue": value(12.5)}),
]
ODDITIES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("3_1", "clock-behind", "StatusNotification", {"timestamp": "1970-01-01T00:00:00Z"}),
    ("3_2", "clock-ahead", "StatusNotification", {"timestamp": "2099-01-01T00:00:00Z"}),
    ("4_1", "odd-transaction", "StopTransaction", {"transactionId": 0}),
    ("4_2", "odd-transaction", "StopTransaction", {"transactionId": -1}),
    ("4_3", "orphan-stop", "StopTransaction", {"transactionId": 999}),
    ("4_7", "odd-register", "StopTransaction", {"meterStop": -1}),
    ("5_1", "odd-connector", "StartTransaction", {"connectorId": 0}),
    ("5_1", "odd-connector", "StatusNotification", {"connectorId": -1}),
]


@pytest.mark.parametrize(("row", "rule", "action", "fields"), BREACHES + ODDITIES, ids=names(BREACHES + ODDITIES))
async def test_quirk_is_taken_and_recorded(
    gateway: Server, charge_point: ChargePoint, row: str, rule: str, action: str, fields: dict[str, Any]
) -> None:
    """Every row of QUIRKS that is about values: answered as if sound, and recorded with the frame."""
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        await station.call(action, payload(action, **fields))
    found = await finding(charge_point, rule)
    assert found.count == 1
    assert json.loads(found.example)[2] == action
    assert found.first_at == found.last_at


async def test_strict_mode_refuses_every_breach(gateway: Server, site: Site) -> None:
    strict = await db(lambda: factories.charge_point(site, "STRICT-1", is_strict=True))
    async with Station(gateway.ocpp_url, "STRICT-1", PASSWORD) as station:
        for _, rule, action, fields in BREACHES:
            with pytest.raises(CallError) as caught:
                await station.call(action, payload(action, **fields))
            assert caught.value.code.endswith("Violation"), rule
            assert RULES[rule].says in caught.value.description
            assert await station.call(action, payload(action)) is not None
    await finding(strict, "refused-call")


async def test_strict_mode_takes_what_is_only_odd(gateway: Server, site: Site) -> None:
    """A CALLERROR for a fact would be sent again for ever (D23)."""
    strict = await db(lambda: factories.charge_point(site, "STRICT-1", is_strict=True))
    async with Station(gateway.ocpp_url, "STRICT-1", PASSWORD) as station:
        for _, _, action, fields in ODDITIES:
            await station.call(action, payload(action, **fields))
    for _, rule, _, _ in ODDITIES:
        await finding(strict, rule)


FRAMES = [
    (
        "2_1",
        "leading-comma",
        '[2,"a","MeterValues",{"connectorId":1,"meterValue":[,{"timestamp":"%s","sampledValue":[{"value":"1"}]}]}]',
    ),
    ("2_1", "control-character", '[2,"a","Authorize",{"idTag":"a\x01b"}]'),
    ("2_1", "lone-surrogate", '[2,"a","Authorize",{"idTag":"\\ud800"}]'),
    ("2_2", "null-payload", '[2,"a","Heartbeat",null]'),
    ("2_4", "long-message-id", f'[2,"{"a" * 37}","Heartbeat",{{}}]'),
]


@pytest.mark.parametrize(("row", "rule", "frame"), FRAMES, ids=names(FRAMES))
async def test_quirk_of_frames(gateway: Server, charge_point: ChargePoint, row: str, rule: str, frame: str) -> None:
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        await station.send_raw(frame.replace("%s", now()))
        assert (await station.recv_message())[0] == 3
    await finding(charge_point, rule)


async def test_strict_mode_refuses_mended_frames(gateway: Server, site: Site) -> None:
    await db(lambda: factories.charge_point(site, "STRICT-1", is_strict=True))
    async with Station(gateway.ocpp_url, "STRICT-1", PASSWORD) as station:
        for _, rule, frame in FRAMES:
            await station.send_raw(frame.replace("%s", now()))
            answer = await station.recv_message()
            assert (answer[0], answer[2]) == (4, "FormationViolation"), rule


async def test_quirk_2_1_noise_and_garbage(gateway: Server, charge_point: ChargePoint) -> None:
    """Modem commands, empty and broken frames: the socket stays, each kind is one finding."""
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        for frame in ("AT+CSQ", "", '[2,"x","Heart', '[9,"x"]', '[2,"x","Reset",{"type":"Soft"}]'):
            await station.send_raw(frame)
        await station.call("Heartbeat", {})
    for rule in ("ignored-frame", "broken-frame", "refused-call"):
        await finding(charge_point, rule)


async def test_quirk_2_3_the_same_message_ids_again(gateway: Server, charge_point: ChargePoint) -> None:
    """Ids are never enforced to be unique: each call is answered."""
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        for _ in range(3):
            assert "currentTime" in await station.call("Heartbeat", {}, message_id="9")


async def test_counted_up_but_written_once_a_minute(gateway: Server, charge_point: ChargePoint) -> None:
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        for _ in range(5):
            await station.status(1, "Available", wifi=1)
    found = await finding(charge_point, "unknown-field")
    assert (found.count, found.first_at) == (1, found.last_at)


async def test_quirk_4_4_starts_and_stops_again(gateway: Server, charge_point: ChargePoint) -> None:
    """A repeated start, a stop hours late, a repeated stop, and a start while one runs."""
    hours_ago = (datetime.now(UTC) - timedelta(hours=9)).isoformat()
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        first = await station.start(1, "X", 0, hours_ago)
        assert await station.start(1, "X", 0, hours_ago) == first
        await station.stop(first["transactionId"], 10, timestamp=hours_ago)
        await station.stop(first["transactionId"], 12)
        await station.start(1, "X", 20)
        await station.start(1, "X", 30)
    for rule in ("repeated-start", "repeated-stop", "lost-stop"):
        found = await finding(charge_point, rule)
        assert found.detail.startswith("transaction ")


async def test_late_answers_and_calls_in_a_row(gateway: Server, charge_point: ChargePoint) -> None:
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        await station.send_raw('[3,"nobody asked",{}]')
        for number in range(20):
            await station.send_call("Heartbeat", {}, message_id=str(number))
        answers = [await station.recv_message() for _ in range(20)]
    assert [answer[1] for answer in answers] == [str(number) for number in range(20)]
    await finding(charge_point, "late-answer")
    await finding(charge_point, "calls-overlap")


async def test_a_sound_charger_has_none(gateway: Server, charge_point: ChargePoint) -> None:
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        await station.boot()
        await station.status(1, "Available")
        tx = (await station.start(1, "X", 0))["transactionId"]
        await station.meter(1, 10, tx, 1000)
        await station.stop(tx, 10)
        await station.call("Heartbeat", {})
    assert await db(lambda: list(Finding.objects.values_list("rule", flat=True))) == []


async def test_odd_charger_disturbs_no_other(gateway: Server, charge_point: ChargePoint, site: Site) -> None:
    """All of it at once from one charger, while another one works as ever."""
    await db(lambda: factories.charge_point(site, "CALM-1"))
    async with (
        Station(gateway.ocpp_url, "NORD-1", PASSWORD) as odd,
        Station(gateway.ocpp_url, "CALM-1", PASSWORD) as calm,
    ):
        odd_calls = [odd.call(action, payload(action, **fields)) for _, _, action, fields in BREACHES + ODDITIES]
        calm_calls = [calm.call("Heartbeat", {}) for _ in range(20)]
        await asyncio.gather(*odd_calls, *calm_calls)
    names = await db(lambda: set(Finding.objects.values_list("charge_point__identity", "rule")))
    assert {rule for who, rule in names if who == "CALM-1"} <= {"calls-overlap"}
    assert {rule for _, rule, _, _ in BREACHES + ODDITIES} <= {rule for who, rule in names if who == "NORD-1"}
    connector = await Connector.objects.aget(charge_point=charge_point, number=1)
    assert connector.status in {"Unknown", "Available"}


async def test_attack_a11_frames_cannot_forge_the_page(
    gateway: Server, charge_point: ChargePoint, alice_client: Client
) -> None:
    """Markup and control characters in a frame stay text on the page that shows it (A9, A11)."""
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        await station.status(1, "<img src=x onerror=alert(1)>\r\n\x1b[31m")
    await finding(charge_point, "unknown-status")
    response = await db(lambda: alice_client.get(f"/charge-points/{charge_point.pk}/findings/"))
    page = response.content.decode()
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page
