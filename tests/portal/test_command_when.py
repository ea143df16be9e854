"""When a command is sent, what is kept on a charger's page and taken back, and the charger's last message."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from chargepoints.choices import CommandStatus
from chargepoints.models import ChargePoint, Command, Site
from hub.audit.models import AuditEntry
from hub.teams.choices import Role
from hub.teams.models import Organisation, User
from tests import factories
from tests.factories import now
from tests.portal.kept_tools import kept, link, planned, text_of
from tests.portal.live_tools import append
from tests.portal.test_commands import command

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_redis")]
HTMX = {"HX-Request": "true"}


class TestWhen:
    """Now, at a time of the site, or when the charger is back."""

    @pytest.fixture
    def dialog(self, charge_point: ChargePoint) -> str:
        """The address of the reboot's dialog."""
        Site.objects.filter(pk=charge_point.site_id).update(time_zone="Europe/Oslo")
        return reverse("action", args=[charge_point.pk, "reboot"])

    def test_offline_it_offers_to_wait(self, alice_client: Client, charge_point: ChargePoint, dialog: str) -> None:
        link(charge_point, up=False)
        panel = text_of(alice_client, "panel", charge_point.pk, "actions")
        assert f'formaction="{dialog}"' in panel
        assert 'id="act-unlock" aria-disabled="true"' in panel
        html = alice_client.get(dialog).content.decode()
        assert "Offline. Keep it until it reconnects?" in html
        assert 'value="now"' not in html
        sent = {"type": "Soft", "when": "back", "keep": "8"}
        response = alice_client.post(dialog, sent, headers=HTMX)
        assert (response.status_code, "kept until the charger is back" in response["HX-Trigger"]) == (204, True)
        made = Command.objects.get()
        assert made.status == CommandStatus.WAITING
        assert made.keep_until is not None
        assert timedelta(hours=7, minutes=59) < made.keep_until - now() < timedelta(hours=8)

    def test_at_a_time_of_the_site(self, alice_client: Client, charge_point: ChargePoint, dialog: str) -> None:
        link(charge_point, up=True)
        local = (now() + timedelta(days=2)).astimezone(ZoneInfo("Europe/Oslo")).replace(second=0, microsecond=0)
        if local.fold or local.hour in {1, 2, 3}:
            local = local.replace(hour=12)
        sent = {"type": "Soft", "when": "at", "at": f"{local:%Y-%m-%dT%H:%M}"}
        assert alice_client.post(dialog, sent, headers=HTMX).status_code == 204
        made = Command.objects.get()
        assert (made.status, made.not_before) == (CommandStatus.SCHEDULED, local)
        for html in (
            text_of(alice_client, "panel", charge_point.pk, "commands"),
            text_of(alice_client, "command", made.pk),
        ):
            assert f"{local.day} {local:%b %H:%M}" in html
            assert "Take back" in html

    @pytest.mark.parametrize(
        ("at", "words"),
        [
            ("", "Type the date and the time"),
            ("soon", "Type a date and a time"),
            ("2020-01-01T12:00", "This time has passed"),
            # The hour that the clocks of Oslo skip, and the one that comes twice.
            ("2099-03-29T02:30", "The clocks change at this time"),
            ("2099-10-25T02:30", "The clocks change at this time"),
            ("2099-06-01T12:00", "31 days ahead at most"),
        ],
    )
    def test_times_that_are_none(
        self, alice_client: Client, charge_point: ChargePoint, dialog: str, at: str, words: str
    ) -> None:
        link(charge_point, up=True)
        response = alice_client.post(dialog, {"type": "Hard", "when": "at", "at": at}, headers=HTMX)
        html = response.content.decode()
        assert response.status_code in {409, 422}
        assert words in html
        assert f'name="at" value="{at}"' in html
        assert 'value="Hard" checked' in html
        assert not Command.objects.exists()

    def test_what_cannot_wait_has_no_choice(self, alice_client: Client, charge_point: ChargePoint) -> None:
        link(charge_point, up=True)
        unlock = reverse("action", args=[charge_point.pk, "unlock"])
        assert 'name="when"' not in alice_client.get(unlock).content.decode()
        response = alice_client.post(unlock, {"connector": "1", "when": "back", "keep": "1"}, headers=HTMX)
        assert (response.status_code, Command.objects.count()) == (409, 0)


