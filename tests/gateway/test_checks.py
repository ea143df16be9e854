"""Run a check over a real websocket: what is asked, the verdict in words, and what is repaired."""

import asyncio

import pytest

from chargepoints.choices import ChargeState, CommandStatus, Effect, KeyState
from chargepoints.models import Charge, ChargePoint, Command, ConfigurationItem
from hub.teams.models import Organisation
from tests.gateway.test_core import key
from tests.gateway.test_rebuild import rebuild
from tests.gateway.tools import db, ended, log, order, soon, station
from tests.stage import Server
from tests.station import Station

pytestmark = pytest.mark.django_db(transaction=True)


async def told(charger: Station, connector: int, status: str) -> None:
    """Answer the trigger for this connector, and tell its status."""
    call = await charger.expect("TriggerMessage")
    assert call.payload == {"requestedMessage": "StatusNotification", "connectorId": connector}
    await charger.answer(call, {"status": "Accepted"})
    await charger.status(connector, status)


async def steps(check: Command) -> list[tuple[str, str]]:
    """What was asked, and how it ended."""
    rows = Command.objects.filter(parent=check).order_by("created_at")
    return [(str(step.parameters.get("message", step.kind)), step.status) async for step in rows]


async def test_a_sound_charger(desk: Server, charge_point: ChargePoint) -> None:
    """Every connector is asked; the verdict says how fast and what; a second press while it runs is the same check."""
    async with station(desk) as charger:
        await charger.boot()
        check = await order(charge_point, "check")
        assert (check.status, check.parent_id) == (CommandStatus.SENT, None)
        await told(charger, 1, "Available")
        assert (await order(charge_point, "check")).pk == check.pk
        await told(charger, 2, "Charging")
        done = await ended(check, Effect.MISSING)
        assert "connector 2 says Charging but no charge is known" in done.effect_text
        again = await order(charge_point, "check")
        assert again.pk != check.pk
        await told(charger, 1, "Available")
        await told(charger, 2, "Preparing")
        done = await ended(again, Effect.SEEN)
    assert done.status == CommandStatus.ACCEPTED
    assert done.effect_text.startswith("Connected, answers in ")
    assert done.effect_text.endswith(" ms; connector 1 says Available; connector 2 says Preparing.")
    assert await steps(again) == [("StatusNotification", "accepted")] * 2
    assert done.result is not None
    assert (done.result["is_sound"], done.result["advice"], done.result["repaired"]) == (True, "", [])
    assert sum("TriggerMessage StatusNotification" in line for line in done.result["evidence"]) == 2
    assert await Command.objects.filter(parent=None).acount() == 2


async def test_a_charger_without_status_triggers(desk: Server, charge_point: ChargePoint) -> None:
    """NotImplemented: a heartbeat is asked for instead; what was told before stands."""
    async with station(desk) as charger:
        check = await order(charge_point, "check")
        await charger.answer(await charger.expect("TriggerMessage"), {"status": "NotImplemented"})
        call = await charger.expect("TriggerMessage")
        assert call.payload == {"requestedMessage": "Heartbeat"}
        await charger.answer(call, {"status": "Accepted"})
        await charger.call("Heartbeat", {})
        done = await ended(check, Effect.SEEN)
    assert done.effect_text.endswith("; it does not tell its state on request, so what it told before stands.")
    assert await steps(check) == [("StatusNotification", "rejected"), ("Heartbeat", "accepted")]


@pytest.mark.parametrize("profiles", ["", "Core,FirmwareManagement"])
async def test_a_charger_without_triggers(desk: Server, charge_point: ChargePoint, profiles: str) -> None:
    """It says NotSupported, or has told its features without RemoteTrigger: one setting is read."""
    if profiles:
        await ConfigurationItem.objects.acreate(
            charge_point=charge_point,
            key="SupportedFeatureProfiles",
            value=profiles,
            reported_at=charge_point.created_at,
        )
    async with station(desk) as charger:
        check = await order(charge_point, "check")
        if not profiles:
            await charger.answer_error(await charger.expect("TriggerMessage"), "NotSupported")
        call = await charger.expect("GetConfiguration")
        assert call.payload == {"key": ["HeartbeatInterval"]}
        known = {"key": "HeartbeatInterval", "readonly": False, "value": "300"}
        await charger.answer(call, {"configurationKey": [known]})
        done = await ended(check, Effect.SEEN)
    assert "answers in" in done.effect_text


