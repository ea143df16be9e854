"""The remote actions of the public page: how they are asked for, and what is refused."""

import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client

from chargepoints.choices import CommandStatus, ConnectorStatus, Integration, KeyState
from chargepoints.models import Charge, ChargeKey, ChargePoint, Command, Site
from hub.audit.records import HUB
from hub.teams.models import Organisation
from installer.choices import JobState
from installer.models import JobEdit
from installer.services import test_keys
from installer.services.jobs import job_complete
from tests import factories
from tests.installer.scene import Scene, scene
from tests.installer.taps import act, connected, part, words
from tests.portal.charge_tools import charge


def test_a_tap_is_a_command_of_the_link_on_record(online: Scene, charge_point: ChargePoint) -> None:
    answer = act(online, "start", connector=2)
    command = Command.objects.get()
    assert (answer.status_code, answer.json()) == (
        200,
        {"command": str(command.pk), "kind": "start", "connector": 2},
    )
    assert (command.author, command.author_name, command.author_address) == (
        None,
        f"Installer (job {online.job.number})",
        "127.0.0.1",
    )
    (deed,) = online.deeds()
    assert (deed.act, deed.object_id, deed.site_id) == (
        "charge_point.commanded",
        str(charge_point.pk),
        charge_point.site_id,
    )
    assert deed.after["command_id"] == str(command.pk)
    online.job.refresh_from_db()
    assert online.job.state == JobState.IN_PROGRESS
    assert str(command.parameters["id_tag"]) not in online.page() + part(online) + answer.content.decode()


@pytest.mark.parametrize("kind", ["start", "stop", "unlock"])
def test_without_a_number_there_must_be_one_only(online: Scene, charge_point: ChargePoint, kind: str) -> None:
    if kind == "stop":
        charge(charge_point, "7001", minutes=None)
        charge(charge_point, "7002", minutes=None, connector=charge_point.connectors.get(number=2))
    answer = act(online, kind)
    assert (answer.status_code, answer.json()["error"]) == (422, "Choose a connector.")
    if kind == "stop":
        Charge.objects.filter(transaction_id="7002").delete()
        assert act(online, kind).json()["connector"] == 1


@pytest.mark.parametrize(
    ("kind", "connector", "why"),
    [
        ("start", "1", "A charge runs there."),
        ("unlock", "1", "A charge runs there. Stop it first."),
        ("stop", "2", "No charge is running there."),
        ("start", "9", "The charger has no connector 9."),
        ("unlock", "9" * 18, f"The charger has no connector {'9' * 18}."),
        ("unlock", "-1", "Choose a connector."),
        ("unlock", "\x00", "Choose a connector."),
    ],
)
def test_what_does_not_fit_is_told_and_not_sent(
    online: Scene, charge_point: ChargePoint, kind: str, connector: str, why: str
) -> None:
    charge_point.connectors.create(number=3, status=ConnectorStatus.AVAILABLE)
    charge(charge_point, "7001", minutes=None)
    answer = act(online, kind, connector=connector)
    assert (answer.status_code, answer.json()) == (422, {"error": why, "field": "action"})
    assert not Command.objects.exists()
    assert not JobEdit.objects.exists()


def test_test_charges_can_be_blocked(online: Scene, nordlys: Organisation) -> None:
    ChargeKey.objects.filter(pk=test_keys.test_key_for(nordlys).pk).update(state=KeyState.BLOCKED)
    answer = act(online, "start", connector=1)
    assert (answer.status_code, answer.json()["error"]) == (422, "The operator has blocked test charges. Ask them.")
    assert not Command.objects.exists()


def test_a_second_tap_is_the_same_command(online: Scene) -> None:
    first = act(online, "unlock", connector=1).json()["command"]
    assert act(online, "unlock", connector=1).json()["command"] == first
    assert act(online, "unlock", connector=2).json()["command"] != first
    assert act(online, "unlock", connector=1).json()["command"] == first
    Command.objects.filter(pk=first).update(created_at=factories.now() - timedelta(seconds=11))
    assert act(online, "unlock", connector=1).json()["command"] != first
    assert Command.objects.count() == 3


def test_a_second_tap_after_the_first_has_worked_is_still_the_same(online: Scene, charge_point: ChargePoint) -> None:
    first = act(online, "start", connector=1).json()["command"]
    charge(charge_point, "7001", minutes=None)
    assert act(online, "start", connector=1).json()["command"] == first
    stop = act(online, "stop", connector=1).json()["command"]
    Charge.objects.all().delete()
    assert act(online, "stop", connector=1).json()["command"] == stop
    assert act(online, "start", connector=1).json()["command"] != first, "it is meant: it was stopped meanwhile"


