"""The dialogs that ask a charger for diagnostics or a log."""

import pytest
from django.test import Client
from django.urls import reverse

from chargepoints.choices import Integration
from chargepoints.models import ChargePoint, Command, Connection
from hub.audit.models import AuditEntry
from tests.factories import now


@pytest.fixture
def online(charge_point: ChargePoint) -> ChargePoint:
    """NORD-1, connected."""
    ChargePoint.objects.filter(pk=charge_point.pk).update(integration=Integration.CONNECTED, state="available")
    Connection.objects.filter(pk=charge_point.pk).update(is_connected=True, connected_at=now())
    charge_point.refresh_from_db()
    return charge_point


def ask(charge_point: ChargePoint, kind: str = "diagnostics") -> str:
    return reverse("action", args=[charge_point.pk, kind])


def text(client: Client, address: str) -> str:
    return client.get(address).content.decode()


@pytest.mark.usefixtures("clean_redis")
class TestDialogs:
    """What is asked, and the command that comes of it."""

    def sent(self, client: Client, charge_point: ChargePoint, kind: str = "diagnostics", **data: str) -> object:
        assert client.post(ask(charge_point, kind), data).status_code == 302
        return Command.objects.get().parameters

    def test_ours_by_default(self, alice_client: Client, online: ChargePoint) -> None:
        assert self.sent(alice_client, online) == {"own": True}
        html = text(alice_client, reverse("command", args=[Command.objects.get().pk]))
        assert "<dt>own</dt>" not in html

    def test_a_period_in_the_sites_time(self, alice_client: Client, online: ChargePoint) -> None:
        given = {"since": "2026-07-01T12:00", "until": "2026-12-01T12:00", "retries": "2"}
        assert online.site.time_zone == "Europe/Oslo"
        assert self.sent(alice_client, online, **given) == {
            "own": True,
            "retries": 2,
            "start": "2026-07-01T10:00:00Z",
            "stop": "2026-12-01T11:00:00Z",
        }

    def test_another_server(self, alice_client: Client, online: ChargePoint) -> None:
        """Its password leaves with the command and is shown to nobody, before that neither."""
        location = "ftps://me:hush@files.example.net/up/"
        assert self.sent(alice_client, online, location=location) == {"location": location}
        command = Command.objects.get()
        html = text(alice_client, reverse("command", args=[command.pk]))
        assert "hush" not in html
        assert "ftps://(hidden)@files.example.net/up/" in html
        assert "hush" not in str(AuditEntry.objects.get().after)

    def test_a_log(self, alice_client: Client, online: ChargePoint) -> None:
        given = self.sent(alice_client, online, "log_upload", type="DiagnosticsLog", since="2026-07-01T12:00")
        assert isinstance(given, dict)
        number = given.pop("request_id")
        assert (given, Command.objects.get().request_id) == (
            {"type": "DiagnosticsLog", "own": True, "oldest": "2026-07-01T10:00:00Z"},
            number,
        )

    @pytest.mark.parametrize(
        ("data", "told"),
        [
            ({"since": "soon"}, "From: type a date and a time"),
            ({"since": "2026-03-29T02:30"}, "The clocks change at this time."),
            ({"since": "2026-07-02T12:00", "until": "2026-07-01T12:00"}, "To: choose a time after the begin"),
            ({"retries": "11"}, "Retries: type a number from 0 to 10."),
            ({"retries": "x"}, "Retries: type a number from 0 to 10."),
        ],
    )
    def test_mistakes(self, alice_client: Client, online: ChargePoint, data: dict[str, str], told: str) -> None:
        response = alice_client.post(ask(online), data)
        assert response.status_code == 422
        assert told in response.content.decode()
        assert not Command.objects.exists()

    @pytest.mark.parametrize("location", ["gopher://x/", "https://", "x", "ftp://me:hush@ho st/"])
    def test_no_address(self, alice_client: Client, online: ChargePoint, location: str) -> None:
        response = alice_client.post(ask(online), {"location": location})
        assert response.status_code == 409
        html = response.content.decode()
        assert "names a host" in html
        assert "hush" not in html

    def test_a_log_has_no_password_in_its_address(self, alice_client: Client, online: ChargePoint) -> None:
        data = {"type": "SecurityLog", "location": "ftp://me:hush@files.example.net/"}
        response = alice_client.post(ask(online, "log_upload"), data)
        assert response.status_code == 409
        assert "hush" not in response.content.decode()
