"""From a station's websocket to a receiver: the real gateway, a real worker, a real address."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from io import StringIO

import pytest
from django.core.management import call_command
from pytest_django import Settings

from chargepoints.action_choices import WebhookEvent
from chargepoints.models import Charge, ChargePoint, StatusChange, Webhook, WebhookDelivery
from chargepoints.services.webhooks import WebhookWanted, webhook_create
from hub.audit.records import HUB
from hub.teams.models import Organisation
from tests.conftest import StartWorker
from tests.factories import now
from tests.gateway.tools import db, order, soon, station
from tests.receiver import Receiver, receiving
from tests.stage import Server

pytestmark = pytest.mark.django_db(transaction=True)
EVENTS = [event.value for event in WebhookEvent if event is not WebhookEvent.TEST]
ENVIRONMENT = {"HUB_WEBHOOK_PRIVATE": "1", "HUB_WEBHOOK_TIMEOUT": "5"}


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    """A receiver on this machine, which may be called."""
    settings.WEBHOOK_PRIVATE = True
    with receiving() as running:
        yield running


@pytest.fixture
def webhook(transactional_db: None, nordlys: Organisation, receiver: Receiver) -> Webhook:
    """A webhook of Nordlys that is told everything."""
    wanted = WebhookWanted(organisation=nordlys, name="Back office", url=receiver.url, events=EVENTS)
    return webhook_create(actor=HUB, wanted=wanted)[0]


async def test_everything_arrives(
    gateway: Server, worker: StartWorker, webhook: Webhook, receiver: Receiver, charge_point: ChargePoint
) -> None:
    """A connection, a boot, a status, a charge, a command, and the end, in their order."""
    await db(lambda: worker(beat=True, env=ENVIRONMENT))
    async with station(gateway) as charger:
        await charger.boot()
        await charger.status(1, "Preparing")
        started = await charger.start(1, "NO-CARD-0042", 1000)
        command = await order(charge_point, "trigger", message="Heartbeat")
        await charger.answer(await charger.expect("TriggerMessage"), {"status": "Rejected"})
        await charger.meter(1, 1500, started["transactionId"])
        await charger.stop(started["transactionId"], 2500, "Local")
    wanted = [
        ("charge-point.connected", True),
        ("connector.status", "Preparing"),
        ("charge.started", "starting"),
        ("command.changed", "queued"),
        ("command.changed", "sent"),
        ("command.changed", "rejected"),
        ("charge.ended", "stopped"),
        ("charge-point.disconnected", False),
    ]
    await soon(lambda: len(receiver.received) >= len(wanted), f"{len(wanted)} events", seconds=20)
    bodies = [json.loads(got.body) for got in receiver.received]
    words = ("status", "state", "is_connected")
    told = [(body["type"], next(body["data"][word] for word in words if word in body["data"])) for body in bodies]
    assert told == wanted
    assert {body["data"]["id"] for body in bodies if body["type"] == "command.changed"} == {str(command.pk)}
    ended = bodies[-2]["data"]
    assert (ended["energy_wh"], ended["transaction_id"]) == (1500, str(started["transactionId"]))
    assert "NO-CARD" not in json.dumps(bodies)
    noted = WebhookDelivery.objects.filter(state="delivered", tries=1)
    await soon(lambda: noted.count() == len(wanted), "all noted")


async def test_a_worker_that_is_killed_while_it_sends(
    gateway: Server, worker: StartWorker, webhook: Webhook, receiver: Receiver, charge_point: ChargePoint
) -> None:
    """What it had sent and not noted comes a second time, with the same id: at least once."""
    came, go_on = threading.Event(), threading.Event()

    def hold(handler: BaseHTTPRequestHandler, ended: threading.Event) -> None:
        came.set()
        go_on.wait(10)

    receiver.answers = [hold]
    killed = await db(lambda: worker(beat=True, env=ENVIRONMENT))
    async with station(gateway):
        await db(lambda: came.wait(10))
        await db(killed.kill)
        go_on.set()
        assert await WebhookDelivery.objects.filter(tries=0).aexists()
        await Webhook.objects.aupdate(sending_until=now() - timedelta(seconds=1))  # the lease has run out
        await db(lambda: worker(beat=True, env=ENVIRONMENT))
        await soon(WebhookDelivery.objects.filter(state="delivered").exists, "the second try", seconds=20)
    first, second = receiver.received[:2]
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


async def test_what_a_rebuild_puts_right_is_not_told(
    gateway: Server, webhook: Webhook, charge_point: ChargePoint
) -> None:
    async with station(gateway) as charger:
        await charger.boot()
        await charger.status(1, "Preparing")
        started = await charger.start(1, "CARD-1", 1000)
        await charger.stop(started["transactionId"], 2500, "Local")
    await soon(WebhookDelivery.objects.filter(event="charge-point.disconnected").exists, "the end")
    await Charge.objects.aupdate(state="charging", energy_wh=1, ended_at=None, stop_received_at=None)
    await StatusChange.objects.all().adelete()
    told = await WebhookDelivery.objects.acount()
    with pytest.raises(SystemExit):  # it says that something was otherwise
        await db(lambda: call_command("rebuild", "--apply", stdout=StringIO()))
    charge = await Charge.objects.aget()
    assert (charge.state, charge.energy_wh, await StatusChange.objects.acount()) == ("stopped", 1500, 1)
    assert await WebhookDelivery.objects.acount() == told