async def test_a_silent_charger(desk: Server, charge_point: ChargePoint) -> None:
    """Asked twice, not answered: connected, but silent, and what to do."""
    async with station(desk) as charger:
        await charger.boot()
        check = await order(charge_point, "check")
        await charger.expect("TriggerMessage")
        await charger.expect("GetConfiguration")
        done = await ended(check, Effect.MISSING)
    assert done.effect_text.startswith("Connected, but it does not answer: last heard ")
    assert done.result is not None
    assert done.result["advice"] == "Reboot it."


async def test_a_promise_that_is_not_kept(desk: Server, charge_point: ChargePoint) -> None:
    async with station(desk) as charger:
        check = await order(charge_point, "check")
        await told(charger, 1, "Available")
        await charger.answer(await charger.expect("TriggerMessage"), {"status": "Accepted"})
        done = await ended(check, Effect.MISSING)
    assert "connector 2 did not tell its state" in done.effect_text


async def test_the_connection_ends_meanwhile(desk: Server, charge_point: ChargePoint) -> None:
    """Nothing waits for a charger that is gone; what was not sent is taken back; the next verdict says since when."""
    async with station(desk) as charger:
        check = await order(charge_point, "check")
        await told(charger, 1, "Available")
        await charger.expect("TriggerMessage")
        charger.drop()
        done = await ended(check, Effect.MISSING)
    assert done.effect_text.startswith("The connection ended during the check")
    await soon(lambda: not Command.objects.filter(parent=check, status__in=["queued", "dispatched", "sent"]).exists())
    await soon(lambda: not ChargePoint.objects.get().connection.is_connected)
    offline = await order(charge_point, "check")
    assert (offline.status, offline.effect) == (CommandStatus.ACCEPTED, Effect.MISSING)
    assert offline.effect_text.startswith("Offline since ")
    assert offline.result is not None
    assert "power and its network" in offline.result["advice"]


async def test_a_lost_stop_is_closed(desk: Server, charge_point: ChargePoint, nordlys: Organisation) -> None:
    """Available with an open charge: closed at its last reading; a rebuild and a late stop know of it."""
    await key(nordlys, "X", state=KeyState.ACTIVE, allows_concurrent=True)
    async with station(desk) as charger:
        await charger.status(1, "Charging")
        tx = (await charger.start(2, "X", 1000, "2026-01-01T08:00:00Z"))["transactionId"]
        await charger.meter(2, 1700, tx, timestamp="2026-01-01T08:30:00Z")
        other = (await charger.start(1, "X", 0))["transactionId"]
        check = await order(charge_point, "check")
        await told(charger, 1, "Charging")
        await told(charger, 2, "Available")
        done = await ended(check, Effect.SEEN)
        assert "connector 2 says Available but a charge was open since" in done.effect_text
        assert done.effect_text.endswith(": closed as lost stop.")
        assert done.result is not None
        assert len(done.result["repaired"]) == 1
        closed = await Charge.objects.aget(transaction_id=str(tx))
        assert (closed.state, closed.energy_wh, closed.bill_due) == (ChargeState.COMPLETED, 700, True)
        assert closed.needs_review == "Its stop never arrived: closed because a check found the connector available."
        assert (await Charge.objects.aget(transaction_id=str(other))).state in {"starting", "charging"}
        assert [line.transaction_id for line in await db(lambda: log(charge_point, action="Lost stop"))] == [str(tx)]
        assert (await db(rebuild))[0] == 0
        await charger.stop(tx, 2500, "Local")
        assert (await Charge.objects.aget(transaction_id=str(tx))).energy_wh == 1500
    assert (await db(rebuild))[0] == 0


async def test_a_charge_that_goes_on_is_left_alone(desk: Server, charge_point: ChargePoint) -> None:
    """Its connector says Available, but values have just come: nothing is closed, and somebody should look."""
    async with station(desk) as charger:
        tx = (await charger.start(1, "X", 1000))["transactionId"]
        await charger.meter(1, 1700, tx)
        check = await order(charge_point, "check")
        await told(charger, 1, "Available")
        await told(charger, 2, "Available")
        done = await ended(check, Effect.MISSING)
        assert "connector 1 says Available but a charge is open since" in done.effect_text
        assert (await Charge.objects.aget()).state == ChargeState.STARTING


async def test_many_presses_are_one_check(desk: Server, charge_point: ChargePoint) -> None:
    async with station(desk) as charger:
        checks = await asyncio.gather(*(order(charge_point, "check") for _ in range(5)))
        assert len({check.pk for check in checks}) == 1
        await told(charger, 1, "Available")
        await told(charger, 2, "Available")
        await ended(checks[0], Effect.SEEN)
    assert await Command.objects.filter(kind="check").acount() == 1
