"""Limits of the door: guessing, displacement, storms, floods, silence (SECURITY A2, A3, A5, A16, A17; CSMS.md T5)."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from chargepoints.choices import Refusal
from chargepoints.models import ChargePoint, Connection, ConnectionAttempt, Finding, Site
from hub.embedded.spawn import Family
from tests import factories
from tests.conftest import StartServer
from tests.factories import PASSWORD
from tests.gateway.conftest import performing
from tests.gateway.tools import db, soon
from tests.stage import Server, free_port
from tests.station import Refused, Station, now

pytestmark = pytest.mark.django_db(transaction=True)
WRONG = "not the password at all"
PATHS = ["NORD-1", "nord-1/", "%4eORD-1", "x/../NORD-1", "//NORD-1", "NORD-1?a=/ocpp/NORD-1"]


@pytest.fixture(scope="module")
def strictly(
    django_db_setup: None, own_redis: None, family: Family, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server with the limits as they are by default, but for the patience with silence."""
    extra = {"HUB_OCPP_SILENCE_TIMEOUT": "5", "HUB_OCPP_PING_INTERVAL": "1"}
    made = Server(family, "daphne", tmp_path_factory.mktemp("strictly") / "daphne.log", port=free_port(), extra=extra)
    made.start()
    yield made
    made.kill()


@pytest.fixture
def door(strictly: Server, transactional_db: None) -> Iterator[Server]:
    """That server, for one test."""
    with performing(strictly) as server:
        yield server


def caller(server: Server, source: str, identity: str = "NORD-1", password: str = PASSWORD) -> Station:
    """A station at an address of its own: each test has some that no other uses."""
    return Station(server.ocpp_url, identity, password, local_addr=(source, 0))


async def refusal(station: Station) -> Refused:
    """How `station` is refused."""
    with pytest.raises(Refused) as caught:
        await station.__aenter__()
    return caught.value


async def test_attack_a3_guessing_locks_the_source_only(door: Server, charge_point: ChargePoint) -> None:
    """Five wrong passwords, then 429 with a time to wait; the real charger comes in from where it is."""
    for _ in range(5):
        assert (await refusal(caller(door, "127.0.1.1", password=WRONG))).status == 401
    locked = await refusal(caller(door, "127.0.1.1", password=WRONG))
    assert locked.status == 429
    assert 1 <= int(locked.headers["Retry-After"]) <= 12
    assert (await refusal(caller(door, "127.0.1.1"))).status == 429
    async with caller(door, "127.0.1.2") as real:
        await real.call("Heartbeat", {})
    kept = await soon(lambda: ConnectionAttempt.objects.filter(reason=Refusal.TOO_MANY).first(), "the record")
    assert (kept.charge_point_id, kept.http_status, kept.count) == (charge_point.pk, 429, 1)


async def test_attack_a3_trying_many_identities(door: Server, charge_point: ChargePoint) -> None:
    """Ten failures from one address lock it, but not the chargers that were let in from there before (T12)."""
    async with caller(door, "127.0.2.1"):
        pass
    for number in range(10):
        assert (await refusal(caller(door, "127.0.2.1", f"GUESS-{number}", WRONG))).status == 401
    assert (await refusal(caller(door, "127.0.2.1", "GUESS-10", WRONG))).status == 429
    async with caller(door, "127.0.2.1") as trusted:
        await trusted.call("Heartbeat", {})


async def test_t12_one_misconfigured_charger_locks_out_no_neighbour(
    door: Server, charge_point: ChargePoint, site: Site
) -> None:
    """Behind one address: a wrong password again and again uses up its own allowance only."""
    await db(lambda: factories.charge_point(site, "NEXT-1"))
    statuses = [(await refusal(caller(door, "127.0.3.1", password=WRONG))).status for _ in range(20)]
    assert statuses == [401] * 5 + [429] * 15
    async with caller(door, "127.0.3.1", "NEXT-1") as neighbour:
        await neighbour.call("Heartbeat", {})


async def test_attack_a5_every_way_to_write_the_path_is_checked(door: Server, charge_point: ChargePoint) -> None:
    """No variant of the address lets anybody in without the password."""
    for number, path in enumerate(PATHS):
        station = Station(door.ocpp_url, "NORD-1", WRONG, path=path, local_addr=(f"127.0.4.{number + 1}", 0))
        assert (await refusal(station)).status in {400, 401, 404}
    assert not await Connection.objects.filter(is_connected=True).aexists()


