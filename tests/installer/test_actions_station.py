"""The remote actions of the public page with a real charger: what it is sent, and what the page says of it."""

import uuid
from functools import partial
from typing import Any

import pytest
from django.test import Client

from chargepoints.choices import BillState, Verdict
from chargepoints.exceptions import ActionRefused
from chargepoints.models import Bill, Charge, ChargeKey, ChargePoint, Command
from chargepoints.reports import KeyQuestion
from chargepoints.services.bills import bills_due
from chargepoints.services.commands import command_create
from chargepoints.services.keys import keys_authorise
from hub.audit.records import HUB
from hub.teams.models import Organisation
from installer.services import test_keys
from installer.services.jobs import job_complete
from tests import factories
from tests.conftest import StartServer
from tests.factories import PASSWORD
from tests.gateway.tools import db, soon
from tests.installer.scene import Scene
from tests.portal.charge_tools import priced
from tests.stage import Server
from tests.station import Call, Station

pytestmark = pytest.mark.django_db(transaction=True)
UNLOCK: dict[str, object] = {"connector": 1}


async def tap(job: Scene, kind: str, **fields: object) -> Any:
    """A tap on the page, as its script sends it."""
    row = await db(lambda: job.row("NORD-1"))
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    send = partial(Client().post, f"{job.base}rows/{row.pk}/actions/{kind}/", fields, headers=headers)
    return await db(send)


async def told(job: Scene, *words: str) -> None:
    """Wait until the page says this."""

    def is_told() -> bool:
        html = Client().get(f"{job.base}state/").content.decode()
        return all(word in html for word in words)

    await soon(is_told, f"the page tells {words}")


async def sent(job: Scene, charger: Station, kind: str, action: str, answer: str, **fields: object) -> Call:
    """A tap that reaches the charger, which answers it."""
    assert (await tap(job, kind, **fields)).status_code == 200
    call = await charger.expect(action)
    await charger.answer(call, {"status": answer})
    return call


async def test_the_four_actions(
    server: StartServer, job: Scene, nordlys: Organisation, charge_point: ChargePoint
) -> None:
    """One after the other with one server: it takes longer to start than all of them."""
    gateway = server()
    await unlock_and_reboot(gateway, job, charge_point)
    await a_test_charge(gateway, job, nordlys, charge_point)
    acts = [entry.act for entry in await db(job.deeds)]
    assert acts == ["charge_point.commanded"] * 6


async def unlock_and_reboot(gateway: Server, job: Scene, charge_point: ChargePoint) -> None:
    """What the charger says, an error too, and that it is away."""
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as charger:
        await charger.boot()
        call = await sent(job, charger, "unlock", "UnlockConnector", "Unlocked", connector=2)
        assert call.payload == {"connectorId": 2}
        await told(job, "Unlocked.")
        assert (await tap(job, "reboot")).status_code == 200
        call = await charger.expect("Reset")
        assert call.payload == {"type": "Soft"}
        await charger.answer_error(call, "GenericError", "no <i>")
        await told(job, "answered with an error")
        await sent(job, charger, "reboot", "Reset", "Accepted")
        await told(job, "Waiting for it to start again.")
    await told(job, "0 / 1 connected", "The charger is offline.")
    away = await tap(job, "unlock", connector=1)
    assert away.status_code == 422
    assert away.json()["error"].startswith("The charger is offline.")
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as charger:
        await charger.boot()
        await told(job, "It has started again.", "actions/unlock/")
        # Of a command that the installer did not give the page says nothing.
        await db(lambda: command_create(charge_point=charge_point, kind="unlock", parameters=UNLOCK, author=None))
        await charger.answer(await charger.expect("UnlockConnector"), {"status": "UnlockFailed"})
        await soon(lambda: Command.objects.filter(status="rejected").exists())
        assert "did not open" not in (await db(partial(Client().get, f"{job.base}state/"))).content.decode()


