"""The acceptance test over a real websocket: each step, its evidence, and what happens when something is wrong."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from chargepoints.models import Bill, Charge, ChargePoint, Command, LogLine
from chargepoints.services import bills
from hub.audit.models import AuditEntry
from installer.choices import StepKind, StepState
from installer.models import AcceptanceStep
from installer.services import acceptance
from tests.conftest import StartServer, StartWorker
from tests.gateway.tools import db, soon, station
from tests.installer.scene import Scene, scene
from tests.installer.taps import press
from tests.station import Call, Station

pytestmark = pytest.mark.django_db(transaction=True)
ALL = list(StepKind)
KEYS = [{"key": "HeartbeatInterval", "value": "300"}, {"key": "MeterValueSampleInterval", "value": "60"}]
YES = {"status": "Accepted"}
PATIENCE = 30.0


def made(charge_point: ChargePoint, *checks: str, **fields: object) -> Scene:
    """A job with these checks."""
    given: dict[str, Any] = {"checks": list(checks or ALL), "energy_s": 5, **fields}
    return scene(charge_point.site, charge_point, **given)


def step(kind: str, connector: int = 0) -> AcceptanceStep:
    """A step as it is now."""
    return AcceptanceStep.objects.get(kind=kind, connector_number=connector)


async def told(kind: str, state: str, connector: int = 0) -> AcceptanceStep:
    """The step once it is so, with the clock of the workers turned by hand."""

    def look() -> AcceptanceStep | None:
        acceptance.tests_advance()
        found = step(kind, connector)
        return found if found.state == state else None

    return await soon(look, f"{kind} {connector} {state}", seconds=PATIENCE)


async def asked(charger: Station, action: str) -> Call:
    """What the test asks next."""

    def sent() -> bool:
        acceptance.tests_advance()
        return any(f'"{action}"' in str(frame) for frame in charger.unread)

    await soon(sent, action, seconds=PATIENCE)
    return await charger.expect(action)


async def answered(charger: Station, action: str, **payload: object) -> Call:
    """The same, answered."""
    call = await asked(charger, action)
    await charger.answer(call, payload or YES)
    return call


def settings(**values: str) -> dict[str, Any]:
    """The answer to a GetConfiguration."""
    return {"configurationKey": [{"key": key, "readonly": False, "value": value} for key, value in values.items()]}


def ago(seconds: int, **which: object) -> None:
    """Turn the clock: the charges began so much earlier."""
    Charge.objects.filter(**which).update(start_received_at=F("start_received_at") - timedelta(seconds=seconds))


def over(kind: str) -> None:
    """Turn the clock: the time of this step has passed."""
    AcceptanceStep.objects.filter(kind=kind, state=StepState.RUNNING).update(due_at=timezone.now())


async def charged(charger: Station, connector: int) -> str:
    """One connector's part of the test, as a good charger does it; the id tag."""
    call = await answered(charger, "RemoteStartTransaction")
    assert call.payload["connectorId"] == connector
    tag = str(call.payload["idTag"])
    await charger.status(connector, "Charging")
    tx = (await charger.start(connector, tag, 1000))["transactionId"]
    await told("start", "passed", connector)
    await charger.meter(connector, 1350, tx, power=11_000)
    await db(partial(ago, 10, transaction_id=str(tx)))
    await told("energy", "passed", connector)
    call = await answered(charger, "RemoteStopTransaction")
    assert call.payload == {"transactionId": tx}
    await charger.stop(tx, 1360, "Remote")
    await told("stop", "passed", connector)
    call = await answered(charger, "UnlockConnector", status="Unlocked")
    assert call.payload == {"connectorId": connector}
    await told("unlock", "passed", connector)
    return tag


