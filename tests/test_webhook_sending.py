"""Deliveries go out signed, again and again until they are taken."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from pytest_django import Settings

from chargepoints.models import ChargePoint, Webhook, WebhookDelivery
from chargepoints.services.webhook_deliveries import WAITS, webhook_serve, webhooks_lease
from chargepoints.services.webhook_signing import secret_open
from chargepoints.services.webhooks import (
    webhook_secret_rotate,
    webhook_switch,
    webhook_test,
)
from hub.audit.models import AuditEntry
from hub.audit.records import HUB
from hub.teams.models import Organisation
from tests.factories import now
from tests.receiver import Receiver, receiving, silent
from tests.webhook_tools import connected, due_now, made, served, told, verify


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


class TestSending:
    """What receivers get, and what comes of what they answer."""

    def test_it_is_signed_as_the_guide_says(
        self, nordlys: Organisation, receiver: Receiver, charge_point: ChargePoint
    ) -> None:
        secret = made(nordlys, receiver)[1]
        connected(charge_point)
        served()
        delivery, got = WebhookDelivery.objects.get(), receiver.received[0]
        assert (delivery.state, delivery.tries, delivery.http_status) == ("delivered", 1, 200)
        assert delivery.answer == "thank you"
        assert json.loads(got.body)["id"] == got.headers["webhook-id"] == str(delivery.body["id"])
        assert got.headers["content-type"] == "application/json"
        assert got.headers["user-agent"] == "Hub"
        verify(secret, got)
        got.body += b" "
        with pytest.raises(ValueError, match="not signed by us"):
            verify(secret, got)
        got.headers["webhook-timestamp"] = str(int(time.time()) - 400)
        with pytest.raises(ValueError, match="too old"):
            verify(secret, got)

    def test_the_secret_lies_in_the_database_sealed_only(self, nordlys: Organisation, receiver: Receiver) -> None:
        webhook, secret = made(nordlys, receiver)
        assert secret.startswith("whsec_")
        assert secret[6:] not in webhook.secret
        assert secret_open(webhook.secret) == secret
        assert secret not in str([entry.after for entry in AuditEntry.objects.all()])

    def test_both_secrets_sign_while_one_is_changed(
        self, nordlys: Organisation, receiver: Receiver, charge_point: ChargePoint
    ) -> None:
        webhook, old = made(nordlys, receiver)
        new = webhook_secret_rotate(actor=HUB, webhook=webhook)
        connected(charge_point)
        served()
        for secret in (old, new):
            verify(secret, receiver.received[0])
        leaked, newest = new, webhook_secret_rotate(actor=HUB, webhook=webhook, at_once=True)
        connected(charge_point, generation=2)
        served()
        verify(newest, receiver.received[1])
        for secret in (old, leaked):
            with pytest.raises(ValueError, match="not signed"):
                verify(secret, receiver.received[1])

    @pytest.mark.parametrize("answer", [500, 404, 302, silent])
    def test_what_was_not_taken_is_tried_again(
        self, webhook: Webhook, receiver: Receiver, charge_point: ChargePoint, answer: int
    ) -> None:
        connected(charge_point)
        receiver.answers, receiver.location = [answer], receiver.url
        served()
        delivery = WebhookDelivery.objects.get()
        assert (delivery.state, delivery.tries) == ("waiting", 1)
        assert delivery.error
        assert WAITS[0] - 1 < (delivery.next_at - now()).total_seconds() <= WAITS[0] * 1.2
        served()
        assert len(receiver.received) == 1  # not before its time
        due_now()
        served()
        delivery.refresh_from_db()
        assert (delivery.state, delivery.tries, delivery.error) == ("delivered", 2, "")
        first, second = receiver.received
        assert first.body == second.body
        assert first.headers["webhook-id"] == second.headers["webhook-id"]

    def test_waits_grow_and_end(self, webhook: Webhook, receiver: Receiver, charge_point: ChargePoint) -> None:
        connected(charge_point)
        receiver.answers = [500] * 20
        for wait in WAITS:
            due_now()
            served()
            delivery = WebhookDelivery.objects.get()
            assert 0.9 * wait < (delivery.next_at - now()).total_seconds() <= 1.2 * wait
        due_now()
        served()
        delivery = WebhookDelivery.objects.get()
        assert (delivery.state, delivery.tries) == ("failed", len(WAITS) + 1)
        webhook.refresh_from_db()
        assert (webhook.failures, webhook.is_active) == (1, True)

    def test_nobody_listens(self, webhook: Webhook, receiver: Receiver, charge_point: ChargePoint) -> None:
        Webhook.objects.update(url="http://127.0.0.1:9/")
        connected(charge_point)
        served()
        assert "Connection refused" in WebhookDelivery.objects.get().error

    def test_the_address_is_judged_at_each_try(
        self, webhook: Webhook, receiver: Receiver, charge_point: ChargePoint, settings: Settings
    ) -> None:
        settings.WEBHOOK_PRIVATE = False
        Webhook.objects.update(url=f"https://127.0.0.1:{receiver.port}/")
        connected(charge_point)
        served()
        assert receiver.received == []
        assert "ports 443" in WebhookDelivery.objects.get().error
        Webhook.objects.update(url="https://127.0.0.1/")
        due_now()
        served()
        assert "not on the public internet" in WebhookDelivery.objects.get().error

    def test_gone_switches_it_off(self, webhook: Webhook, receiver: Receiver, charge_point: ChargePoint) -> None:
        connected(charge_point)
        receiver.answers = [410]
        served()
        webhook.refresh_from_db()
        assert not webhook.is_active
        assert "410" in webhook.paused_why
        assert WebhookDelivery.objects.get().state == "failed"
        entry = AuditEntry.objects.get(act="webhook.switched_off")
        assert (entry.actor_name, entry.reason) == ("Hub", webhook.paused_why)
        connected(charge_point, generation=2)
        assert len(told()) == 1

    def test_twenty_given_up_in_a_row_switch_it_off(
        self, webhook: Webhook, receiver: Receiver, charge_point: ChargePoint
    ) -> None:
        connected(charge_point)
        row = WebhookDelivery.objects.get()
        WebhookDelivery.objects.all().delete()
        rows = [
            WebhookDelivery(webhook=webhook, event=row.event, body={**row.body, "id": str(number)}, tries=len(WAITS))
            for number in range(20)
        ]
        WebhookDelivery.objects.bulk_create(rows)
        receiver.answers = [500] * 20
        served()
        webhook.refresh_from_db()
        assert (webhook.is_active, webhook.failures) == (False, 20)
        assert "It answered 500." in webhook.paused_why
        webhook_switch(actor=HUB, webhook=webhook, on=True)
        webhook.refresh_from_db()
        assert (webhook.failures, webhook.paused_why) == (0, "")

    def test_the_events_of_a_charger_keep_their_order(
        self, webhook: Webhook, receiver: Receiver, charge_point: ChargePoint, far_charge_point: ChargePoint
    ) -> None:
        for generation in range(1, 6):
            for point in (charge_point, far_charge_point):
                connected(point, generation=generation)
        served()
        bodies = [json.loads(got.body) for got in receiver.received]
        for point in (charge_point, far_charge_point):
            times = [body["occurred_at"] for body in bodies if body["charge_point"]["id"] == point.pk]
            assert len(times) == 5
            assert times == sorted(times)

    def test_one_worker_at_a_time_and_none_for_ever(
        self, webhook: Webhook, receiver: Receiver, charge_point: ChargePoint
    ) -> None:
        """A worker that died holds the webhook for a while; then another sends what it had not noted."""
        connected(charge_point)
        dead = webhooks_lease()
        assert [pk for pk, _ in dead] == [webhook.pk]
        assert webhooks_lease() == []
        Webhook.objects.update(sending_until=now() - timedelta(seconds=1))
        served()
        assert WebhookDelivery.objects.get().state == "delivered"
        webhook_serve(webhook_id=webhook.pk, lease=dead[0][1])  # it was only slow: its lease is no longer good
        assert len(receiver.received) == 1

    def test_a_test_event_is_tried_once(self, webhook: Webhook, receiver: Receiver) -> None:
        receiver.answers = [500]
        row = webhook_test(actor=HUB, webhook=webhook)
        served()
        row.refresh_from_db()
        assert (row.state, row.tries, row.http_status) == ("failed", 1, 500)
        webhook.refresh_from_db()
        assert webhook.failures == 0

    def test_a_secret_of_another_server_key(
        self, webhook: Webhook, receiver: Receiver, charge_point: ChargePoint, settings: Settings
    ) -> None:
        settings.SECRET_KEY = "another one"
        connected(charge_point)
        served()
        assert receiver.received == []
        assert "Make a new secret" in WebhookDelivery.objects.get().error
