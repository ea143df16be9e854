"""Events become deliveries in the transaction of the fact: whose, which, and what they say."""

import json
from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django import Settings

from chargepoints import sql
from chargepoints.action_choices import WebhookEvent
from chargepoints.choices import ChargeState, CommandStatus, Effect
from chargepoints.models import Charge, ChargePoint, Command, Connection, StatusChange, Webhook, WebhookDelivery
from chargepoints.rendering.webhooks import EVENT_WORDS
from chargepoints.services.webhooks import (
    webhook_switch,
)
from hub.audit.records import HUB
from hub.teams.models import Organisation
from tests import factories
from tests.factories import now
from tests.receiver import Receiver, receiving
from tests.webhook_tools import connected, made, told


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