async def test_a_good_charger_passes_everything(server: StartServer, charge_point: ChargePoint) -> None:
    gateway = server()
    await db(lambda: ChargePoint.objects.update(is_active=False, sticker="482913"))
    job = await db(lambda: made(charge_point, configuration=KEYS))
    async with station(gateway) as charger:
        await charger.boot(chargePointSerialNumber="ACE-482913", firmwareVersion="1.2")
        await charger.status(1, "Available")
        await charger.status(2, "Available")
        assert (await db(partial(press, job, "start"))).json() == {"test": "start"}
        await answered(charger, "GetConfiguration", **settings(NumberOfConnectors="2"))
        call = await answered(charger, "GetConfiguration", **settings(HeartbeatInterval="300"))
        assert call.payload == {"key": ["HeartbeatInterval", "MeterValueSampleInterval"]}
        call = await answered(charger, "ChangeConfiguration", status="RebootRequired")
        assert call.payload == {"key": "MeterValueSampleInterval", "value": "60"}
        back = settings(HeartbeatInterval="300", MeterValueSampleInterval="900")
        await answered(charger, "GetConfiguration", **back)
        tags = {await charged(charger, connector) for connector in (1, 2)}
        assert (await db(partial(step, "key"))).evidence == "Hold a card to the reader."
        await charger.authorize("CARD-77")
        await told("key", "passed")
    words = await db(lambda: [f"{one.kind} {one.evidence}" for one in AcceptanceStep.objects.order_by("pk")])
    assert any("OCPP 1.6, security profile" in one for one in words)
    assert any("booted Acme Fake 1, firmware 1.2; booted " in one for one in words)
    assert "serial Serial ACE-482913, 2 connectors reported." in words
    assert any(one.startswith("clock ") and one.endswith(" s to ours.") for one in words)
    assert (
        "configuration 2 settings: 1 written, 1 right already; in force after a restart: MeterValueSampleInterval."
        in words
    )
    assert any("350 Wh in " in one and "up to 11.0 kW." in one for one in words)
    await db(partial(proven, job, tags))


def proven(job: Scene, tags: set[str]) -> None:
    """What the good charger leaves behind: evidence with log lines, no names, free bills, a record."""
    assert set(AcceptanceStep.objects.values_list("state", flat=True)) == {StepState.PASSED}
    shown = job.page() + job.client.get(f"{job.base}state/").content.decode()
    for one in AcceptanceStep.objects.all():
        assert one.log_seq, one
        assert LogLine.objects.filter(charge_point__name="NORD-1", seq=one.log_seq).exists(), one
        assert one.evidence in shown.replace("&#x27;", "'")
    assert len(tags) == 1
    told_all = shown + " ".join(AcceptanceStep.objects.values_list("evidence", flat=True))
    assert not any(tag in told_all for tag in {*tags, "CARD-77"})
    assert "14 of 14 passed" in shown
    bills.bills_due()
    assert set(Bill.objects.values_list("state", flat=True)) == {"free"}
    assert [entry.act for entry in job.deeds()] == ["charge_point.test_started"]
    assert set(Command.objects.values_list("author_name", flat=True)) == {f"Acceptance test (job {job.job.number})"}


