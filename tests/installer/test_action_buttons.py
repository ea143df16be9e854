"""The remote actions of the public page: which are offered, and what it says of those that were sent."""

import re
from datetime import timedelta

import pytest
import redis

from chargepoints.choices import CommandStatus, ConnectorStatus, Effect, Integration, Registration
from chargepoints.models import Charge, ChargePoint, Command, Site
from installer.choices import ActionKind
from installer.models import InstallerJob
from installer.rendering.actions import WRONG_ANSWER, action_result
from tests import factories
from tests.installer.scene import Scene, scene
from tests.installer.taps import act, buttons, connected, part, words
from tests.portal.charge_tools import charge

BOTH = ["Start 1", "Start 2", "Unlock 1", "Unlock 2", "Reboot"]


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
