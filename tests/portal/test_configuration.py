"""The page of a charger's settings."""

import pytest
from django.test import Client
from django.urls import reverse

from chargepoints.choices import Integration
from chargepoints.models import ChargePoint, Command, ConfigurationItem
from hub.teams.choices import Role
from hub.teams.models import Organisation
from tests import factories

pytestmark = pytest.mark.usefixtures("clean_redis")


@pytest.fixture
def told(charge_point: ChargePoint, foreign_charge_point: ChargePoint) -> ChargePoint:
    """NORD-1, connected, with one setting of each kind."""
    ChargePoint.objects.update(integration=Integration.CONNECTED)
    now = factories.now()
    for key, value, fields in (
        ("HeartbeatInterval", "300 & more", {}),
        ("NumberOfConnectors", "2", {"is_readonly": True}),
        ("SecurityProfile", "2", {"needs_reboot": True}),
        ("AuthorizationKey", None, {}),
        ("Empty", "", {}),
    ):
        ConfigurationItem.objects.create(charge_point=charge_point, key=key, value=value, reported_at=now, **fields)
    ConfigurationItem.objects.create(charge_point=foreign_charge_point, key="Theirs", value="1", reported_at=now)
    return ChargePoint.objects.get(pk=charge_point.pk)


def page(client: Client, charge_point: ChargePoint) -> str:
    """The tab."""
    response = client.get(reverse("charge_point_configuration", args=[charge_point.pk]))
    assert response.status_code == 200
    return response.content.decode()


def test_settings_are_shown(alice_client: Client, told: ChargePoint) -> None:
    html = page(alice_client, told)
    for text in ("HeartbeatInterval", "300 &amp; more", "read-only", "after a restart", "not told", "empty"):
        assert text in html
    assert "Theirs" not in html
    change = reverse("action", args=[told.pk, "configure"])
    assert f"{change}?key=HeartbeatInterval&amp;value=300%20%26%20more" in html
    for key in ("NumberOfConnectors", "AuthorizationKey"):
        assert f"{change}?key={key}" not in html


def test_the_dialog_is_filled_in(alice_client: Client, told: ChargePoint) -> None:
    address = reverse("action", args=[told.pk, "configure"])
    html = alice_client.get(address, {"key": "HeartbeatInterval", "value": '3"0'}).content.decode()
    assert 'value="HeartbeatInterval"' in html
    assert 'value="3&quot;0"' in html


def test_empty(alice_client: Client, charge_point: ChargePoint) -> None:
    html = page(alice_client, charge_point)
    assert "No setting yet." in html
    assert "offline" in html


def test_who_may_change(client: Client, told: ChargePoint, nordlys: Organisation) -> None:
    """Support may read them, and change none."""
    person = factories.user()
    factories.member(nordlys, person, Role.SUPPORT)
    client.force_login(person)
    html = page(client, told)
    assert reverse("action", args=[told.pk, "read_configuration"]) in html
    assert reverse("action", args=[told.pk, "configure"]) not in html
    assert "Your role does not allow this." in html


def test_foreign_and_wrong(charlie_client: Client, alice_client: Client, client: Client, told: ChargePoint) -> None:
    address = reverse("charge_point_configuration", args=[told.pk])
    assert charlie_client.get(address).status_code == 404
    assert alice_client.post(address).status_code == 405
    assert client.get(address).status_code == 302
    assert alice_client.get("/charge-points/0/configuration/").status_code == 404


def test_the_page_of_a_command_shows_progress_and_result(alice_client: Client, told: ChargePoint) -> None:
    now = factories.now()
    command = Command.objects.create(
        charge_point=told,
        kind="firmware",
        parameters={"location": "https://files.example.net/f.bin", "rest": ["LATER-PIECE"]},
        author_name="Alice",
        created_at=now,
        expires_at=now,
        status="accepted",
        effect="missing",
        effect_text="DownloadFailed",
        progress=[[now.isoformat(), "Downloading"], [now.isoformat(), "DownloadFailed"]],
        result={"fileName": "<b>.zip"},
    )
    html = alice_client.get(reverse("command", args=[command.pk])).content.decode()
    assert "Downloading" in html
    assert "DownloadFailed" in html
    assert "&lt;b&gt;.zip" in html
    assert "LATER-PIECE" not in html
