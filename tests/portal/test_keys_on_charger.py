"""The card with the keys that a charger knows by itself."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from chargepoints.choices import Integration, KeyState
from chargepoints.models import ChargePoint, Command, ConfigurationItem, Connection, KeyLimit, LocalList, Site
from hub.teams.choices import Role
from hub.teams.models import Organisation
from tests import factories
from tests.conftest import signed_in


@pytest.fixture
def url(charge_point: ChargePoint, nordlys: Organisation, far_site: Site) -> str:
    """NORD-1 is connected; two keys may charge there, others may not."""
    Connection.objects.filter(charge_point=charge_point).update(is_connected=True)
    ChargePoint.objects.filter(pk=charge_point.pk).update(integration=Integration.CONNECTED)
    factories.charge_key(nordlys, "CARD-1")
    factories.charge_key(nordlys, "CARD-2", parent_id_tag="FLEET")
    factories.charge_key(nordlys, "STOPPED", state=KeyState.BLOCKED)
    factories.charge_key(nordlys, "OLD", expires_at=factories.now() - timedelta(days=1))
    factories.charge_key(nordlys, "X" * 36)
    KeyLimit.objects.create(charge_key=factories.charge_key(nordlys, "FAR"), site=far_site)
    return reverse("charge_point_local_list", args=[charge_point.pk])


def on_charger(charge_point: ChargePoint, **entries: dict[str, str]) -> LocalList:
    """What the charger has, as version 3."""
    return LocalList.objects.create(charge_point=charge_point, version=3, entries=entries, updated_at=factories.now())


def test_nothing_sent_yet(alice_client: Client, url: str, charge_point: ChargePoint) -> None:
    tab = alice_client.get(reverse("charge_point_configuration", args=[charge_point.pk])).content.decode()
    for words in ("nothing was sent yet", "2 keys", "2 to add, 0 to change, 0 to take off", "Send all"):
        assert words in tab
    assert "Send changes" not in tab


def test_send_all(alice_client: Client, url: str) -> None:
    assert alice_client.post(url, {"what": "full"}).status_code == 302
    command = Command.objects.get(kind="local_list")
    assert (command.parameters["update"], command.parameters["version"]) == ("Full", 1)
    assert [entry["id_tag"] for entry in command.parameters["entries"]] == ["CARD-1", "CARD-2"]


def test_send_changes_in_parts(alice_client: Client, url: str, charge_point: ChargePoint) -> None:
    """One to add, one to change, one to take off; two at once."""
    on_charger(charge_point, **{"card-2": {"status": "Accepted"}, "gone": {"status": "Accepted"}})
    ConfigurationItem.objects.create(
        charge_point=charge_point,
        key="SendLocalListMaxLength",
        value="2",
        is_readonly=True,
        reported_at=factories.now(),
    )
    assert "1 to add, 1 to change, 1 to take off" in alice_client.get(url).content.decode()
    alice_client.post(url, {"what": "changes"})
    told = Command.objects.get(kind="local_list").parameters
    assert (told["update"], told["version"]) == ("Differential", 4)
    assert [entry["id_tag"] for entry in told["entries"]] == ["CARD-1", "CARD-2"]
    assert told["rest"] == [[{"id_tag": "gone"}]]


def test_nothing_differs(alice_client: Client, url: str, charge_point: ChargePoint) -> None:
    right = {"card-1": {"status": "Accepted"}, "card-2": {"status": "Accepted", "parentIdTag": "FLEET"}}
    on_charger(charge_point, **right)
    assert "<dd>none</dd>" in alice_client.get(url).content.decode()
    answer = alice_client.post(url, {"what": "changes"})
    assert (answer.status_code, Command.objects.count()) == (409, 0)


def test_refusals_are_told(alice_client: Client, url: str, charge_point: ChargePoint) -> None:
    LocalList.objects.create(charge_point=charge_point, version=3, in_doubt=True, updated_at=factories.now())
    answer = alice_client.post(url, {"what": "changes"})
    assert answer.status_code == 409
    assert "Send the whole list first" in answer.content.decode()
    assert alice_client.post(url, {"what": "nonsense"}).status_code == 409


def test_no_list_at_all(alice_client: Client, url: str, charge_point: ChargePoint) -> None:
    LocalList.objects.create(charge_point=charge_point, version=-1, updated_at=factories.now())
    html = alice_client.get(url).content.decode()
    assert "no local list" in html
    assert "Send all" not in html


def test_offline(alice_client: Client, url: str, charge_point: ChargePoint) -> None:
    ChargePoint.objects.filter(pk=charge_point.pk).update(integration=Integration.DISCONNECTED)
    assert "The charger is offline" in alice_client.get(url).content.decode()
    assert alice_client.post(url, {"what": "full"}).status_code == 409


def test_who_may(client: Client, charlie_client: Client, url: str, nordlys: Organisation) -> None:
    assert client.get(url).status_code == 302
    assert charlie_client.get(url).status_code == 404
    person = factories.user()
    factories.member(nordlys, person, Role.FINANCE)
    finance = signed_in(person)
    assert "Send all" not in finance.get(url).content.decode()
    assert finance.post(url, {"what": "full"}).status_code == 403
