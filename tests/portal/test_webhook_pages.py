"""What the pages of webhooks show, and what can be done on them."""

import re
from datetime import timedelta

import pytest
import redis
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page
from pytest_django import Settings

from chargepoints.models import ChargePoint, Webhook, WebhookDelivery
from chargepoints.services.webhook_signing import secret_open
from hub.audit.models import AuditEntry
from hub.teams.models import Organisation, User
from tests import browsers
from tests.conftest import StartServer
from tests.factories import now
from tests.portal.webhook_tools import HTMX, count, delivery, hook


@pytest.fixture(autouse=True)
def private(settings: Settings, clean_redis: redis.Redis) -> None:
    """Addresses of this machine will do; secrets that are shown once wait in Redis."""
    settings.WEBHOOK_PRIVATE = True


@pytest.fixture
def webhook(nordlys: Organisation) -> Webhook:
    """A webhook of Nordlys."""
    return hook(nordlys, "Back office")


class TestPages:
    """What they show."""

    def test_nothing_yet(self, alice_client: Client) -> None:
        assert "Let your programs know at once" in alice_client.get("/webhooks/").content.decode()

    def test_the_list(self, alice_client: Client, nordlys: Organisation, webhook: Webhook) -> None:
        delivery(webhook, "waiting")
        delivery(webhook, tried_at=now())
        html = alice_client.get("/webhooks/").content.decode()
        assert "hooks.example.com" in html
        assert "token=1" not in html
        wanted = count(alice_client, "/webhooks/")
        for number in range(5):
            delivery(hook(nordlys, f"More {number}", is_active=False, paused_why="It answered 410."), "failed")
        assert count(alice_client, "/webhooks/") == wanted
        assert "It answered 410." in alice_client.get("/webhooks/").content.decode()

    def test_the_log(self, alice_client: Client, webhook: Webhook) -> None:
        path = reverse("webhook", args=[webhook.pk])
        delivery(webhook, "failed", error="It answered 500.", tries=9)
        wanted = count(alice_client, path)
        for number in range(55):
            delivery(webhook, created_at=now() - timedelta(minutes=number))
        assert count(alice_client, path) == wanted
        html = alice_client.get(path).content.decode()
        assert "<b>AKB-01</b>" not in html
        assert "&lt;b&gt;AKB-01" in html
        older = re.search(r'rel="next" href="([^"]+)"', html)
        assert older
        last = alice_client.get(older[1].replace("&amp;", "&")).content.decode()
        assert len(re.findall(r'<tr class="r">', html)) == 50
        assert len(re.findall(r'<tr class="r">', last)) == 6
        part = alice_client.get(path + "?state=failed", headers=HTMX).content.decode()
        assert part.startswith('<div id="deliveries">')
        assert len(re.findall(r'<tr class="r">', part)) == 1
        assert "No delivery fits" in alice_client.get(path + "?event=charge.started").content.decode()
        for odd in ("?after=x", "?after=1-2", "?state=nonsense", "?after=99999999999999999-" + "0" * 32):
            assert alice_client.get(path + odd).status_code == 200

    def test_one_delivery(self, alice_client: Client, webhook: Webhook) -> None:
        row = delivery(webhook, "failed", error="It answered 500.", answer="<script>", http_status=500, tried_at=now())
        html = alice_client.get(reverse("webhook_delivery", args=[row.pk])).content.decode()
        for text in ("It answered 500.", "&lt;script&gt;", "webhook-id: 0b0f4a7e", "User-Agent: Hub"):
            assert text in html
        assert "<script>" not in html.replace("<script ", "")
        assert "whsec_" not in html

    def test_the_guide(self, alice_client: Client) -> None:
        html = alice_client.get("/webhooks/guide/").content.decode()
        for text in ("charge-point.disconnected", "def verify(headers, body)", "at least once", "410"):
            assert text in html

    def test_it_is_linked(self, alice_client: Client, bob_client: Client, webhook: Webhook) -> None:
        assert 'href="/webhooks/"' in alice_client.get("/api-keys/").content.decode()
        assert 'href="/webhooks/"' in alice_client.get("/organisation/").content.decode()
        assert 'href="/webhooks/"' not in bob_client.get("/").content.decode()