class TestKept:
    """On the charger's page, and taken back."""

    def test_the_panel(
        self, alice_client: Client, client: Client, charge_point: ChargePoint, nordlys: Organisation
    ) -> None:
        link(charge_point, up=False)
        waiting, ahead = kept(charge_point, "clear_cache"), planned(charge_point, now() + timedelta(days=2))
        Command.objects.filter(pk=waiting.pk).update(created_at=now() - timedelta(days=3))
        html = text_of(alice_client, "panel", charge_point.pk, "commands")
        assert html.index(str(waiting.pk)) < html.index(str(ahead.pk))
        assert html.count("Take back<") == 2
        reader = factories.user()
        factories.member(nordlys, reader, Role.SUPPORT)
        client.force_login(reader)
        assert text_of(client, "panel", charge_point.pk, "commands").count("Take back<") == 1

    def test_taking_back(
        self, alice_client: Client, bob_client: Client, charlie_client: Client, charge_point: ChargePoint, bob: User
    ) -> None:
        link(charge_point, up=False)
        made = kept(charge_point)
        target = reverse("command_cancel", args=[made.pk])
        assert charlie_client.post(target).status_code == 404
        assert alice_client.get(target).status_code == 405
        response = bob_client.post(target, headers=HTMX)
        assert (response.status_code, "taken back" in response["HX-Trigger"]) == (204, True)
        entry = AuditEntry.objects.get(act="charge_point.command_taken_back")
        assert (entry.actor_name, entry.after["command"]) == ("Bob", "Reboot")
        again = alice_client.post(target, headers=HTMX)
        assert (again.status_code, "too late" in again["HX-Trigger"]) == (409, True)
        page = alice_client.post(target, follow=True)
        assert "too late" in page.content.decode()
        assert page.redirect_chain == [(reverse("command", args=[made.pk]), 302)]

    def test_the_role_counts(self, client: Client, charge_point: ChargePoint, nordlys: Organisation) -> None:
        link(charge_point, up=False)
        made = kept(charge_point, "clear_cache")
        person = factories.user()
        factories.member(nordlys, person, Role.SUPPORT)
        client.force_login(person)
        response = client.post(reverse("command_cancel", args=[made.pk]))
        assert response.status_code == 403
        assert Command.objects.get().status == CommandStatus.WAITING


class TestLastMessage:
    """The newest frame of the charger, as it came."""

    def test_none_yet(self, alice_client: Client, charge_point: ChargePoint) -> None:
        assert "None yet." in text_of(alice_client, "panel", charge_point.pk, "last")

    def test_a_message_and_an_answer(self, alice_client: Client, charge_point: ChargePoint) -> None:
        append(charge_point, request='[2,"a","Heartbeat",{"<":1}]', action="Heartbeat")
        append(charge_point, direction="out", action="Reset", request='[2,"b","Reset",{}]')
        html = text_of(alice_client, "panel", charge_point.pk, "last")
        assert "[2,&quot;a&quot;,&quot;Heartbeat&quot;,{&quot;&lt;&quot;:1}]" in html
        append(charge_point, direction="out", action="Reset", answer='[3,"b",{"status":"Accepted"}]', latency_us=9)
        html = text_of(alice_client, "charge_point", charge_point.pk)
        assert "[3,&quot;b&quot;,{&quot;status&quot;:&quot;Accepted&quot;}]" in html.partition('id="last"')[2]
        append(charge_point, 30, direction="", action="Note", request="")
        append(charge_point, 30, direction="out", action="Reset", request="[2]")
        assert "[2,&quot;a&quot;" in text_of(alice_client, "panel", charge_point.pk, "last")

    def test_a_long_job_tells_its_last_message(self, alice_client: Client, charge_point: ChargePoint) -> None:
        progress = [[now().isoformat(), "Downloading"], [now().isoformat(), "Downloaded"]]
        command(charge_point, kind="firmware", parameters={}, status=CommandStatus.ACCEPTED, progress=progress)
        html = text_of(alice_client, "panel", charge_point.pk, "commands")
        assert "Last message: <b>Downloaded</b>" in html
