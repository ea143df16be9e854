"""The Settings tab: facts, connectors, activation, and what others changed meanwhile."""

import json

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from chargepoints.choices import ChargeState, ConnectorStatus, Integration
from chargepoints.models import Charge, ChargePoint, Command, Connection, Connector, StatusChange
from hub.audit.models import AuditEntry
from hub.teams.choices import Role
from hub.teams.models import Organisation
from tests import factories
from tests.factories import now

pytestmark = pytest.mark.usefixtures("clean_redis")


def page(charge_point: ChargePoint, name: str = "settings") -> str:
    """The address of the tab, or of a page beside it."""
    return reverse(f"charge_point_{name}", args=[charge_point.pk])


def sent(charge_point: ChargePoint, client: Client, **fields: object) -> dict[str, object]:
    """The form as it was opened by `client`, with some fields changed."""
    form = client.get(page(charge_point)).context["form"]
    found: dict[str, object] = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    if not found.get("is_strict"):
        found.pop("is_strict", None)
    rows = charge_point.connectors.order_by("number")
    for index, row in enumerate(rows):
        power = "" if row.max_power_w is None else row.max_power_w / 1000
        found |= {f"connectors-{index}-number": row.number, f"connectors-{index}-type": row.type}
        found[f"connectors-{index}-max_power_kw"] = power
    found |= {"connectors-TOTAL_FORMS": len(rows), "connectors-INITIAL_FORMS": 0, "opened": form.version}
    return {**found, **fields}


def test_facts_are_changed_and_recorded(alice_client: Client, charge_point: ChargePoint) -> None:
    answer = alice_client.post(
        page(charge_point),
        sent(
            charge_point,
            alice_client,
            name="Bay 1",
            note="By the door",
            security_profile="2",
            heartbeat_interval="120",
            is_strict="on",
            assume_version="ocpp1.6",
        ),
    )
    assert answer.status_code == 302
    charge_point.refresh_from_db()
    assert (charge_point.name, charge_point.note, charge_point.security_profile) == ("Bay 1", "By the door", 2)
    assert (charge_point.heartbeat_interval, charge_point.is_strict) == (120, True)
    assert charge_point.identity == "NORD-1"
    entry = AuditEntry.objects.get()
    assert entry.act == "charge_point.edited"
    assert (entry.before["name"], entry.after["name"]) == ("NORD-1", "Bay 1")
    assert set(entry.after) == {
        "name",
        "note",
        "security_profile",
        "heartbeat_interval",
        "is_strict",
        "assume_version",
    }


def test_nothing_changed_is_not_recorded(alice_client: Client, charge_point: ChargePoint) -> None:
    assert alice_client.post(page(charge_point), sent(charge_point, alice_client)).status_code == 302
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "NORD-X"}, "This site has a charge point of that name already."),
        ({"heartbeat_interval": "3"}, "Use 10 to 86400 seconds"),
        ({"security_profile": "9"}, "9 is not one of the available choices"),
        ({"registration": "Perhaps"}, "Perhaps is not one of the available choices"),
        ({"connectors-0-number": "x"}, "Enter a whole number."),
    ],
)
def test_bad_input(alice_client: Client, charge_point: ChargePoint, fields: dict[str, str], words: str) -> None:
    factories.charge_point(charge_point.site, name="NORD-X")
    answer = alice_client.post(page(charge_point), sent(charge_point, alice_client, note="Typed", **fields))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert "Typed" in answer.content.decode()
    charge_point.refresh_from_db()
    assert charge_point.note == ""


def test_connectors_are_changed(alice_client: Client, charge_point: ChargePoint) -> None:
    fields = {"connectors-1-number": 3, "connectors-0-max_power_kw": "7.4", "connectors-0-type": "Schuko"}
    assert alice_client.post(page(charge_point), sent(charge_point, alice_client, **fields)).status_code == 302
    found = list(charge_point.connectors.order_by("number").values_list("number", "type", "max_power_w"))
    assert found == [(1, "Schuko", 7400), (3, "Type2", 22_000)]
    assert AuditEntry.objects.get().after["connectors"] == ["1 Schuko 7.4 kW", "3 Type2 22 kW"]


def test_a_connector_with_a_history_stays(alice_client: Client, charge_point: ChargePoint) -> None:
    second = charge_point.connectors.get(number=2)
    reported = StatusChange.objects.create(
        charge_point=charge_point, connector_number=2, status=ConnectorStatus.AVAILABLE, received_at=now()
    )
    assert "Connector 2 stays: the charger has reported 1 status of it" in alice_client.get(
        page(charge_point)
    ).content.decode().replace("\n", "")
    one = sent(charge_point, alice_client, **{"connectors-TOTAL_FORMS": 1})
    answer = alice_client.post(page(charge_point), one)
    assert answer.status_code == 409
    assert "Connector 2 cannot be removed: the charger has reported 1 status of it." in answer.content.decode()
    reported.delete()
    Charge.objects.create(
        charge_point=charge_point, connector=second, transaction_id="1", state="completed", started_at=now()
    )
    assert "it has 1 charge." in alice_client.post(page(charge_point), one).content.decode()
    Charge.objects.all().delete()
    assert alice_client.post(page(charge_point), one).status_code == 302
    assert list(charge_point.connectors.values_list("number", flat=True)) == [1]


