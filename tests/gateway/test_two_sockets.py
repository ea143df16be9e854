"""Two sockets of one charger: the newest counts, an old one changes nothing, and nobody loops (H12, QUIRKS 1.2)."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from chargepoints.models import ChargePoint, Command, Connection, GatewayProcess, LinkPeriod
from chargepoints.services.commands import command_create
from chargepoints.services.connections import connections_reap
from chargepoints.services.dispatches import command_dispatch
from tests import factories
from tests.conftest import StartServer
from tests.gateway.tools import both_servers, db, derived, log, soon, station
from tests.stage import Server
from tests.station import Station

pytestmark = pytest.mark.django_db(transaction=True)


def dispatched(charge_point: ChargePoint) -> Command:
    """A reboot that the gateway has been told of."""
    command = command_create(charge_point=charge_point, kind="reboot", parameters={"type": "Soft"}, author=None)
    command_dispatch(command_id=command.pk)
    return command


def connection(charge_point: ChargePoint) -> Connection:
    """The row of the connection, as it is now."""
    return Connection.objects.get(charge_point=charge_point)


@both_servers
async def test_newest_wins(gateway: Server, charge_point: ChargePoint) -> None:
    """The old socket is closed, commands go to the new one, and no offline shows in between."""
    async with station(gateway) as old, station(gateway) as new:
        assert (await old.close_code())[0] == 4001
        await soon(lambda: LinkPeriod.objects.filter(generation=1, ended_at__isnull=False).exists(), "the old period")
        now = await db(lambda: connection(charge_point))
        assert (now.is_connected, now.generation) == (True, 2)
        assert (await db(lambda: derived(charge_point)))[0] == "connected"
        command = await db(lambda: dispatched(charge_point))
        call = await new.expect("Reset")
        assert call.id == str(command.pk)
        assert old.unread == []
        await new.answer(call, {"status": "Accepted"})
        await new.call("Heartbeat", {})
    period = await soon(lambda: LinkPeriod.objects.filter(generation=1).first())
    assert (period.close_code, period.close_reason) == (4001, "replaced by a newer connection")


async def test_half_open_old_socket(gateway: Server, charge_point: ChargePoint) -> None:
    """A dead old socket holds up nothing; its late end changes nothing (QUIRKS 1.3)."""
    async with station(gateway) as old:
        old.freeze()
        async with station(gateway) as new:
            await new.boot()
            await soon(lambda: LinkPeriod.objects.filter(generation=1, ended_at__isnull=False).exists(), "the old end")
            old.drop()
            await new.call("Heartbeat", {})
            assert (await db(lambda: connection(charge_point))).is_connected


async def test_waiting_call_of_the_old_socket_ends(gateway: Server, charge_point: ChargePoint) -> None:
    """It fails at once and is not sent again; the new socket's turn is free."""
    async with station(gateway) as old:
        first = await db(lambda: dispatched(charge_point))
        await old.expect("Reset")
        old.freeze()
        async with station(gateway) as new:
            ended = await soon(
                lambda: Command.objects.filter(pk=first.pk, status="expired").first(), "the end", seconds=3
            )
            assert ended.effect == "awaited"
            second = await db(lambda: dispatched(charge_point))
            assert (await new.expect("Reset")).id == str(second.pk)
            assert len(new.received) == 1


async def test_client_that_opens_two_and_reopens(gateway: Server, charge_point: ChargePoint) -> None:
    """After a few replacements both stay open; each is answered, commands go to the newest."""
    slots = [station(gateway), station(gateway)]
    for each in slots:
        await each.__aenter__()
    opened = 2
    async with asyncio.timeout(10):
        while not all(each.is_open for each in slots) or opened < 4:
            for index, each in enumerate(slots):
                if not each.is_open:
                    slots[index] = station(gateway)
                    await slots[index].__aenter__()
                    opened += 1
            await asyncio.sleep(0.02)
    assert opened <= 6
    for each in slots:
        assert "currentTime" in await each.call("Heartbeat", {})
    await db(lambda: dispatched(charge_point))
    got = [each for each in slots if await heard_reset(each)]
    assert len(got) == 1
    await got[0].close()
    rest = next(each for each in slots if each is not got[0])
    await soon(lambda: (row := connection(charge_point)).is_connected and row.generation > opened, "current again")
    await db(lambda: dispatched(charge_point))
    await rest.expect("Reset")
    assert "currentTime" in await rest.call("Heartbeat", {})
    await rest.close()
    await soon(lambda: not connection(charge_point).is_connected, "the last one left")
    await soon(lambda: not LinkPeriod.objects.filter(ended_at__isnull=True).exists(), "no period stays open")


