"""Remote actions: dialogs, commands, refusals, and who may."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from chargepoints.actions import ACTIONS
from chargepoints.choices import ChargeState, CommandStatus, Integration
from chargepoints.forms.action_table import FORMS
from chargepoints.models import Charge, ChargePoint, Command, Connection
from hub.teams.choices import Right, Role
from hub.teams.models import Organisation
from tests import factories
from tests.factories import now

pytestmark = pytest.mark.usefixtures("clean_redis")
HTMX = {"HX-Request": "true"}


@pytest.fixture
def online(charge_point: ChargePoint) -> ChargePoint:
    """NORD-1, connected and idle."""
    ChargePoint.objects.filter(pk=charge_point.pk).update(integration=Integration.CONNECTED, state="available")
    Connection.objects.filter(pk=charge_point.pk).update(is_connected=True, connected_at=now())
    charge_point.refresh_from_db()
    return charge_point


@pytest.fixture
def charge(online: ChargePoint) -> Charge:
    """A charge that runs on connector 1."""
    return Charge.objects.create(
        charge_point=online,
        connector=online.connectors.get(number=1),
        transaction_id="88123",
        state=ChargeState.CHARGING,
        started_at=now(),
        energy_wh=1234,
    )


def url(charge_point: ChargePoint, kind: str) -> str:
    return reverse("action", args=[charge_point.pk, kind])


@pytest.mark.parametrize("kind", FORMS)
def test_dialog_and_plain_page(alice_client: Client, charge: Charge, kind: str) -> None:
    page = alice_client.get(url(charge.charge_point, kind)).content.decode()
    dialog = alice_client.get(url(charge.charge_point, kind), headers=HTMX).content.decode()
    assert "<!doctype html>" in page
    assert "<dialog" not in page
    assert dialog.startswith("<dialog")
    for html in (page, dialog):
        assert ACTIONS[kind].label in html
        assert f'action="{url(charge.charge_point, kind)}"' in html
        assert "style=" not in html


@pytest.mark.parametrize("kind", FORMS)
def test_needs_login(client: Client, online: ChargePoint, kind: str) -> None:
    for response in (client.get(url(online, kind)), client.post(url(online, kind), {"type": "Soft"})):
        assert response.status_code == 302
        assert response.headers["Location"].startswith("/login/")
    assert not Command.objects.exists()


@pytest.mark.parametrize("kind", FORMS)
def test_ownership(
    bob_client: Client,
    charlie_client: Client,
    online: ChargePoint,
    far_charge_point: ChargePoint,
    kind: str,
) -> None:
    data = {"type": "Soft", "connector": "1", "message": "Heartbeat"}
    assert bob_client.get(url(online, kind)).status_code == 200
    for client, target in ((bob_client, far_charge_point), (charlie_client, online)):
        assert client.get(url(target, kind)).status_code == 404
        assert client.post(url(target, kind), data).status_code == 404
    assert not Command.objects.exists()


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (Role.READ_ONLY, set()),
        (Role.FINANCE, set()),
        (Role.SUPPORT, {kind for kind in FORMS if ACTIONS[kind].right == Right.REBOOT}),
        (Role.OPERATIONS, set(FORMS)),
        (Role.ADMIN, set(FORMS)),
    ],
)
def test_roles(client: Client, online: ChargePoint, nordlys: Organisation, role: Role, allowed: set[str]) -> None:
    person = factories.user()
    factories.member(nordlys, person, role)
    client.force_login(person)
    for kind in FORMS:
        may = kind in allowed
        assert client.get(url(online, kind)).status_code == (200 if may else 403)
        if not may:
            data = {"type": "Soft", "connector": "1", "message": "Heartbeat"}
            assert client.post(url(online, kind), data).status_code == 403
    assert not Command.objects.exists()


def test_what_has_a_form_is_offered_and_nothing_else(alice_client: Client, online: ChargePoint) -> None:
    assert set(FORMS) == {action.kind for action in ACTIONS.values() if action.has_form}
    panel = alice_client.get(reverse("panel", args=[online.pk, "actions"])).content.decode()
    for kind in ACTIONS:
        has_button = (kind in FORMS or ACTIONS[kind].page) and not ACTIONS[kind].tab
        assert (f'id="act-{kind}"' in panel) == bool(has_button)
    assert alice_client.get(url(online, "certificate_signed")).status_code == 404
    assert alice_client.post(url(online, "certificate_signed"), {"chain": "x"}).status_code == 404


def test_availability_and_settings(alice_client: Client, online: ChargePoint) -> None:
    for kind, data in (
        ("availability", {"connector": "0", "type": "Inoperative"}),
        ("clear_cache", {}),
        ("read_configuration", {"keys": " HeartbeatInterval, A\tB "}),
        ("configure", {"key": "HeartbeatInterval", "value": " 60 "}),
    ):
        assert alice_client.post(url(online, kind), data, headers=HTMX).status_code == 204, kind
    found = {command.kind: command.parameters for command in Command.objects.all()}
    assert found == {
        "availability": {"connector": 0, "type": "Inoperative"},
        "clear_cache": {},
        "read_configuration": {"keys": ["HeartbeatInterval", "A", "B"]},
        "configure": {"key": "HeartbeatInterval", "value": " 60 "},
    }


def test_wrong_method(alice_client: Client, online: ChargePoint) -> None:
    assert alice_client.put(url(online, "reboot")).status_code == 405
    assert alice_client.delete(url(online, "reboot")).status_code == 405


def test_bad_ids(alice_client: Client, online: ChargePoint) -> None:
    assert alice_client.get(f"/charge-points/{online.pk}/actions/explode/").status_code == 404
    assert alice_client.post("/charge-points/0/actions/reboot/", {"type": "Soft"}).status_code == 404


def test_reboot_makes_a_command(alice_client: Client, online: ChargePoint) -> None:
    response = alice_client.post(url(online, "reboot"), {"type": "Hard", "reason": "frozen"}, headers=HTMX)
    assert response.status_code == 204
    assert "hub:command" in json.loads(response.headers["HX-Trigger"])
    command = Command.objects.get()
    assert (command.kind, command.parameters, command.reason) == ("reboot", {"type": "Hard"}, "frozen")
    assert command.author is not None
    assert command.author.username == "alice"
    assert command.author_address == "127.0.0.1"
    assert command.charge_point == online


def test_without_script_it_goes_back_and_says_so(alice_client: Client, online: ChargePoint) -> None:
    response = alice_client.post(url(online, "reboot"), {"type": "Soft"}, follow=True)
    assert response.redirect_chain == [(reverse("charge_point", args=[online.pk]), 302)]
    assert "Reboot, soft: queued." in response.content.decode()


def test_reboot_warns_of_a_running_charge(alice_client: Client, charge: Charge) -> None:
    html = alice_client.get(url(charge.charge_point, "reboot")).content.decode()
    assert "A reboot ends the running charge, then restarts." in html


def test_start_with_a_key(alice_client: Client, online: ChargePoint, nordlys: Organisation) -> None:
    factories.charge_key(nordlys, "CARD-1")
    data = {"connector": "2", "id_tag": "CARD-1"}
    assert alice_client.post(url(online, "start"), data, headers=HTMX).status_code == 204
    command = Command.objects.get()
    assert command.parameters == {"connector": 2, "id_tag": "CARD-1"}
    assert command.connector_number == 2


def test_start_takes_no_key_of_others(
    alice_client: Client, online: ChargePoint, nordlys: Organisation, fjord: Organisation
) -> None:
    factories.charge_key(fjord, "THEIRS")
    for tag, text in (("THEIRS", "This key is not known"), ("", "Choose a driver or a key")):
        response = alice_client.post(url(online, "start"), {"connector": "1", "id_tag": tag}, headers=HTMX)
        assert response.status_code == 422
        assert text in response.content.decode()
    assert not Command.objects.exists()


def test_stop_of_a_charge(alice_client: Client, charge: Charge) -> None:
    target = url(charge.charge_point, "stop")
    assert f'value="{charge.pk}" checked' in alice_client.get(target).content.decode()
    assert alice_client.post(target, {"charge": charge.pk}, headers=HTMX).status_code == 204
    assert Command.objects.get().charge == charge


def test_stop_of_a_foreign_charge(alice_client: Client, charge: Charge, foreign_charge_point: ChargePoint) -> None:
    other = Charge.objects.create(
        charge_point=foreign_charge_point,
        connector=foreign_charge_point.connectors.get(),
        transaction_id="1",
        state=ChargeState.CHARGING,
        started_at=now(),
    )
    response = alice_client.post(url(charge.charge_point, "stop"), {"charge": other.pk}, headers=HTMX)
    assert response.status_code == 422
    assert not Command.objects.exists()


def test_unlock_and_trigger(alice_client: Client, online: ChargePoint) -> None:
    assert alice_client.post(url(online, "unlock"), {"connector": "2"}, headers=HTMX).status_code == 204
    data = {"message": "StatusNotification", "connector": ""}
    assert alice_client.post(url(online, "trigger"), data, headers=HTMX).status_code == 204
    found = {command.kind: command.parameters for command in Command.objects.all()}
    assert found == {
        "unlock": {"connector": 2},
        "trigger": {"message": "StatusNotification", "connector": None},
    }


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("reboot", {"type": "Explode"}),
        ("unlock", {"connector": "9"}),
        ("unlock", {"connector": "x"}),
        ("trigger", {"message": "Reset"}),
        ("availability", {"connector": "0", "type": "Off"}),
        ("availability", {"connector": "9", "type": "Operative"}),
        ("availability", {"type": "Operative"}),
        ("configure", {"key": "", "value": "1"}),
        ("trigger", {"message": "Heartbeat", "connector": "7"}),
    ],
)
def test_nonsense_is_refused(alice_client: Client, online: ChargePoint, kind: str, data: dict[str, str]) -> None:
    response = alice_client.post(url(online, kind), data, headers=HTMX)
    assert response.status_code == 422
    assert 'role="alert"' in response.content.decode()
    assert not Command.objects.exists()


def test_offline_is_refused_with_the_reason(alice_client: Client, online: ChargePoint) -> None:
    ChargePoint.objects.update(integration=Integration.DISCONNECTED)
    response = alice_client.post(url(online, "reboot"), {"type": "Soft"}, headers=HTMX)
    assert response.status_code == 409
    assert "The charger is offline. Nothing can be sent to it now." in response.content.decode()
    assert not Command.objects.exists()


def test_a_second_press_asks(alice_client: Client, online: ChargePoint) -> None:
    alice_client.post(url(online, "reboot"), {"type": "Soft"}, headers=HTMX)
    Command.objects.update(status=CommandStatus.SENT)
    response = alice_client.post(url(online, "reboot"), {"type": "Soft"}, headers=HTMX)
    html = response.content.decode()
    assert response.status_code == 409
    assert "Reboot is already running since" in html
    assert "Send another" in html
    assert Command.objects.count() == 1
    again = alice_client.post(url(online, "reboot"), {"type": "Soft", "again": "1"}, headers=HTMX)
    assert again.status_code == 204
    assert Command.objects.count() == 2


def test_the_button_stays_pressed_while_it_runs(alice_client: Client, online: ChargePoint) -> None:
    panel = reverse("panel", args=[online.pk, "actions"])
    assert 'aria-pressed="true"' not in alice_client.get(panel).content.decode()
    alice_client.post(url(online, "reboot"), {"type": "Soft"}, headers=HTMX)
    assert 'aria-pressed="true"' in alice_client.get(panel).content.decode()


def test_a_form_from_elsewhere_is_refused(online: ChargePoint, alice_client: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = alice_client.cookies
    assert strict.post(url(online, "reboot"), {"type": "Soft"}).status_code == 403
    assert not Command.objects.exists()