def test_rows_come_and_go_without_storing(alice_client: Client, charge_point: ChargePoint) -> None:
    opened = sent(charge_point, alice_client, name="Typed")
    html = alice_client.post(page(charge_point), {**opened, "add_connector": "1"}).content.decode()
    assert 'name="connectors-2-number" value="3"' in html
    assert 'value="Typed"' in html
    html = alice_client.post(page(charge_point), {**opened, "remove_connector": "1"}).content.decode()
    assert 'name="connectors-1-number"' not in html
    assert charge_point.connectors.count() == 2
    charge_point.refresh_from_db()
    assert charge_point.name == "NORD-1"


def test_what_others_changed_is_not_overwritten(alice_client: Client, charge_point: ChargePoint) -> None:
    opened = sent(charge_point, alice_client)
    ChargePoint.objects.update(location="Level 2", note="Theirs")
    Connector.objects.create(charge_point=charge_point, number=3)
    clash = alice_client.post(page(charge_point), {**opened, "note": "Mine", "sticker": "17"})
    html = clash.content.decode()
    assert clash.status_code == 422
    assert "Somebody changed this meanwhile: it is “Theirs” now." in html
    assert "Mine" in html
    fresh = json.loads(clash.context["version"])
    assert fresh["note"] == "Theirs"
    again = alice_client.post(
        page(charge_point),
        {
            **opened,
            "note": "Mine",
            "sticker": "17",
            "opened": json.dumps({**json.loads(str(opened["opened"])), "note": "Theirs"}),
        },
    )
    assert again.status_code == 302
    charge_point.refresh_from_db()
    assert (charge_point.note, charge_point.sticker, charge_point.location) == ("Mine", "17", "Level 2")
    assert charge_point.connectors.count() == 3, "the connector that appeared meanwhile stays"


def test_connectors_that_both_changed_are_asked_about(alice_client: Client, charge_point: ChargePoint) -> None:
    opened = sent(charge_point, alice_client, **{"connectors-0-type": "CCS"})
    Connector.objects.create(charge_point=charge_point, number=3)
    answer = alice_client.post(page(charge_point), opened)
    assert answer.status_code == 409
    assert "They changed meanwhile" in answer.content.decode()
    assert charge_point.connectors.get(number=1).type == "Type2"


def test_another_registration_asks_for_a_boot(alice_client: Client, charge_point: ChargePoint) -> None:
    alice_client.post(page(charge_point), sent(charge_point, alice_client, registration="Pending"))
    assert not Command.objects.exists(), "it is offline"
    ChargePoint.objects.update(integration=Integration.CONNECTED, state="available")
    Connection.objects.update(is_connected=True, connected_at=now())
    alice_client.post(page(charge_point), sent(charge_point, alice_client, registration="Accepted"))
    command = Command.objects.get()
    assert (command.kind, command.parameters["message"], command.author_name) == (
        "trigger",
        "BootNotification",
        "Alice",
    )


def test_activation(alice_client: Client, charge_point: ChargePoint) -> None:
    assert "It is refused when it calls" in alice_client.get(page(charge_point, "activation")).content.decode()
    assert alice_client.post(page(charge_point, "activation"), {"to": "off"}).status_code == 302
    charge_point.refresh_from_db()
    assert not charge_point.is_active
    assert alice_client.post(page(charge_point, "activation"), {"to": "off"}).status_code == 302
    assert alice_client.post(page(charge_point, "activation"), {"to": "on"}).status_code == 302
    charge_point.refresh_from_db()
    assert charge_point.is_active
    acts = list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))
    assert acts == ["charge_point.deactivated", "charge_point.activated"]


def test_who_may(
    client: Client,
    bob_client: Client,
    charlie_client: Client,
    nordlys: Organisation,
    charge_point: ChargePoint,
    far_charge_point: ChargePoint,
) -> None:
    for name in ("settings", "activation"):
        assert client.get(page(charge_point, name)).headers["Location"].startswith("/login/")
        for who, one in ((bob_client, far_charge_point), (charlie_client, charge_point)):
            assert who.get(page(one, name)).status_code == 404
            assert who.post(page(one, name), {"name": "Mine"}).status_code == 404
        assert bob_client.get(page(charge_point, name)).status_code == 200
        assert bob_client.put(page(charge_point, name)).status_code == 405
    for role in (Role.READ_ONLY, Role.SUPPORT, Role.FINANCE):
        person = factories.user()
        factories.member(nordlys, person, role)
        client.force_login(person)
        html = client.get(page(charge_point)).content.decode()
        assert "Your role may look at these settings." in html
        assert "disabled" in html
        for button in ("Save</button>", "Add a connector", "Archive", "Start or plan"):
            assert button not in html.replace("<button hidden disabled>Save</button>", "")
        assert client.post(page(charge_point), {"name": "Mine"}).status_code == 403
        assert client.post(page(charge_point, "activation"), {"to": "off"}).status_code == 403
    charge_point.refresh_from_db()
    assert (charge_point.name, charge_point.is_active) == ("NORD-1", True)


@pytest.mark.parametrize("bad", ["0", "999999999", "99999999999999999999", "x"])
def test_bad_ids(alice_client: Client, bad: str) -> None:
    assert alice_client.get(f"/charge-points/{bad}/settings/").status_code == 404


def test_queries(
    alice_client: Client, charge_point: ChargePoint, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(20) as few:
        alice_client.get(page(charge_point))
    for number in range(3, 13):
        Connector.objects.create(charge_point=charge_point, number=number)
        Charge.objects.create(
            charge_point=charge_point,
            connector=charge_point.connectors.get(number=number),
            transaction_id=str(number),
            state=ChargeState.COMPLETED,
            started_at=now(),
        )
    with django_assert_max_num_queries(20) as many:
        alice_client.get(page(charge_point))
    assert len(many) == len(few)