async def heard_reset(each: Station) -> bool:
    """Whether a Reset comes to this socket within a moment."""
    try:
        await each.expect("Reset", 1.0)
    except AssertionError:
        return False
    return True


async def test_two_processes(gateway: Server, servers: Callable[[str], Server], charge_point: ChargePoint) -> None:
    """The newer socket is in another process: the older one is closed there, commands follow the newer one."""
    one, two = gateway, servers("uvicorn")
    async with station(one) as old, station(two) as new:
        assert (await old.close_code())[0] == 4001
        await soon(lambda: LinkPeriod.objects.filter(generation=1, ended_at__isnull=False).exists(), "the old period")
        assert (await db(lambda: connection(charge_point))).is_connected
        await db(lambda: dispatched(charge_point))
        await new.expect("Reset")
        async with station(one) as back:
            assert (await new.close_code())[0] == 4001
            await back.call("Heartbeat", {})


async def test_two_processes_and_a_client_that_reopens(server: StartServer, charge_point: ChargePoint) -> None:
    """Two sockets in two processes, each opened again when closed: soon both stay; the older one takes over again."""
    one, two = server(), server()
    slots = [station(one), station(two)]
    for each in slots:
        await each.__aenter__()
    opened = 2
    async with asyncio.timeout(15):
        while not all(each.is_open for each in slots) or opened < 4:
            for index, running in enumerate((one, two)):
                if not slots[index].is_open:
                    slots[index] = station(running)
                    await slots[index].__aenter__()
                    opened += 1
            await asyncio.sleep(0.05)
    assert opened <= 10
    for each in slots:
        assert "currentTime" in await each.call("Heartbeat", {})
    await db(lambda: dispatched(charge_point))
    got = [each for each in slots if await heard_reset(each)]
    assert len(got) == 1
    await got[0].close()
    rest = next(each for each in slots if each is not got[0])
    await soon(lambda: (row := connection(charge_point)).is_connected and row.generation > opened, "current again")
    await db(lambda: dispatched(charge_point))
    await rest.expect("Reset")
    await rest.close()
    await soon(lambda: not connection(charge_point).is_connected, "the last one left")


async def test_dead_process_is_reaped(server: StartServer, charge_point: ChargePoint) -> None:
    """Killed without a word: its chargers show as disconnected once its last beat is old enough."""
    running = server()
    async with station(running) as charger:
        await charger.boot()
        running_id = (await db(lambda: connection(charge_point))).gateway
        running.kill()
        await charger.close_code()
    assert await db(connections_reap) == 0
    assert (await db(lambda: derived(charge_point)))[0] == "connected"
    await db(lambda: GatewayProcess.objects.update(seen_at=factories.now() - timedelta(seconds=30)))
    # The reaper spares everybody in the first 20 s of a database, and that of a test run may be younger.
    await soon(lambda: connections_reap() == 1, "the reaper", seconds=40)
    assert await db(lambda: derived(charge_point)) == ("disconnected", "disconnected")
    period = await LinkPeriod.objects.aget()
    assert (period.close_code, period.close_reason) == (1006, "The gateway process ended.")
    assert not await GatewayProcess.objects.filter(pk=running_id).aexists()
    lines = await db(lambda: log(charge_point, action="Disconnect"))
    assert [(line.fact, line.text) for line in lines] == [("code 1006", "The gateway process ended.")]


async def test_process_declared_dead_by_mistake(gateway: Server, charge_point: ChargePoint) -> None:
    """It says so with its next beat, and its sockets count as connected again, which they were all the time."""
    async with station(gateway) as charger:
        await charger.boot()
        await db(lambda: GatewayProcess.objects.all().delete())
        assert await db(connections_reap) == 1
        assert (await db(lambda: derived(charge_point)))[0] == "disconnected"
        await soon(lambda: derived(charge_point)[0] == "connected", "the next beat")
        assert await LinkPeriod.objects.filter(ended_at__isnull=True).acount() == 1
        await charger.call("Heartbeat", {})


@pytest.mark.parametrize("name", ["daphne", "uvicorn"])
async def test_orderly_end_of_the_server(server: StartServer, charge_point: ChargePoint, name: str) -> None:
    """Stopped politely: it says goodbye, and nobody is shown as connected any more (T11)."""
    running = server(name)
    async with station(running) as charger:
        await charger.boot()
        running.stop()
        assert (await charger.close_code())[0] in {1001, 1012}
    assert (await db(lambda: derived(charge_point)))[0] == "disconnected"
    assert len(await db(lambda: log(charge_point, action="Disconnect"))) == 1
