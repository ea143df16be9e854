"""Commands whose road is not smooth: many at once, workers and wake-ups that are away, chargers that leave."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from pytest_django import Settings

from chargepoints.choices import CommandStatus
from chargepoints.exceptions import ActionRefused
from chargepoints.models import ChargePoint, Command, Site
from chargepoints.services.kept import SEND_WITHIN
from tests import factories
from tests.gateway.tools import db, ended, order, soon, station
from tests.stage import Server, Worker
from tests.station import CallError, Silence, Station

pytestmark = pytest.mark.django_db(transaction=True)


async def test_one_at_a_time(desk: Server, charge_point: ChargePoint) -> None:
    """M12 and M13: three clicks, one call on the wire, the charger's own calls answered meanwhile, all in order."""
    async with station(desk) as charger:
        commands = [await order(charge_point, "unlock", connector=number) for number in (1, 2, 1)]
        for command in commands:
            call = await charger.expect("UnlockConnector")
            assert call.id == str(command.pk)
            assert "currentTime" in await charger.call("Heartbeat", {}, deadline=1)
            with pytest.raises(Silence):
                await charger.recv(0.3)
            await charger.answer(call, {"status": "Unlocked"})
        for command in commands:
            assert (await ended(command)).status == CommandStatus.ACCEPTED


async def test_offline(desk: Server, charge_point: ChargePoint) -> None:
    """Refused at once with the reason; nothing is queued."""
    with pytest.raises(ActionRefused, match="offline"):
        await order(charge_point, "reboot", type="Soft")
    async with station(desk):
        with pytest.raises(ActionRefused, match="soft or hard"):
            await order(charge_point, "reboot", type="Gentle")
        with pytest.raises(ActionRefused, match="no connector 9"):
            await order(charge_point, "unlock", connector=9)
        with pytest.raises(ActionRefused, match="Choose a key"):
            await order(charge_point, "start", connector=1, id_tag=" ")
    assert not await Command.objects.aexists()


@pytest.fixture
def by_worker(settings: Settings) -> None:
    """Commands are dispatched by a worker, as they are when their charger's gateway is not known at once."""
    settings.COMMANDS_DIRECT = False


@pytest.mark.usefixtures("by_worker")
async def test_goes_offline_before_it_is_sent(desk: Server, charge_point: ChargePoint, hand: Worker) -> None:
    """The worker was away meanwhile: the command fails with that reason and is not sent later."""
    hand.stop()
    async with station(desk):
        command = await order(charge_point, "reboot", type="Soft")
    await soon(lambda: not ChargePoint.objects.get(pk=charge_point.pk).connection.is_connected, "offline")
    hand.start()
    done = await ended(command)
    assert (done.status, done.answer) == (CommandStatus.FAILED, "The charger went offline before this could be sent.")


async def test_no_worker_is_needed(desk: Server, charge_point: ChargePoint, hand: Worker) -> None:
    """A charger that is connected gets its commands, in their order, also while workers are away."""
    hand.stop()
    async with station(desk) as charger:
        commands = [await order(charge_point, "unlock", connector=number) for number in (1, 2)]
        for command in commands:
            call = await charger.expect("UnlockConnector", 1.5)
            assert call.id == str(command.pk)
            await charger.answer(call, {"status": "Unlocked"})
        assert (await ended(commands[-1])).status == CommandStatus.ACCEPTED


@pytest.mark.usefixtures("by_worker")
async def test_by_worker(desk: Server, charge_point: ChargePoint) -> None:
    """The long road: row, task, worker, wake-up, charger."""
    async with station(desk) as charger:
        commands = [await order(charge_point, "unlock", connector=number) for number in (1, 2)]
        for command in commands:
            call = await charger.expect("UnlockConnector")
            assert call.id == str(command.pk)
            await charger.answer(call, {"status": "Unlocked"})
        assert (await ended(commands[-1])).status == CommandStatus.ACCEPTED


@pytest.mark.usefixtures("by_worker")
async def test_worker_away(desk: Server, charge_point: ChargePoint, hand: Worker) -> None:
    """It waits for the worker as long as it makes sense, and then says why it did not go out."""
    hand.stop()
    async with station(desk) as charger:
        command = await order(charge_point, "unlock", connector=1)
        late = await order(charge_point, "unlock", connector=2)
        assert (await Command.objects.aget(pk=command.pk)).status == CommandStatus.QUEUED
        await Command.objects.filter(pk=late.pk).aupdate(expires_at=factories.now() - timedelta(seconds=1))
        hand.start()
        call = await charger.expect("UnlockConnector", 15)
        assert call.id == str(command.pk)
        await charger.answer(call, {"status": "Unlocked"})
        gone = await ended(late)
        assert (gone.status, gone.answer) == (CommandStatus.EXPIRED, "It could not be sent in time.")
        assert len(charger.unread) == 0
    assert command.expires_at - command.created_at == SEND_WITHIN


async def test_task_that_got_lost(desk: Server, charge_point: ChargePoint) -> None:
    """A row without its task, because the broker lost it: the clock finds it."""
    async with station(desk) as charger:
        command = await order(charge_point, "unlock", connector=1)
        await charger.expect("UnlockConnector")
        old = factories.now() - timedelta(seconds=4)
        again = Command(charge_point=charge_point, kind="unlock", parameters={"connector": 2}, created_at=old)
        again.expires_at = factories.now() + SEND_WITHIN
        await again.asave(force_insert=True)
        await ended(command)
        assert (await charger.expect("UnlockConnector")).id == str(again.pk)


async def test_wake_up_that_got_lost(desk: Server, charge_point: ChargePoint) -> None:
    """Dispatched in the database and nobody told the gateway: its sweep finds it."""
    async with station(desk) as charger:
        lost = Command(charge_point=charge_point, kind="unlock", parameters={"connector": 2}, status="dispatched")
        lost.created_at = factories.now()
        lost.expires_at = lost.created_at + SEND_WITHIN
        await lost.asave(force_insert=True)
        assert (await charger.expect("UnlockConnector")).id == str(lost.pk)


async def test_commands_to_50_stations_at_once(desk: Server, site: Site) -> None:
    """None lost, none doubled."""
    points = await db(lambda: [factories.charge_point(site, f"MANY-{number}") for number in range(50)])

    async def obey(charger: Station) -> str:
        call = await charger.expect("UnlockConnector", 30)
        await charger.answer(call, {"status": "Unlocked"})
        return call.id

    async with AsyncExitStack() as stack:
        entering = (stack.enter_async_context(station(desk, point.identity or "")) for point in points)
        chargers = await asyncio.gather(*entering)
        # They listen before anybody clicks: an answer has one second.
        obeying = [asyncio.create_task(obey(charger)) for charger in chargers]
        commands = await asyncio.gather(*(order(point, "unlock", connector=1) for point in points))
        assert await asyncio.gather(*obeying) == [str(command.pk) for command in commands]
        await soon(lambda: Command.objects.filter(status="accepted", effect="seen").count() == 50, "all answered")
        assert all(charger.unread == [] for charger in chargers)


async def test_charger_cannot_reset_us(desk: Server, charge_point: ChargePoint) -> None:
    async with station(desk) as charger:
        with pytest.raises(CallError) as caught:
            await charger.call("RemoteStartTransaction", {"idTag": "X"})
        assert caught.value.code == "NotSupported"