async def a_test_charge(gateway: Server, job: Scene, nordlys: Organisation, charge_point: ChargePoint) -> None:
    """The charge point is not active: the test key charges there and a driver's does not; and nobody pays."""
    await db(lambda: priced(charge_point))
    await db(lambda: factories.charge_key(nordlys, "CARD-1"))
    await db(lambda: ChargePoint.objects.update(is_active=False))
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as charger:
        await charger.boot()
        await charger.status(1, "Preparing")
        refused = await sent(job, charger, "start", "RemoteStartTransaction", "Rejected", connector=1)
        await told(job, "The charger refused. Plug in a car")
        call = await sent(job, charger, "start", "RemoteStartTransaction", "Accepted", connector=1)
        assert call.id != refused.id
        tag = call.payload["idTag"]
        assert call.payload == {"connectorId": 1, "idTag": tag}
        assert (tag[:9], len(tag) <= 20) == ("HUB-TEST-", True)
        assert (await tap(job, "start", connector=1)).json()["command"] == call.id, "a second tap is the same"
        assert (await charger.authorize(tag))["idTagInfo"]["status"] == "Accepted"
        assert (await charger.authorize("CARD-1"))["idTagInfo"]["status"] == "Blocked"
        begun = await charger.start(1, tag, 1_000)
        assert begun["idTagInfo"]["status"] == "Accepted"
        await told(job, "The charge has started.", "actions/stop/", "Reboot ends the charge that runs.")
        call = await sent(job, charger, "stop", "RemoteStopTransaction", "Accepted", connector=1)
        assert call.payload == {"transactionId": begun["transactionId"]}
        await charger.stop(begun["transactionId"], 1_003, reason="Remote")
        await told(job, "The charge has stopped.", "actions/start/")
        charge = await Charge.objects.select_related("start_command", "charge_key").aget()
        assert charge.charge_key is not None
        assert charge.start_command is not None
        assert (charge.energy_wh, charge.charge_key.for_tests) == (3, True)
        assert charge.start_command.author_name == f"Installer (job {job.job.number})"
        await db(bills_due)
        bill = await Bill.objects.select_related("payment_method").aget()
        assert (bill.state, str(bill.payment_method)) == (BillState.FREE, "Installation tests")
        assert not bill.total
        assert bill.driver_id is None
        await db(lambda: job_complete(actor=HUB, job=job.job, activate=True))
        assert (await tap(job, "start", connector=1)).status_code == 409
        assert (await charger.authorize(tag))["idTagInfo"]["status"] == "Blocked"
        assert (await charger.start(1, tag, 1_003))["idTagInfo"]["status"] == "Blocked"


@pytest.mark.django_db
def test_the_test_key_is_one_and_works_where_a_job_is_open_only(
    job: Scene, nordlys: Organisation, fjord: Organisation, charge_point: ChargePoint, foreign_charge_point: ChargePoint
) -> None:
    other = factories.charge_point(charge_point.site, "NORD-5", integration="connected")
    foreign_job_key, key = test_keys.test_key_for(fjord), test_keys.test_key_for(nordlys)
    assert test_keys.test_key_for(nordlys) == key
    assert foreign_job_key.id_tag != key.id_tag
    assert ChargeKey.objects.filter(for_tests=True).count() == 2
    points = [charge_point, other, foreign_charge_point]
    questions = [KeyQuestion(point.pk, key.id_tag.lower(), connector) for point in points for connector in (None, 1)]
    answers = keys_authorise(questions=questions, now=factories.now())
    assert [answer.verdict for answer in answers] == [
        *[Verdict.ACCEPTED] * 2,
        *[Verdict.BLOCKED] * 2,
        *[Verdict.INVALID] * 2,
    ]
    with pytest.raises(ActionRefused, match="work only where an installer job is open"):
        command_create(charge_point=other, kind="start", parameters={"connector": 1, "id_tag": key.id_tag}, author=None)