async def test_attack_a2_displacement_is_limited(door: Server, charge_point: ChargePoint) -> None:
    """Who has the password can take over six times a minute; then the present connection stays (H12)."""
    opened = []
    for _ in range(7):
        station = caller(door, "127.0.5.1")
        await station.__aenter__()
        opened.append(station)
    locked = await refusal(caller(door, "127.0.5.2"))
    assert locked.status == 429
    assert int(locked.headers["Retry-After"]) >= 1
    assert "currentTime" in await opened[-1].call("Heartbeat", {})
    found = await soon(lambda: Finding.objects.filter(rule="two-sockets").first(), "the finding")
    assert found.detail == "127.0.5.1, then 127.0.5.1"
    for station in opened:
        await station.close()


async def test_attack_a17_more_handshakes_than_can_wait(server: StartServer, site: Site) -> None:
    """What is too much at once is told when to come again, and everybody comes in that way."""
    running = server(env={"HUB_OCPP_HANDSHAKES_WAITING": "5"})
    identities = [f"STORM-{number}" for number in range(60)]
    await db(lambda: [factories.charge_point(site, identity) for identity in identities])
    shed: list[tuple[int, int]] = []

    async def enter(identity: str) -> Station:
        while True:
            station = Station(running.ocpp_url, identity, PASSWORD)
            try:
                return await station.__aenter__()
            except Refused as refused:
                shed.append((refused.status, int(refused.headers["Retry-After"])))
                await asyncio.sleep(0.02)

    async with asyncio.timeout(10):
        stations = await asyncio.gather(*(enter(identity) for identity in identities))
    assert shed
    assert all(status == 503 and 5 <= seconds <= 30 for status, seconds in shed)
    await asyncio.gather(*(station.close() for station in stations))


async def test_attack_a16_flood_is_read_slowly(door: Server, charge_point: ChargePoint, site: Site) -> None:
    """250 calls at once: all are answered, in order, but not faster than the limit; a neighbour notices nothing."""
    await db(lambda: factories.charge_point(site, "CALM-1"))
    async with caller(door, "127.0.6.1") as flood, caller(door, "127.0.6.1", "CALM-1") as calm:
        begun = time.monotonic()
        for number in range(250):
            await flood.send_call("Heartbeat", {}, message_id=str(number))
        await calm.call("Heartbeat", {}, deadline=1.5)
        answers = [(await flood.recv_message())[1] for _ in range(250)]
        assert answers == [str(number) for number in range(250)]
        assert time.monotonic() - begun > 2.0
    await soon(lambda: Finding.objects.filter(rule="too-fast").first(), "the finding")


async def test_attack_a16_big_messages_of_the_unregistered(door: Server, charge_point: ChargePoint, site: Site) -> None:
    """128 KiB until a charger is accepted; then a stop with all its readings may be larger (T9)."""
    await db(lambda: factories.charge_point(site, "NEW-1", registration_told=""))
    async with caller(door, "127.0.7.1", "NEW-1") as fresh:
        await fresh.send_call("DataTransfer", {"vendorId": "x", "data": "y" * 200_000})
        assert (await fresh.close_code())[0] == 1009
    async with caller(door, "127.0.7.1") as known:
        reading = {"timestamp": now(), "sampledValue": [{"value": "1" * 200}]}
        data = [reading] * 1000
        assert await known.stop(5, 10, transactionData=data) == {}


async def test_t5_silence_and_pongs(door: Server, charge_point: ChargePoint, site: Site) -> None:
    """Pongs alone keep a socket; one that gives no sign at all is closed."""
    await db(lambda: factories.charge_point(site, "DEAD-1"))
    async with caller(door, "127.0.8.1") as alive, caller(door, "127.0.8.1", "DEAD-1") as dead:
        dead.freeze()
        await soon(
            lambda: not Connection.objects.get(charge_point__identity="DEAD-1").is_connected, "its end", seconds=12
        )
        assert alive.is_open
        await alive.call("Heartbeat", {})
        assert dead.received == []
