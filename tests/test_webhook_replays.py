"""Webhooks are made, sent to again, and what is old is forgotten."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from pytest_django import Settings

from chargepoints.exceptions import ChangeRefused
from chargepoints.models import ChargePoint, Webhook, WebhookDelivery
from chargepoints.services.webhooks import (
    WebhookWanted,
    deliveries_replay,
    deliveries_tidy,
    delivery_replay,
    webhook_create,
    webhook_edit,
    webhook_switch,
)
from hub.audit.models import AuditEntry
from hub.audit.records import HUB
from hub.teams.models import Organisation
from tests.factories import now
from tests.receiver import Receiver, receiving
from tests.webhook_tools import EVENTS, connected, made, served


@pytest.fixture(autouse=True)
def private(settings: Settings) -> None:
    """Receivers on this machine may be called, and have half a second."""
    settings.WEBHOOK_PRIVATE, settings.WEBHOOK_TIMEOUT = True, 0.5


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver on this machine."""
    with receiving() as running:
        yield running


@pytest.fixture
def webhook(nordlys: Organisation, receiver: Receiver) -> Webhook:
    """A webhook of Nordlys that is told everything."""
    return made(nordlys, receiver)[0]


class TestAgain:
    """Sending again, and forgetting."""

    def test_the_same_event_again_has_the_same_id(
        self, webhook: Webhook, receiver: Receiver, charge_point: ChargePoint
    ) -> None:
        connected(charge_point)
        with pytest.raises(ChangeRefused, match="still on its way"):
            delivery_replay(actor=HUB, delivery=WebhookDelivery.objects.get())
        served()
        again = delivery_replay(actor=HUB, delivery=WebhookDelivery.objects.get())
        served()
        first, second = receiver.received
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        assert first.body == second.body
        again.refresh_from_db()
        assert (again.state, again.tries) == ("delivered", 1)

    def test_all_that_was_given_up(
        self, webhook: Webhook, receiver: Receiver, charge_point: ChargePoint, nordlys: Organisation
    ) -> None:
        for generation in range(1, 5):
            connected(charge_point, generation=generation)
        rows = list(WebhookDelivery.objects.order_by("created_at"))
        WebhookDelivery.objects.filter(pk__in=[row.pk for row in rows[:3]]).update(state="failed")
        WebhookDelivery.objects.filter(pk=rows[0].pk).update(created_at=now() - timedelta(days=2))
        since = now() - timedelta(days=1)
        assert deliveries_replay(actor=HUB, webhook=webhook, since=since) == 2
        assert deliveries_replay(actor=HUB, webhook=webhook, since=since) == 0
        served()
        assert WebhookDelivery.objects.filter(state="delivered").count() == 3
        webhook_switch(actor=HUB, webhook=webhook, on=False)
        for act in (
            lambda: deliveries_replay(actor=HUB, webhook=webhook, since=since),
            lambda: delivery_replay(actor=HUB, delivery=WebhookDelivery.objects.filter(state="failed")[0]),
        ):
            with pytest.raises(ChangeRefused, match="Switch the webhook on first"):
                act()

    def test_after_thirty_days_they_are_forgotten(
        self, webhook: Webhook, receiver: Receiver, charge_point: ChargePoint
    ) -> None:
        connected(charge_point)
        served()
        old = WebhookDelivery.objects.get()
        again = delivery_replay(actor=HUB, delivery=old)
        WebhookDelivery.objects.filter(pk=old.pk).update(created_at=now() - timedelta(days=31))
        assert deliveries_tidy() == 1
        again.refresh_from_db()
        assert again.replay_of is None


class TestMaking:
    """What a webhook may be."""

    @pytest.mark.parametrize("url", ["https://10.0.0.1/hub", "http://example.com/", "https://localhost/"])
    def test_addresses_that_do_not_do(self, url: str, nordlys: Organisation, settings: Settings) -> None:
        settings.WEBHOOK_PRIVATE = False
        wanted = WebhookWanted(organisation=nordlys, name="x", url=url, events=EVENTS)
        with pytest.raises(ChangeRefused):
            webhook_create(actor=HUB, wanted=wanted)
        assert not Webhook.objects.exists()

    def test_twenty_are_enough(self, nordlys: Organisation, receiver: Receiver) -> None:
        for _ in range(20):
            made(nordlys, receiver)
        with pytest.raises(ChangeRefused, match="at most"):
            made(nordlys, receiver)

    def test_changes_are_on_record_without_what_may_be_secret(
        self, webhook: Webhook, nordlys: Organisation, receiver: Receiver
    ) -> None:
        wanted = WebhookWanted(
            organisation=nordlys, name="Desk", url=receiver.url + "&token=s3cret", events=["charge.ended"]
        )
        webhook_edit(actor=HUB, webhook=webhook, wanted=wanted)
        entry = AuditEntry.objects.get(act="webhook.edited")
        assert (entry.before["name"], entry.after["name"]) == ("Back office", "Desk")
        assert "s3cret" not in str([each.after for each in AuditEntry.objects.all()])
