"""Security on the Integration tab: profile, certificate, rotation, events."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from chargepoints.choices import Integration, IssuedState
from chargepoints.models import (
    ChargePoint,
    Command,
    Connection,
    InstalledCertificate,
    IssuedCertificate,
    SecurityEvent,
)
from hub.teams.choices import Role
from hub.teams.models import Organisation
from tests import factories
from tests.factories import now
from tests.portal.admin_tools import url

pytestmark = pytest.mark.usefixtures("clean_redis")


@pytest.fixture
def online(charge_point: ChargePoint) -> ChargePoint:
    """NORD-1, connected."""
    ChargePoint.objects.filter(pk=charge_point.pk).update(integration=Integration.CONNECTED, state="available")
    Connection.objects.filter(pk=charge_point.pk).update(is_connected=True, connected_at=now())
    charge_point.refresh_from_db()
    return charge_point


def tab(client: Client, charge_point: ChargePoint) -> str:
    """The page."""
    return client.get(reverse("charge_point_integration", args=[charge_point.pk])).content.decode()


def action(charge_point: ChargePoint, kind: str) -> str:
    """The address of a dialog."""
    return reverse("action", args=[charge_point.pk, kind])


def test_nothing_yet(alice_client: Client, online: ChargePoint) -> None:
    html = tab(alice_client, online)
    assert "1: password, or higher" in html
    assert "The charger has reported no security event." in html
    for kind in ("rotate_password", "extended_trigger"):
        assert f'formaction="{action(online, kind)}"' in html


def test_events_and_certificates(alice_client: Client, online: ChargePoint, foreign_charge_point: ChargePoint) -> None:
    SecurityEvent.objects.create(charge_point=online, type="FirmwareUpdated", is_critical=True, received_at=now())
    SecurityEvent.objects.create(charge_point=foreign_charge_point, type="NotMine", received_at=now())
    soon, later = now() + timedelta(days=10), now() + timedelta(days=300)
    good = IssuedCertificate.objects.create(
        charge_point=online, serial_number="abc1", state=IssuedState.ACCEPTED, requested_at=now(), not_after=soon
    )
    IssuedCertificate.objects.create(
        charge_point=online, state=IssuedState.REFUSED, detail="Weak key", requested_at=now() + timedelta(seconds=1)
    )
    InstalledCertificate.objects.create(
        charge_point=online, type="CentralSystemRootCertificate", serial_number="00ff", seen_at=now()
    )
    html = tab(alice_client, online)
    for words in ("FirmwareUpdated", "critical", "abc1", "renew it now", "Weak key", "00ff"):
        assert words in html
    assert "NotMine" not in html
    IssuedCertificate.objects.filter(pk=good.pk).update(not_after=later)
    assert "renew it now" not in tab(alice_client, online)
    IssuedCertificate.objects.filter(pk=good.pk).update(not_after=now() - timedelta(days=1))
    assert "expired" in tab(alice_client, online)


def test_rotation(alice_client: Client, online: ChargePoint) -> None:
    """The dialog makes a command without a password in it."""
    assert "Nobody gets to see it" in alice_client.get(action(online, "rotate_password")).content.decode()
    assert alice_client.post(action(online, "rotate_password")).status_code == 302
    command = Command.objects.get()
    assert (command.kind, command.parameters) == ("rotate_password", {})
    again = alice_client.post(action(online, "rotate_password"), {"again": "1"})
    assert again.status_code == 409
    assert "on its way already" in again.content.decode()


def test_an_undecided_rotation_is_told(alice_client: Client, online: ChargePoint) -> None:
    ChargePoint.objects.update(next_password_hmac="x" * 64)
    html = tab(alice_client, online)
    assert "a new one is on its way" in html
    assert "x" * 64 not in html


def test_a_new_certificate_is_asked_for(alice_client: Client, online: ChargePoint) -> None:
    data = {"message": "SignChargePointCertificate"}
    assert alice_client.post(action(online, "extended_trigger"), data).status_code == 302
    assert Command.objects.get().parameters == {**data, "connector": None}


def test_a_role_that_may_not(client: Client, online: ChargePoint, nordlys: Organisation) -> None:
    person = factories.user()
    factories.member(nordlys, person, Role.SUPPORT)
    client.force_login(person)
    assert f'formaction="{action(online, "rotate_password")}"' not in tab(client, online)
    assert client.post(action(online, "rotate_password")).status_code == 403
    assert not Command.objects.exists()


def test_kinds_without_a_form_have_no_page(alice_client: Client, online: ChargePoint) -> None:
    for kind in ("certificate_signed", "local_list"):
        assert alice_client.get(action(online, kind)).status_code == 404


def test_profile_0_is_warned_of(alice_client: Client, online: ChargePoint) -> None:
    ChargePoint.objects.update(security_profile=0)
    assert "Anybody who knows the address" in tab(alice_client, online)


def test_the_panel_of_actions_has_none_of_these(alice_client: Client, online: ChargePoint) -> None:
    html = alice_client.get(reverse("panel", args=[online.pk, "actions"])).content.decode()
    assert "act-reboot" in html
    assert "rotate_password" not in html
    assert "certificate" not in html


def test_revoking(alice_client: Client, charlie_client: Client, online: ChargePoint) -> None:
    issued = IssuedCertificate.objects.create(
        charge_point=online, fingerprint="f" * 64, state=IssuedState.ACCEPTED, requested_at=now(), not_after=now()
    )
    data = {"action": "revoke", "_selected_action": [issued.pk]}
    charlie_client.post(url(IssuedCertificate, "changelist"), data)
    issued.refresh_from_db()
    assert issued.state == IssuedState.ACCEPTED
    assert alice_client.post(url(IssuedCertificate, "changelist"), data).status_code == 302
    issued.refresh_from_db()
    assert issued.state == IssuedState.REVOKED