class TestActs:
    """Switched, tried, sent again, another secret, deleted."""

    def test_switched(self, alice_client: Client, webhook: Webhook) -> None:
        path = reverse("webhook_switch", args=[webhook.pk])
        for on in ("0", "1"):
            assert alice_client.post(path, {"on": on}).status_code == 302
            webhook.refresh_from_db()
            assert webhook.is_active == (on == "1")
        acts = list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))
        assert acts == ["webhook.switched_off", "webhook.switched_on"]

    def test_tried(self, alice_client: Client, webhook: Webhook) -> None:
        path = reverse("webhook_test", args=[webhook.pk])
        answer = alice_client.post(path)
        made = WebhookDelivery.objects.get()
        assert answer.headers["Location"] == reverse("webhook_delivery", args=[made.pk])
        assert (made.event, made.body["id"], made.body["data"]) == ("webhook.test", str(made.pk), {"asked_by": "Alice"})
        assert "On its way" in alice_client.get(answer.headers["Location"]).content.decode()
        Webhook.objects.update(is_active=False)
        assert "Switch the webhook on first" in alice_client.post(path, follow=True).content.decode()
        assert WebhookDelivery.objects.count() == 1

    @pytest.mark.parametrize("at_once", ["", "on"])
    def test_another_secret(self, alice_client: Client, webhook: Webhook, at_once: str) -> None:
        path = reverse("webhook_secret", args=[webhook.pk])
        assert alice_client.get(path, headers=HTMX).content.decode().startswith("<dialog")
        assert alice_client.get(path).status_code == 200
        answer = alice_client.post(path, {"at_once": at_once}, headers=HTMX)
        assert answer.headers["HX-Redirect"] == reverse("webhook", args=[webhook.pk])
        webhook.refresh_from_db()
        html = alice_client.get(answer.headers["HX-Redirect"]).content.decode()
        assert secret_open(webhook.secret) in html
        assert ("signs as well until" in html) == (not at_once)
        assert (webhook.previous_secret != "") == (not at_once)
        assert AuditEntry.objects.get().act == "webhook.secret_rotated"

    def test_sent_again(self, alice_client: Client, webhook: Webhook) -> None:
        row = delivery(webhook, "failed")
        answer = alice_client.post(reverse("webhook_delivery_replay", args=[row.pk]))
        again = WebhookDelivery.objects.get(replay_of=row)
        assert answer.headers["Location"] == reverse("webhook_delivery", args=[again.pk])
        assert (again.body, again.state) == (row.body, "waiting")

    def test_all_sent_again(self, alice_client: Client, webhook: Webhook) -> None:
        path = reverse("webhook_replay", args=[webhook.pk])
        for _ in range(3):
            delivery(webhook, "failed")
        assert "3 events" in alice_client.get(path, headers=HTMX).content.decode()
        for wrong in ("", "yesterday", (now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")):
            assert alice_client.post(path, {"since": wrong}, headers=HTMX).status_code == 422
        since = (now() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
        answer = alice_client.post(path, {"since": since}, follow=True)
        assert "3 events sent again." in answer.content.decode()
        assert WebhookDelivery.objects.filter(state="waiting").count() == 3
        Webhook.objects.update(is_active=False)
        assert alice_client.post(path, {"since": since}).status_code == 422

    def test_deleted(self, alice_client: Client, webhook: Webhook) -> None:
        delivery(webhook)
        path = reverse("webhook_delete", args=[webhook.pk])
        assert "Delete Back office?" in alice_client.get(path, headers=HTMX).content.decode()
        assert alice_client.post(path, headers=HTMX).headers["HX-Redirect"] == "/webhooks/"
        assert not Webhook.objects.exists()
        assert not WebhookDelivery.objects.exists()
        entry = AuditEntry.objects.get()
        assert (entry.act, entry.before["address"]) == ("webhook.deleted", "https://hooks.example.com/hub?(hidden)")


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_in_a_browser(
    page: Page, server: StartServer, alice: User, nordlys: Organisation, charge_point: ChargePoint
) -> None:
    """From nothing to a webhook with its secret, another secret from the dialog, and gone again."""
    running = server(env={"HUB_WEBHOOK_PRIVATE": "1"})
    browsers.sign_in(page, running.url, alice)
    page.goto(running.url + "/webhooks/")
    page.click("text=New webhook")
    page.fill("#id_name", "Billing")
    page.fill("#id_url", "http://127.0.0.1/hub")
    page.check("input[value='charge.ended']")
    page.click("text=Make the webhook")
    first = page.inner_text("#secret")
    assert first.startswith("whsec_")
    page.reload()
    assert page.locator("#secret").count() == 0
    page.click("text=New secret")
    page.wait_for_selector("dialog[open]")
    page.check("#id_at_once")
    page.click("dialog >> text=Make a new secret")
    page.wait_for_selector("#secret")
    assert page.inner_text("#secret") != first
    page.click("text=Delete")
    page.wait_for_selector("dialog[open]")
    page.click("dialog >> text=Delete webhook")
    page.wait_for_selector("text=Let your programs know at once")
    assert not Webhook.objects.exists()
