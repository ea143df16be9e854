"""The pages of webhooks: the list, making one, its secret, which is shown once, its log, and what can be done."""

import re

import pytest
import redis
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from chargepoints.models import Site, Webhook
from chargepoints.services.webhook_signing import secret_open
from hub.audit.models import AuditEntry
from hub.teams.choices import Role
from hub.teams.models import Organisation, User
from tests import factories
from tests.portal.webhook_tools import SECRET, delivery, given, hook


@pytest.fixture(autouse=True)
def private(settings: Settings, clean_redis: redis.Redis) -> None:
    """Addresses of this machine will do; secrets that are shown once wait in Redis."""
    settings.WEBHOOK_PRIVATE = True


@pytest.fixture
def webhook(nordlys: Organisation) -> Webhook:
    """A webhook of Nordlys."""
    return hook(nordlys, "Back office")


def addresses(webhook: Webhook) -> list[str]:
    """All of one webhook."""
    one = delivery(webhook, "failed")
    named = ("", "_edit", "_switch", "_test", "_secret", "_replay", "_delete")
    of_delivery = ("webhook_delivery", "webhook_delivery_replay")
    return [
        *(reverse(f"webhook{name}", args=[webhook.pk]) for name in named),
        *(reverse(name, args=[one.pk]) for name in of_delivery),
    ]


class TestWho:
    """Admins of a whole organisation or team, each their own."""

    def test_needs_login(self, client: Client, webhook: Webhook) -> None:
        for path in ("/webhooks/", "/webhooks/new/", "/webhooks/guide/", *addresses(webhook)):
            assert client.get(path).headers["Location"].startswith("/login/")

    def test_the_stranger(self, charlie_client: Client, webhook: Webhook) -> None:
        assert "Back office" not in charlie_client.get("/webhooks/").content.decode()
        for path in addresses(webhook):
            assert {charlie_client.get(path).status_code, charlie_client.post(path).status_code} <= {404, 405}
        webhook.refresh_from_db()
        assert secret_open(webhook.secret) == SECRET

    @pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMIN])
    def test_wrong_role(self, client: Client, nordlys: Organisation, webhook: Webhook, role: Role) -> None:
        person = factories.user()
        factories.member(nordlys, person, role)
        client.force_login(person)
        for path in ("/webhooks/", "/webhooks/new/", "/webhooks/guide/"):
            assert client.get(path).status_code == 403
        for path in addresses(webhook):
            assert {client.get(path).status_code, client.post(path).status_code} <= {404, 405}

    def test_an_admin_of_one_team(self, client: Client, nordlys: Organisation, site: Site, webhook: Webhook) -> None:
        person = factories.user()
        factories.member(site.team, person, Role.ADMIN)
        client.force_login(person)
        mine = hook(nordlys, "Team's own", team=site.team)
        html = client.get("/webhooks/").content.decode()
        assert "Team&#x27;s own" in html
        assert "Back office" not in html
        assert client.get(reverse("webhook", args=[mine.pk])).status_code == 200
        assert client.get(reverse("webhook", args=[webhook.pk])).status_code == 404
        wide = given(nordlys)
        assert client.post("/webhooks/new/", wide).status_code == 422
        assert client.post("/webhooks/new/", {**wide, "place": f"team-{site.team_id}"}).status_code == 302
        assert Webhook.objects.get(name="Billing").team == site.team

    def test_wrong_method_and_bad_id(self, alice_client: Client, webhook: Webhook) -> None:
        assert alice_client.post("/webhooks/").status_code == 405
        for name in ("_switch", "_test"):
            assert alice_client.get(reverse(f"webhook{name}", args=[webhook.pk])).status_code == 405
        for path in ("/webhooks/999999/", "/webhooks/deliveries/not-an-id/", "/webhooks/99999999999999999999/"):
            assert alice_client.get(path).status_code == 404


class TestMaking:
    """New and changed ones."""

    def test_made_and_its_secret_is_shown_once(self, alice_client: Client, alice: User, nordlys: Organisation) -> None:
        answer = alice_client.post("/webhooks/new/", given(nordlys))
        made = Webhook.objects.get()
        assert answer.headers["Location"] == reverse("webhook", args=[made.pk])
        page = alice_client.get(answer.headers["Location"])
        assert "no-store" in page.headers["Cache-Control"]
        shown = re.search(r"whsec_[A-Za-z0-9+/=]+", page.content.decode())
        assert shown
        assert secret_open(made.secret) == shown[0]
        assert (made.events, made.created_by_name, made.is_active) == (["charge.ended"], "Alice", True)
        for path in (answer.headers["Location"], "/webhooks/"):
            assert "whsec_" not in alice_client.get(path).content.decode()
        entry = AuditEntry.objects.get(act="webhook.created")
        assert (entry.actor_name, entry.organisation) == ("Alice", nordlys)

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"name": " "}, "Give it a name"),
            ({"name": "x" * 81}, "at most 80 characters"),
            ({"url": ""}, "Enter the address"),
            ({"url": "ftp://example.com"}, "must begin with https://"),
            ({"url": "https://no-such-host.invalid/"}, "cannot be found"),
            ({"url": "http://169.254.169.254/"}, "not on the public internet"),
            ({"events": []}, "Choose at least one event"),
            ({"events": ["webhook.test"]}, "Select a valid choice"),
            ({"place": ""}, "Choose what it is told of."),
            ({"place": "organisation-999"}, "Select a valid choice"),
        ],
    )
    def test_bad_input(
        self, change: dict[str, object], sentence: str, alice_client: Client, nordlys: Organisation
    ) -> None:
        response = alice_client.post("/webhooks/new/", given(nordlys, **change))
        assert response.status_code == 422
        assert sentence in response.content.decode()
        assert not Webhook.objects.exists()

    def test_edited(self, alice_client: Client, nordlys: Organisation, webhook: Webhook) -> None:
        path = reverse("webhook_edit", args=[webhook.pk])
        html = alice_client.get(path).content.decode()
        assert 'value="charge.ended" checked' in html
        assert 'value="charge.started" checked' not in html
        form = given(nordlys, name="Desk", events=["charge.started", "charge.ended"])
        assert alice_client.post(path, form).status_code == 302
        webhook.refresh_from_db()
        assert (webhook.name, webhook.events) == ("Desk", ["charge.started", "charge.ended"])
        assert alice_client.post(path, given(nordlys, url="https://127.0.0.1:1/#x")).status_code == 422

    def test_another_operators_place(
        self, alice_client: Client, webhook: Webhook, nordlys: Organisation, foreign_site: Site
    ) -> None:
        path = reverse("webhook_edit", args=[webhook.pk])
        assert alice_client.post(path, given(nordlys, place=f"team-{foreign_site.team_id}")).status_code == 422