async def test_a_start_that_is_refused_is_tried_again(server: StartServer, charge_point: ChargePoint) -> None:
    gateway = server()
    job = await db(lambda: made(charge_point, "connected", "start", "energy", "stop"))
    async with station(gateway) as charger:
        await charger.boot()
        await charger.status(1, "Available")
        await db(partial(press, job, "start"))
        await answered(charger, "RemoteStartTransaction", status="Rejected")
        said = await soon(partial(waiting_for, "start", "refused to start a charge (Rejected)"))
        assert "tried again by itself" in said.evidence
        await charger.status(1, "Preparing")
        call = await answered(charger, "RemoteStartTransaction", status="Rejected")
        await soon(lambda: Command.objects.filter(kind="start", status="rejected").count() == 2)
        await db(partial(over, "start"))
        failed = await told("start", "failed", 1)
        assert failed.evidence.endswith("Plug in a car or a test box, then run this step again.")
        # The rest of this connector needs it; the other connector goes on.
        assert (
            await db(partial(step, "energy", 1))
        ).evidence == "“Test charge started” comes first, and has not passed."
        other = await answered(charger, "RemoteStartTransaction")
        assert other.payload["connectorId"] == 2
        tag = call.payload["idTag"]
        tx = (await charger.start(2, tag, 0))["transactionId"]
        await told("start", "passed", 2)
        await charger.stop(tx, 0, "EVDisconnected")
        ended = await told("energy", "failed", 2)
        assert "(EVDisconnected)" in ended.evidence
        assert "ended at" in (await told("stop", "passed", 2)).evidence
        # Again: one press runs the whole charge of that connector.
        pressed = await db(lambda: press(job, "again", step=step("energy", 1).pk))
        assert pressed.status_code == 200
        again = await answered(charger, "RemoteStartTransaction")
        assert again.payload["connectorId"] == 1
        tx = (await charger.start(1, tag, 5000))["transactionId"]
        await charger.meter(1, 5100, tx)
        await db(partial(ago, 10, transaction_id=str(tx)))
        assert "no power told" in (await told("energy", "passed", 1)).evidence
        # Broken off: what the test has started is stopped.
        await asked(charger, "RemoteStopTransaction")
        assert (await db(partial(press, job, "stop"))).json() == {"test": "stop"}
    assert (await db(partial(step, "stop", 1))).state == StepState.TODO
    acts = await db(lambda: list(AuditEntry.objects.filter(act__contains="test_st").values_list("act", flat=True)))
    assert set(acts) == {"charge_point.test_started", "charge_point.test_stopped"}


def waiting_for(kind: str, words: str) -> AcceptanceStep | None:
    acceptance.tests_advance()
    return AcceptanceStep.objects.filter(kind=kind, state=StepState.RUNNING, evidence__contains=words).first()


async def test_a_charger_that_goes_away_is_waited_for(server: StartServer, charge_point: ChargePoint) -> None:
    gateway = server()
    job = await db(lambda: made(charge_point, "connected", "booted", "clock", "unlock"))
    await db(partial(press, job, "start"))
    assert (await db(partial(step, "connected"))).evidence == "Waiting for its call."
    async with station(gateway) as charger:
        await told("connected", "passed")
        await asked(charger, "TriggerMessage")
    away = await soon(partial(waiting_for, "booted", "The charger is offline."))
    assert away.command_id is not None
    async with station(gateway) as charger:
        call = await answered(charger, "TriggerMessage")
        assert call.payload == {"requestedMessage": "BootNotification"}
        await charger.boot()
        await told("booted", "passed")
        call = await answered(charger, "TriggerMessage")
        assert call.payload["requestedMessage"] == "StatusNotification"
        await charger.status(1, "Available", timestamp="2020-01-01T00:00:00Z")
        await answered(charger, "TriggerMessage", status="NotImplemented")
        await db(partial(over, "clock"))
        late = await told("clock", "failed")
        assert late.evidence.startswith("Its clock is behind by ")
        call = await asked(charger, "UnlockConnector")
        await charger.answer_error(call, "NotSupported")
        left = await told("unlock", "skipped", 1)
        assert left.skip_reason == "The charger says that it has no lock that can be released."
    await soon(lambda: not ChargePoint.objects.get().connection.is_connected)
    over_at = partial(over, "unlock")
    await db(over_at)
    gone = await told("unlock", "failed", 2)
    assert gone.evidence == "The charger is offline. Bring it back, then run this step again."


async def test_workers_move_it_and_one_that_dies_is_no_harm(
    server: StartServer, worker: StartWorker, charge_point: ChargePoint
) -> None:
    gateway, first = server(), worker(beat=True)
    job = await db(lambda: made(charge_point, "connected", "key"))
    await db(partial(press, job, "start"))
    async with station(gateway) as charger:
        await soon(lambda: step("key").state == StepState.RUNNING, "the worker has seen it call", seconds=30)
        await db(first.kill)
        await db(lambda: worker(beat=True))
        await charger.authorize("CARD-77")
        await soon(lambda: step("key").state == StepState.PASSED, "the other worker has seen the card", seconds=30)
