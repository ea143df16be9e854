"""Events become deliveries in the transaction of the fact, and go out signed, again and again until they are taken."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import transaction
from pytest_django import Settings

from chargepoints import sql
from chargepoints.action_choices import DeliveryState, WebhookEvent
from chargepoints.choices import ChargeState, CommandStatus, Effect
from chargepoints.exceptions import ChangeRefused
from chargepoints.models import Charge, ChargePoint, Command, Connection, StatusChange, Webhook, WebhookDelivery
from chargepoints.rendering.webhooks import EVENT_WORDS, EXAMPLE
from chargepoints.services.webhook_deliveries import WAITS, webhook_serve, webhooks_lease
from chargepoints.services.webhook_signing import secret_open
from chargepoints.services.webhooks import (
    WebhookWanted,
    deliveries_replay,
    deliveries_tidy,
    delivery_replay,
    webhook_create,
    webhook_edit,
    webhook_secret_rotate,
    webhook_switch,
    webhook_test,
)
from hub.audit.models import AuditEntry
from hub.audit.records import HUB
from hub.teams.models import Organisation
from tests import factories
from tests.factories import now
from tests.receiver import Received, Receiver, receiving, silent

EVENTS = [event.value for event in WebhookEvent if event is not WebhookEvent.TEST]


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


def made(of: Organisation, receiver: Receiver, **more: object) -> tuple[Webhook, str]:
    """A webhook and its secret."""
    wanted = {"name": "Back office", "url": receiver.url, "events": EVENTS, **more}
    return webhook_create(actor=HUB, wanted=WebhookWanted(organisation=of, **wanted))  # type: ignore[arg-type]


def served() -> None:
    """What a worker does, in this thread."""
    for lease in webhooks_lease():
        webhook_serve(webhook_id=lease[0], lease=lease[1])


def due_now() -> None:
    """The time until the next try has passed."""
    WebhookDelivery.objects.filter(state=DeliveryState.WAITING).update(next_at=now())


def connected(charge_point: ChargePoint, *, generation: int = 1) -> None:
    """Its connection is taken."""
    Connection.objects.filter(pk=charge_point.pk).update(
        is_connected=True, generation=generation, connected_at=now(), subprotocol="ocpp1.6"
    )


def told(webhook: Webhook | None = None) -> list[str]:
    """The kinds of events that were written, in their order."""
    rows = WebhookDelivery.objects.order_by("created_at")
    return list((rows.filter(webhook=webhook) if webhook else rows).values_list("event", flat=True))


def verify(secret: str, received: Received) -> None:
    """As the guide tells receivers to."""
    scope: dict[str, object] = {}
    exec(EXAMPLE.replace("whsec_...", secret), scope)
    scope["verify"](received.headers, received.body)  # type: ignore[operator]


class TestWriting:
    """Which facts become events, of whom, and with what."""

    def test_each_event_says_what_the_guide_says(self, webhook: Webhook, charge_point: ChargePoint) -> None:
        connected(charge_point)
        StatusChange.objects.create(
            charge_point=charge_point, connector_number=1, status="Faulted", info="RCD", received_at=now()
        )
        charge = Charge.objects.create(
            charge_point=charge_point, transaction_id="7", id_tag="NO*SECRET-0042", started_at=now()
        )
        Charge.objects.filter(pk=charge.pk).update(state=ChargeState.STOPPED, energy_wh=1200, stop_reason="Local")
        Command.objects.create(
            charge_point=charge_point, kind="reboot", author_name="Alice", created_at=now(), expires_at=now()
        )
        Connection.objects.filter(pk=charge_point.pk).update(is_connected=False, disconnected_at=now(), close_code=1006)
        bodies = {row.event: row.body for row in WebhookDelivery.objects.all()}
        words = {each.event: each.fields for each in EVENT_WORDS if each.event != WebhookEvent.TEST}
        assert {event: set(body["data"]) for event, body in bodies.items()} == {
            event: set(fields) for event, fields in words.items()
        }
        for event, body in bodies.items():
            assert (body["type"], body["api_version"]) == (event, "v1")
            assert body["organisation"] == {"id": webhook.organisation_id, "name": "Nordlys Charging"}
            assert body["charge_point"]["identity"] == "NORD-1"
            assert body["charge_point"]["site"] == {"id": charge_point.site_id, "name": "Aker Brygge"}
            assert body["occurred_at"].endswith("Z")
        ended = bodies["charge.ended"]["data"]
        assert (ended["id_tag_end"], ended["energy_wh"], ended["state"]) == ("0042", 1200, "stopped")
        assert "SECRET" not in json.dumps(bodies)
        assert bodies["charge-point.disconnected"]["data"]["close_code"] == 1006

    def test_of_a_command_its_moves_are_told(self, webhook: Webhook, charge_point: ChargePoint) -> None:
        command = Command.objects.create(
            charge_point=charge_point, kind="reboot", author_name="Alice", created_at=now(), expires_at=now()
        )
        moves: list[dict[str, object]] = [
            {"status": CommandStatus.DISPATCHED},
            {"status": CommandStatus.SENT, "sent_at": now()},
            {"status": CommandStatus.ACCEPTED, "effect": Effect.AWAITED},
            {"progress": [["x", "Downloading"]]},
            {"effect": Effect.SEEN, "effect_at": now()},
            {"effect": Effect.SEEN, "effect_at": now()},
        ]
        for move in moves:
            Command.objects.filter(pk=command.pk).update(**move)
        seen = [row.body["data"] for row in WebhookDelivery.objects.order_by("created_at")]
        assert [(each["status"], each["effect"]) for each in seen] == [
            ("queued", None),
            ("sent", None),
            ("accepted", "awaited"),
            ("accepted", "seen"),
        ]

    def test_what_is_no_news(self, webhook: Webhook, charge_point: ChargePoint) -> None:
        """Heartbeats, meter values, pauses and the cable that comes out; nor what a rebuild puts right."""
        connected(charge_point)
        charge = Charge.objects.create(charge_point=charge_point, transaction_id="7", started_at=now())
        before = told()
        Connection.objects.filter(pk=charge_point.pk).update(last_seen_at=now(), last_seq=7, is_connected=True)
        for state in (ChargeState.CHARGING, ChargeState.PAUSED, ChargeState.CHARGING):
            Charge.objects.filter(pk=charge.pk).update(state=state, energy_wh=100, metered_at=now())
        assert told() == before
        Charge.objects.filter(pk=charge.pk).update(state=ChargeState.STOPPED, stop_received_at=now())
        Charge.objects.filter(pk=charge.pk).update(state=ChargeState.COMPLETED)
        assert told() == [*before, "charge.ended"]
        with transaction.atomic():
            sql.rows("SELECT set_config('hub.untold', 'on', true)")
            Charge.objects.filter(pk=charge.pk).update(stop_received_at=now())
        sql.rows("SELECT set_config('hub.untold', '', false)")
        assert told() == [*before, "charge.ended"]

    def test_a_stop_that_comes_after_the_end_is_told_too(self, webhook: Webhook, charge_point: ChargePoint) -> None:
        charge = Charge.objects.create(charge_point=charge_point, transaction_id="7", started_at=now())
        Charge.objects.filter(pk=charge.pk).update(state=ChargeState.COMPLETED)
        Charge.objects.filter(pk=charge.pk).update(stop_received_at=now(), energy_wh=900)
        assert told() == ["charge.started", "charge.ended", "charge.ended"]

    def test_that_it_failed_after_all_is_told_too(self, webhook: Webhook, charge_point: ChargePoint) -> None:
        charge = Charge.objects.create(charge_point=charge_point, transaction_id="7", started_at=now())
        for state in (ChargeState.STOPPED, ChargeState.FAILED):
            Charge.objects.filter(pk=charge.pk).update(state=state)
        states = [row.body["data"]["state"] for row in WebhookDelivery.objects.order_by("created_at")]
        assert states == ["starting", "stopped", "failed"]

    def test_a_new_connection_beside_the_old_one(self, webhook: Webhook, charge_point: ChargePoint) -> None:
        connected(charge_point)
        connected(charge_point, generation=2)
        assert told() == ["charge-point.connected"] * 2

    def test_only_who_is_meant_is_told(
        self,
        webhook: Webhook,
        nordlys: Organisation,
        fjord: Organisation,
        receiver: Receiver,
        charge_point: ChargePoint,
        foreign_charge_point: ChargePoint,
    ) -> None:
        """Not another organisation, another team, who wants other events, or who is off."""
        stranger = made(fjord, receiver)[0]
        other_team = made(nordlys, receiver, team=factories.team(nordlys, "Another"))[0]
        own_team = made(nordlys, receiver, team=charge_point.site.team)[0]
        other_events = made(nordlys, receiver, events=["charge.ended"])[0]
        off = made(nordlys, receiver)[0]
        webhook_switch(actor=HUB, webhook=off, on=False)
        connected(charge_point)
        assert [len(told(each)) for each in (webhook, own_team)] == [1, 1]
        assert [len(told(each)) for each in (stranger, other_team, other_events, off)] == [0, 0, 0, 0]
        connected(foreign_charge_point)
        assert told(stranger) == ["charge-point.connected"]
        assert len(told(webhook)) == 1

    def test_no_fact_no_event(self, webhook: Webhook, charge_point: ChargePoint) -> None:
        with transaction.atomic():
            connected(charge_point)
            assert told() == ["charge-point.connected"]
            transaction.set_rollback(True)
        assert told() == []


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
