"""The remote actions of the public page: which are offered, how they are asked for, and what the page says of them."""

import re
import uuid
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import redis
from django.test import Client

from chargepoints.choices import CommandStatus, ConnectorStatus, Effect, Integration, Registration, State
from chargepoints.models import Charge, ChargePoint, Command, Connection, Site
from hub.audit.records import HUB
from installer.choices import ActionKind, JobState
from installer.models import InstallerJob, JobChargePoint, JobEdit
from installer.rendering.actions import WRONG_ANSWER, action_result
from installer.services.jobs import job_complete
from tests import factories
from tests.installer.scene import Scene, scene
from tests.portal.charge_tools import charge

BOTH = ["Start 1", "Start 2", "Unlock 1", "Unlock 2", "Reboot"]


@pytest.fixture
def online(job: Scene, charge_point: ChargePoint) -> Scene:
    """The job, its charge point connected, both connectors available."""
    connected(charge_point)
    return job


def connected(point: ChargePoint, **fields: object) -> None:
    """Let the charge point be connected since a moment ago."""
    since = factories.now() - timedelta(seconds=30)
    Connection.objects.filter(pk=point.pk).update(is_connected=True, connected_at=since, last_seq=7)
    fields = {"integration": Integration.CONNECTED, "state": State.AVAILABLE, **fields}
    ChargePoint.objects.filter(pk=point.pk).update(**fields)
    point.connectors.update(status=ConnectorStatus.AVAILABLE)


def act(job: Scene, kind: str, *, row: object = None, key: str = "", **fields: object) -> Any:
    """A tap, as the script sends it."""
    number = (row or job.row("NORD-1")).pk if isinstance(row, JobChargePoint | None) else row
    headers = {"Idempotency-Key": key or str(uuid.uuid4())}
    return job.client.post(f"{job.base}rows/{number}/actions/{kind}/", fields, headers=headers)


