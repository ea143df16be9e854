"""Registration: new, pending, rejected, accepted (CSMS.md 1.3, H13; QUIRKS 1.6 to 1.9)."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from chargepoints.choices import Registration
from chargepoints.exceptions import ActionRefused
from chargepoints.models import ChargePoint, Command, Connection, Finding, Site
from chargepoints.services.commands import command_create
from chargepoints.services.dispatches import command_dispatch
from hub.embedded.spawn import Family
from tests import factories
from tests.factories import PASSWORD
from tests.gateway.conftest import performing
from tests.gateway.tools import db, soon
from tests.stage import Server, free_port
from tests.station import CallError, Silence, Station

pytestmark = pytest.mark.django_db(transaction=True)
SOFT: dict[str, object] = {"type": "Soft"}
HURRY = {"HUB_OCPP_BOOT_PATIENCE": "0.5", "HUB_OCPP_CALL_TIMEOUT": "1", "HUB_OCPP_BOOT_RETRY_INTERVAL": "42"}


@pytest.fixture(scope="module")
def hasty(
    django_db_setup: None, own_redis: None, family: Family, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server that waits half a second for a boot."""
    made = Server(family, "daphne", tmp_path_factory.mktemp("hasty") / "daphne.log", port=free_port(), extra=HURRY)
    made.start()
    yield made
    made.kill()


@pytest.fixture
def running(hasty: Server, transactional_db: None) -> Iterator[Server]:
    """That server, for one test."""
    with performing(hasty) as server:
        yield server


@pytest.fixture
def fresh(site: Site) -> ChargePoint:
    """A charge point that has never booted."""
    return factories.charge_point(site, "NEW-1", registration_told="")


async def refused(station: Station) -> None:
    """Its heartbeat is refused, because it is not accepted."""
    with pytest.raises(CallError) as caught:
        await station.call("Heartbeat", {})
    assert caught.value.code == "SecurityError"


async def told(charge_point: ChargePoint) -> str:
    """What it was told last."""
    return await ChargePoint.objects.values_list("registration_told", flat=True).aget(pk=charge_point.pk)


async def register(charge_point: ChargePoint, registration: Registration) -> None:
    """The operator's decision."""
    await ChargePoint.objects.filter(pk=charge_point.pk).aupdate(registration=registration)


async def test_quirk_1_6_new_charger_is_asked_to_boot(running: Server, fresh: ChargePoint) -> None:
    """Never accepted: SecurityError, and one TriggerMessage; after the boot everything is taken."""
    async with Station(running.ocpp_url, "NEW-1", PASSWORD) as station:
        await refused(station)
        trigger = await station.expect("TriggerMessage")
        assert trigger.payload == {"requestedMessage": "BootNotification"}
        await station.answer(trigger, {"status": "Accepted"})
        assert (await station.boot())["status"] == "Accepted"
        assert "currentTime" in await station.call("Heartbeat", {})
    assert await told(fresh) == "Accepted"
    command = await soon(lambda: Command.objects.filter(effect="seen").first(), "the effect of the trigger")
    assert (command.kind, command.author_name) == ("trigger", "Hub")


async def test_quirk_1_6_new_charger_that_cannot_boot(running: Server, fresh: ChargePoint) -> None:
    """It refuses the trigger: taken in without a boot instead of being dead, with a finding; asked once only."""
    async with Station(running.ocpp_url, "NEW-1", PASSWORD) as station:
        await refused(station)
        await station.answer(await station.expect("TriggerMessage"), {"status": "Rejected"})
        assert "currentTime" in await station.call("Heartbeat", {})
    found = await soon(lambda: Finding.objects.filter(rule="no-boot").first(), "the finding")
    assert found.charge_point_id == fresh.pk
    async with Station(running.ocpp_url, "NEW-1", PASSWORD) as station:
        assert "currentTime" in await eventually_heard(station)
        with pytest.raises(Silence):
            await station.expect("TriggerMessage", 0.7)
    assert await Command.objects.acount() == 1


