"""What the tests of webhooks' pages share."""

from collections.abc import Iterator

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from chargepoints.models import Site, Webhook, WebhookDelivery
from chargepoints.services.webhook_signing import secret_seal
from hub.teams.models import Organisation

HTMX = {"HX-Request": "true"}
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def hook(of: Organisation, name: str, **fields: object) -> Webhook:
    """A webhook."""
    values: dict[str, object] = {"events": ["charge.ended"], "url": "https://hooks.example.com/hub?token=1"}
    return Webhook.objects.create(organisation=of, name=name, secret=secret_seal(SECRET), **values | fields)


def delivery(of: Webhook, state: str = "delivered", **fields: object) -> WebhookDelivery:
    """An event that was sent."""
    body = {"id": "0b0f4a7e", "type": "charge.ended", "charge_point": {"id": 1, "name": "<b>AKB-01</b>"}, "data": {}}
    return WebhookDelivery.objects.create(webhook=of, event="charge.ended", body=body, state=state, **fields)


def given(of: Organisation, **change: object) -> dict[str, object]:
    """A form that is filled in."""
    form = {
        "name": "Billing",
        "url": "http://127.0.0.1/hub",
        "place": f"organisation-{of.pk}",
        "events": "charge.ended",
    }
    return {**form, **change}


def count(client: Client, path: str) -> int:
    """How many queries a page takes."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


def webhook_urls(site: Site) -> Iterator[str]:
    """The list, the forms, a webhook that Hub has switched off, and a delivery that was given up."""
    hook, _ = Webhook.objects.get_or_create(
        organisation=site.team.organisation,
        name="Back office",
        url="https://example.com/hub",
        events=["charge.ended", "command.changed"],
        is_active=False,
        paused_why="20 events in a row were given up.",
    )
    delivery = hook.deliveries.create(
        event="charge.ended", body={"id": "1", "charge_point": None}, state="failed", error="It answered 500."
    )
    yield from (reverse(name) for name in ("webhooks", "webhook_new", "webhook_guide"))
    names = ("webhook", "webhook_edit", "webhook_secret", "webhook_replay", "webhook_delete")
    yield from (reverse(name, args=[hook.pk]) for name in names)
    yield reverse("webhook", args=[hook.pk]) + "?state=delivered"
    yield reverse("webhook_delivery", args=[delivery.pk])