def words(html: str) -> str:
    """The text of a piece of a page."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html))).strip()


def part(job: Scene, name: str = "NORD-1") -> str:
    """The live part with the actions of this charge point, as HTML."""
    html = job.client.get(f"{job.base}state/").content.decode()
    pk = job.row(name).pk
    found = re.search(rf'<div id="row-{pk}-actions".*?(?=<div id="row-{pk}-steps")', html, re.DOTALL)
    assert found
    return found.group(0)


def buttons(job: Scene, name: str = "NORD-1") -> list[str]:
    """What the buttons say."""
    found = re.findall(r"<button.*?</button>", part(job, name), re.DOTALL)
    return [words(button).replace("connector ", "") for button in found]


def test_what_is_offered_at_rest(online: Scene) -> None:
    assert buttons(online) == BOTH
    assert "role=" not in part(online)


def test_one_connector_needs_no_number(site: Site, clean_redis: redis.Redis) -> None:
    point = factories.charge_point(site, "NORD-1")
    connected(point)
    job = scene(site, point)
    assert buttons(job) == ["Start", "Unlock", "Reboot"]
    point.connectors.update(status=ConnectorStatus.FAULTED)
    assert buttons(job) == ["Unlock", "Reboot"]
    assert "Start: It is faulted." in words(part(job))


def test_a_charge_is_stopped_where_it_runs(online: Scene, charge_point: ChargePoint) -> None:
    running = charge(charge_point, "7001", minutes=None)
    assert buttons(online) == ["Stop 1", "Start 2", "Unlock 2", "Reboot"]
    assert "Unlock 1: A charge runs there. Stop it first." in words(part(online))
    assert "Reboot ends the charge that runs." in words(part(online))
    Charge.objects.filter(pk=running.pk).update(connector=None)
    assert buttons(online) == ["Stop", *BOTH]


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (ConnectorStatus.FAULTED, "It is faulted."),
        (ConnectorStatus.UNAVAILABLE, "It is out of service."),
        (ConnectorStatus.RESERVED, "It is reserved for another key."),
        (ConnectorStatus.CHARGING, "It says that it charges"),
    ],
)
def test_where_no_charge_can_start(online: Scene, charge_point: ChargePoint, status: str, why: str) -> None:
    charge_point.connectors.filter(number=2).update(status=status)
    assert buttons(online) == ["Start 1", "Unlock 1", "Unlock 2", "Reboot"]
    assert f"Start 2: {why}" in words(part(online))
    answer = act(online, "start", connector=2)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith(why)
    assert not Command.objects.exists()


@pytest.mark.parametrize(
    ("fields", "left", "why"),
    [
        ({"integration": Integration.DISCONNECTED}, [], "The charger is offline."),
        ({"integration": Integration.NO_INTEGRATION, "identity": None}, [], "has no identity yet"),
        ({"registration_told": Registration.REJECTED}, [], "The charger is rejected"),
        ({"registration_told": Registration.PENDING}, ["Unlock 1", "Unlock 2", "Reboot"], "The charger is pending"),
    ],
)
def test_what_the_charger_s_state_forbids(
    online: Scene, charge_point: ChargePoint, fields: dict[str, object], left: list[str], why: str
) -> None:
    ChargePoint.objects.filter(pk=charge_point.pk).update(**fields)
    assert buttons(online) == left
    assert words(part(online)).count(why) == 1
    answer = act(online, "start", connector=1)
    assert (answer.status_code, answer.json()["field"]) == (422, "action")
    assert why in answer.json()["error"]
    assert not Command.objects.exists()


def test_before_any_connector_is_reported(online: Scene, charge_point: ChargePoint) -> None:
    charge_point.connectors.all().delete()
    assert buttons(online) == ["Reboot"]
    assert "has not reported any connector yet" in words(part(online))


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


OUTCOMES: list[tuple[str, dict[str, object], str, str]] = [
    ("start", {"status": CommandStatus.QUEUED}, "On its way.", "run"),
    ("start", {"status": CommandStatus.ACCEPTED, "effect": Effect.AWAITED}, "Waiting for the charge to begin", "run"),
    ("start", {"status": CommandStatus.ACCEPTED, "effect": Effect.SEEN}, "The charge has started.", "done"),
    ("start", {"status": CommandStatus.ACCEPTED, "effect": Effect.MISSING}, "but no charge began", "bad"),
    ("start", {"status": CommandStatus.REJECTED}, "Plug in a car or a tester", "bad"),
    ("unlock", {"status": CommandStatus.ACCEPTED, "effect": Effect.SEEN}, "Unlocked.", "done"),
    ("unlock", {"status": CommandStatus.REJECTED}, "the lock did not open", "bad"),
    ("unlock", {"status": CommandStatus.FAILED, "answer": "GenericError: <b>x"}, "answered with an error", "bad"),
    ("unlock", {"status": CommandStatus.SENT, "sent_at": factories.now()}, "Sent. Waiting for the charger.", "run"),
    ("unlock", {"status": CommandStatus.EXPIRED, "sent_at": factories.now()}, "No answer.", "bad"),
    ("unlock", {"status": CommandStatus.EXPIRED}, "could not be sent in time", "bad"),
    ("reboot", {"status": CommandStatus.EXPIRED, "effect": Effect.AWAITED}, "Waiting for it to start again", "run"),
    ("reboot", {"status": CommandStatus.CANCELLED}, "has taken it back", "bad"),
]


@pytest.mark.parametrize(("kind", "fields", "told", "mark"), OUTCOMES)
def test_what_came_of_it(kind: str, fields: dict[str, object], told: str, mark: str) -> None:
    result = action_result(Command(kind=kind, connector_number=1, created_at=factories.now(), **fields))
    assert (result.title, result.mark) == (f"{ActionKind(kind).label} 1", mark)
    assert told in result.words
    assert "GenericError" not in result.words


def test_the_page_tells_it_when_it_has_changed(online: Scene) -> None:
    act(online, "unlock", connector=2)
    before = online.client.get(f"{online.base}state/").headers["ETag"].strip('"')
    assert online.client.get(f"{online.base}state/", {"v": before}).status_code == 204
    Command.objects.update(status=CommandStatus.FAILED, answered_at=factories.now(), answer="GenericError: <b>x")
    assert online.client.get(f"{online.base}state/", {"v": before}).status_code == 200
    found = re.search(r'<li class="bad">(.*?)</li>', part(online), re.DOTALL)
    assert found
    assert re.fullmatch(rf"Unlock 2 {WRONG_ANSWER} \d\d:\d\d:\d\d", words(found.group(1)))
    assert "GenericError" not in part(online)


def test_the_newest_three_and_none_of_the_operator(online: Scene, charge_point: ChargePoint) -> None:
    InstallerJob.objects.update(created_at=factories.now() - timedelta(hours=1))
    for age, kind in enumerate(["unlock", "reboot", "unlock", "reboot", "unlock"]):
        Command.objects.create(
            charge_point=charge_point,
            kind=kind,
            author_name="Alice" if age == 0 else online.job.command_author,
            created_at=factories.now() - timedelta(seconds=age),
            expires_at=factories.now(),
            connector_number=age if kind == "unlock" else None,
        )
    html = part(online)
    told = [words(line).partition(" On")[0] for line in re.findall(r"<li class.*?</li>", html, re.DOTALL)]
    assert told == ["Reboot", "Unlock 2", "Reboot"]