async def eventually_heard(station: Station) -> dict[str, object]:
    """The answer to a heartbeat, once it is taken."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        with suppress(CallError):
            return await station.call("Heartbeat", {})
        await asyncio.sleep(0.05)
    raise AssertionError("never taken")


@pytest.mark.parametrize("answer", ["Accepted", None])
async def test_quirk_1_6_new_charger_that_ignores_the_trigger(
    running: Server, fresh: ChargePoint, answer: str | None
) -> None:
    """Accepted and no boot, or no answer at all: taken in when the time is over."""
    async with Station(running.ocpp_url, "NEW-1", PASSWORD) as station:
        await refused(station)
        trigger = await station.expect("TriggerMessage")
        if answer:
            await station.answer(trigger, {"status": answer})
        await refused(station)
        assert "currentTime" in await eventually_heard(station)


async def test_strict_new_charger_has_to_boot(running: Server, site: Site) -> None:
    await db(lambda: factories.charge_point(site, "NEW-1", registration_told="", is_strict=True))
    async with Station(running.ocpp_url, "NEW-1", PASSWORD) as station:
        await refused(station)
        await station.answer(await station.expect("TriggerMessage"), {"status": "Rejected"})
        await soon(lambda: Command.objects.filter(status="rejected").first(), "the answer")
        await refused(station)
        await station.boot()
        await station.call("Heartbeat", {})


async def test_calls_right_behind_the_first_boot(running: Server, fresh: ChargePoint) -> None:
    """A charger that does not wait for the answer to its boot loses nothing; the order is kept."""
    async with Station(running.ocpp_url, "NEW-1", PASSWORD) as station:
        await station.send_call("BootNotification", {"chargePointVendor": "a", "chargePointModel": "b"})
        await station.send_call("Heartbeat", {})
        assert (await station.recv_message())[2]["status"] == "Accepted"
        assert "currentTime" in (await station.recv_message())[2]


async def test_b02_pending(running: Server, charge_point: ChargePoint) -> None:
    """Pending: other calls are refused, but not what was triggered; no charge can be started (1.3, B02)."""
    await register(charge_point, Registration.PENDING)
    async with Station(running.ocpp_url, "NORD-1", PASSWORD) as station:
        assert "currentTime" in await station.call("Heartbeat", {})
        answer = await station.boot()
        assert (answer["status"], answer["interval"]) == ("Pending", 42)
        await refused(station)
        with pytest.raises(ActionRefused, match="pending"):
            await db(lambda: command_create(charge_point=charge_point, kind="start", parameters={}, author=None))
        asked: dict[str, object] = {"message": "Heartbeat", "connector": None}
        command = await db(
            lambda: command_create(charge_point=charge_point, kind="trigger", parameters=asked, author=None)
        )
        await db(lambda: command_dispatch(command_id=command.pk))
        await station.answer(await station.expect("TriggerMessage"), {"status": "Accepted"})
        assert "currentTime" in await station.call("Heartbeat", {})
        await refused(station)
    assert await told(charge_point) == "Pending"


async def test_b03_rejected(running: Server, charge_point: ChargePoint) -> None:
    """Rejected: nothing but a boot is taken, nothing is sent; so after a new connection too, until it boots (B03)."""
    await register(charge_point, Registration.REJECTED)
    async with Station(running.ocpp_url, "NORD-1", PASSWORD) as station:
        assert (await station.boot())["status"] == "Rejected"
        await refused(station)
        with pytest.raises(ActionRefused, match="rejected"):
            await db(lambda: command_create(charge_point=charge_point, kind="reboot", parameters=SOFT, author=None))
    await register(charge_point, Registration.ACCEPTED)
    async with Station(running.ocpp_url, "NORD-1", PASSWORD) as station:
        await refused(station)
        assert (await station.boot())["status"] == "Accepted"
        await station.call("Heartbeat", {})


async def test_command_on_its_way_when_it_is_rejected(
    running: Server, charge_point: ChargePoint, settings: Settings
) -> None:
    """It was queued before the boot that rejected the charger: it is not sent."""
    settings.COMMANDS_DIRECT = False
    await register(charge_point, Registration.REJECTED)
    async with Station(running.ocpp_url, "NORD-1", PASSWORD) as station:
        command = await db(
            lambda: command_create(charge_point=charge_point, kind="reboot", parameters=SOFT, author=None)
        )
        await station.boot()
        await db(lambda: command_dispatch(command_id=command.pk))
        ended = await soon(lambda: Command.objects.filter(pk=command.pk, status="failed").first(), "its end")
        assert "rejected" in ended.answer
        assert station.unread == []


async def test_interval_of_the_charger(running: Server, site: Site) -> None:
    await db(lambda: factories.charge_point(site, "OWN-1", heartbeat_interval=77))
    async with Station(running.ocpp_url, "OWN-1", PASSWORD) as station:
        assert (await station.boot())["interval"] == 77


async def test_h13_registration_outlives_socket_and_server(running: Server, fresh: ChargePoint) -> None:
    """Booted once, then a new connection, then a new server: everything is taken without a boot."""
    async with Station(running.ocpp_url, "NEW-1", PASSWORD) as station:
        await station.boot()
    async with Station(running.ocpp_url, "NEW-1", PASSWORD) as station:
        assert await station.status(1, "Available") == {}
    running.restart()
    async with Station(running.ocpp_url, "NEW-1", PASSWORD) as station:
        assert await station.status(1, "Available") == {}


def test_change_in_the_administration_asks_for_a_boot(alice_client: Client, charge_point: ChargePoint) -> None:
    """Offline it is only said that it has to boot; connected it is asked to, once."""
    address = reverse("admin:chargepoints_chargepoint_change", args=[charge_point.pk])
    form = {
        "site": charge_point.site_id,
        "name": "NORD-1",
        "identity": "NORD-1",
        "is_active": "on",
        "security_profile": 1,
        "connectors-TOTAL_FORMS": 0,
        "connectors-INITIAL_FORMS": 0,
    }
    page = alice_client.post(address, {**form, "registration": "Pending"}, follow=True)
    assert "when it boots next" in page.content.decode()
    assert not Command.objects.exists()
    Connection.objects.update(is_connected=True, generation=1)
    alice_client.post(address, {**form, "registration": "Accepted"})
    assert Command.objects.get().parameters["message"] == "BootNotification"
    assert ChargePoint.objects.get(pk=charge_point.pk).registration == "Accepted"
