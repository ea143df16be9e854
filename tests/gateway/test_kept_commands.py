"""Kept commands on the wire: a real charger that comes back, a real worker, one that is away, one that is killed."""

from datetime import timedelta

import pytest

from chargepoints.choices import CommandStatus, Effect
from chargepoints.models import ChargePoint, Command, Connection
from chargepoints.services.commands import command_create
from chargepoints.services.releases import SETTLED_AFTER
from tests.factories import now
from tests.gateway.tools import db, ended, soon, station
from tests.stage import Server, Worker
from tests.station import Station

pytestmark = pytest.mark.django_db(transaction=True)


async def kept(charge_point: ChargePoint, kind: str, at: float | None = None, **parameters: object) -> Command:
    """A command that may wait for an hour, or one for a time so many seconds ahead."""
    return await db(
        lambda: command_create(
            charge_point=charge_point,
            kind=kind,
            parameters=parameters,
            author=None,
            not_before=now() + timedelta(seconds=at) if at is not None else None,
            keep_until=now() + timedelta(hours=1) if at is None else None,
        )
    )


async def settled(charge_point: ChargePoint) -> None:
    """The charger has been back for a while."""
    rows = Connection.objects.filter(pk=charge_point.pk, is_connected=True)
    await soon(rows.exists, "the charger is back")
    await rows.aupdate(connected_at=now() - SETTLED_AFTER * 2)


async def unlocked(charger: Station, action: str) -> str:
    """Take the next call of this action, accept it, and give its id."""
    call = await charger.expect(action, 10)
    await charger.answer(call, {} if action == "GetConfiguration" else {"status": "Accepted"})
    return call.id


async def test_when_it_reconnects(desk: Server, charge_point: ChargePoint) -> None:
    """Three were kept: they come in their order, one after the other was answered, and the effect is seen."""
    async with station(desk):
        pass
    await soon(lambda: not ChargePoint.objects.get(pk=charge_point.pk).connection.is_connected, "offline")
    first = await kept(charge_point, "clear_cache")
    second = await kept(charge_point, "read_configuration", keys=[])
    third = await kept(charge_point, "reboot", type="Soft")
    # As if it had been kept for hours: the effect is found by when it was sent.
    earlier = now() - timedelta(hours=7)
    await Command.objects.filter(pk=third.pk).aupdate(keep_until=now() + timedelta(hours=1))
    async with station(desk) as charger:
        await settled(charge_point)
        assert await unlocked(charger, "ClearCache") == str(first.pk)
        assert (await Command.objects.aget(pk=third.pk)).status == CommandStatus.WAITING
        assert await unlocked(charger, "GetConfiguration") == str(second.pk)
        assert await unlocked(charger, "Reset") == str(third.pk)
        await ended(third, Effect.AWAITED)
        await Command.objects.filter(pk=third.pk).aupdate(created_at=earlier)
        await charger.boot()
        await ended(third, Effect.SEEN)
        assert charger.unread == []
    assert await Command.objects.acount() == 3


async def test_at_its_time(desk: Server, charge_point: ChargePoint) -> None:
    async with station(desk) as charger:
        at = now() + timedelta(seconds=2)
        command = await kept(charge_point, "clear_cache", at=2)
        assert command.status == CommandStatus.SCHEDULED
        assert await unlocked(charger, "ClearCache") == str(command.pk)
        assert now() >= at
        assert (await ended(command, Effect.SEEN)).sent_at >= at  # type: ignore[operator]


async def test_worker_killed_and_back(desk: Server, charge_point: ChargePoint, hand: Worker) -> None:
    """While no worker lives nothing goes; the next one sends what is still in time, once, and ends what is not."""
    async with station(desk) as charger:
        hand.kill()
        hand.child = None
        good, late = (
            await kept(charge_point, "clear_cache", at=0.2),
            await kept(charge_point, "reboot", at=1, type="Soft"),
        )
        past = now() - timedelta(seconds=1)
        await Command.objects.filter(pk=late.pk).aupdate(not_before=past, expires_at=past)
        assert charger.unread == []
        hand.start()
        assert await unlocked(charger, "ClearCache") == str(good.pk)
        await ended(good, Effect.SEEN)
        gone = await ended(late)
        assert (gone.status, gone.answer) == (CommandStatus.EXPIRED, "Its time passed unused.")
        assert charger.unread == []


async def test_gateway_loses_it_before_it_is_sent(desk: Server, charge_point: ChargePoint) -> None:
    """Handed over, but the socket broke before it went out: it waits for the next one, and is sent once."""
    async with station(desk) as charger:
        first = await kept(charge_point, "read_configuration", keys=[])
        call = await charger.expect("GetConfiguration")
        second = await kept(charge_point, "clear_cache")
        await soon(Command.objects.filter(pk=second.pk, status=CommandStatus.DISPATCHED).exists, "handed over")
        charger.drop()
        assert (await ended(first)).status == CommandStatus.EXPIRED
        assert call.id == str(first.pk)
    await Command.objects.filter(pk=second.pk, status=CommandStatus.DISPATCHED).aupdate(expires_at=now())
    await soon(Command.objects.filter(pk=second.pk, status=CommandStatus.WAITING).exists, "it waits again")
    async with station(desk) as charger:
        await settled(charge_point)
        assert await unlocked(charger, "ClearCache") == str(second.pk)
        await ended(second, Effect.SEEN)
        assert charger.unread == []