@pytest.mark.parametrize("status", [CommandStatus.REJECTED, CommandStatus.FAILED, CommandStatus.EXPIRED])
def test_a_tap_after_a_refusal_is_meant(online: Scene, status: str) -> None:
    first = act(online, "reboot").json()["command"]
    Command.objects.update(status=status)
    assert act(online, "reboot").json()["command"] != first


def test_the_same_key_is_the_same_command_however_late(online: Scene, charge_point: ChargePoint) -> None:
    key = str(uuid.uuid4())
    first = act(online, "reboot", key=key).json()["command"]
    Command.objects.update(created_at=factories.now() - timedelta(minutes=5), status=CommandStatus.REJECTED)
    again = act(online, "reboot", key=key.upper())
    assert (again.status_code, again.json()["command"]) == (200, first)
    assert (Command.objects.count(), len(online.deeds())) == (1, 1)


def test_a_key_of_an_edit_is_no_key_of_an_action(online: Scene) -> None:
    key = str(uuid.uuid4())
    assert online.send("note", online.row("NORD-1"), key=key, text="hello").status_code == 200
    answer = act(online, "reboot", key=key)
    assert (answer.status_code, answer.json()["error"]) == (422, "The page is an old one. Load it again.")
    assert act(online, "reboot", key="no-key").status_code == 422
    assert not Command.objects.exists()


def test_a_refusal_uses_up_no_key(online: Scene, charge_point: ChargePoint) -> None:
    key = str(uuid.uuid4())
    ChargePoint.objects.filter(pk=charge_point.pk).update(integration=Integration.DISCONNECTED)
    assert act(online, "reboot", key=key).status_code == 422
    connected(charge_point)
    assert act(online, "reboot", key=key).status_code == 200


def test_other_rows_and_other_actions_are_not_there(
    online: Scene, site: Site, far_site: Site, charge_point: ChargePoint
) -> None:
    other = scene(site, factories.charge_point(site, "NORD-9"))
    gone = Client().get("/j/nobody-made-this/").content
    for row, kind in (
        (other.row("NORD-9").pk, "reboot"),
        (0, "reboot"),
        ("9" * 30, "reboot"),
        (online.row("NORD-1").pk, "firmware"),
        (online.row("NORD-1").pk, "Reboot"),
    ):
        answer = act(online, kind, row=row)
        assert (answer.status_code, answer.content) == (404, gone)
    moved = online.row("NORD-1").pk
    ChargePoint.objects.filter(pk=charge_point.pk).update(site=far_site)
    assert act(online, "reboot", row=moved).status_code == 404
    answer = Client().post(f"/j/{'A' * 43}/rows/{moved}/actions/reboot/")
    assert (answer.status_code, answer.content) == (404, gone)
    assert not Command.objects.exists()


def test_other_methods_are_refused(online: Scene) -> None:
    url = f"{online.base}rows/{online.row('NORD-1').pk}/actions/reboot/"
    for method in ("get", "put", "delete"):
        assert getattr(online.client, method)(url).status_code == 405
    assert not Command.objects.exists()


def test_a_completed_job_is_read_only(online: Scene) -> None:
    act(online, "reboot")
    job_complete(actor=HUB, job=online.job, activate=False)
    answer = act(online, "unlock", connector=1)
    assert (answer.status_code, answer.json()) == (409, {"error": "The job is completed: it can only be read."})
    row = online.row("NORD-1")
    plain = online.client.post(f"{online.base}rows/{row.pk}/actions/unlock/", {"connector": 1})
    assert plain.status_code == 409
    assert "it can only be read" in words(plain.content.decode())
    assert Command.objects.count() == 1
    assert f'<div id="row-{row.pk}-actions" data-live="actions"></div>' in online.page()


def test_without_script_it_leads_back_or_tells(online: Scene) -> None:
    row = online.row("NORD-1")
    url = f"{online.base}rows/{row.pk}/actions"
    done = online.client.post(f"{url}/unlock/", {"connector": 1})
    assert (done.status_code, done.headers["Location"]) == (303, f"{online.base}#row-{row.pk}")
    wrong = online.client.post(f"{url}/unlock/", {"connector": 7})
    assert wrong.status_code == 422
    html = wrong.content.decode()
    assert re.search(rf'id="row-{row.pk}-action-error" role="alert">.*?no connector 7', html, re.DOTALL)
    assert html.index("action-error") < html.index(f'id="row-{row.pk}-actions"')
