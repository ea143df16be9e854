"""Webhooks: made, changed, switched, given a new secret, tried, told again. Who may is the caller's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from chargepoints import sql
from chargepoints.action_choices import DeliveryState, WebhookEvent
from chargepoints.exceptions import ChangeRefused
from chargepoints.models import Webhook, WebhookDelivery
from chargepoints.services.webhook_signing import secret_new, secret_seal
from hub.audit.records import HUB, Actor, Place, audit_record
from hub.outbound import AddressRefused, address_check
from hub.queue import enqueue_on_commit
from hub.teams.models import Organisation, Team

# While receivers change over, both secrets sign.
BOTH_SIGN = timedelta(hours=24)
AT_MOST = 20
KEPT = timedelta(days=30)
OFF = "Switch the webhook on first: nothing is sent to it now."


@dataclass(frozen=True, slots=True)
class WebhookWanted:
    """What a webhook shall be; without a team it is told of the whole organisation."""

    organisation: Organisation
    name: str
    url: str
    events: Sequence[str]
    team: Team | None = None


@transaction.atomic
def webhook_create(*, actor: Actor, wanted: WebhookWanted) -> tuple[Webhook, str]:
    """A new webhook and its secret, to be shown once. Raises ChangeRefused for an address that may not be called."""
    _check(wanted.url)
    # Two people at once do not pass the limit together.
    Organisation.objects.select_for_update().get(pk=wanted.organisation.pk)
    if Webhook.objects.filter(organisation=wanted.organisation).count() >= AT_MOST:
        raise ChangeRefused(f"An organisation has {AT_MOST} webhooks at most. Delete one that is not used.")
    secret = secret_new()
    made = Webhook.objects.create(
        organisation=wanted.organisation,
        team=wanted.team,
        name=wanted.name,
        url=wanted.url,
        events=list(wanted.events),
        secret=secret_seal(secret),
        created_by_name=actor.name[:160],
    )
    audit_record(actor=actor, act="created", obj=made, place=made.place, after=_facts(made))
    return made, secret


@transaction.atomic
def webhook_edit(*, actor: Actor, webhook: Webhook, wanted: WebhookWanted) -> Webhook:
    """Another name, address, events or team. Raises ChangeRefused for an address that may not be called."""
    _check(wanted.url)
    stored = Webhook.objects.select_for_update().get(pk=webhook.pk)
    before = _facts(stored)
    # Who may read of the change is decided by where it was, and where it is now.
    place = Place(stored.organisation_id, stored.team_id if wanted.team and wanted.team.pk == stored.team_id else None)
    stored.name, stored.url, stored.events, stored.team = wanted.name, wanted.url, list(wanted.events), wanted.team
    stored.save(update_fields=["name", "url", "events", "team"])
    audit_record(actor=actor, act="edited", obj=stored, place=place, before=before, after=_facts(stored))
    return stored


@transaction.atomic
def webhook_switch(*, actor: Actor, webhook: Webhook, on: bool, why: str = "") -> None:
    """Switch it on or off; off, events are not written for it, and what waits stays where it is."""
    values = {"is_active": on, "paused_why": why[:200], **({"failures": 0} if on else {})}
    moved = Webhook.objects.filter(pk=webhook.pk, is_active=not on).update(**values)
    if moved:
        act = "switched_on" if on else "switched_off"
        audit_record(actor=actor, act=act, obj=webhook, place=webhook.place, reason=why)


def webhook_pause(*, webhook: Webhook, why: str) -> None:
    """Hub itself switches it off; the reason stands on its page."""
    webhook_switch(actor=HUB, webhook=webhook, on=False, why=why)


@transaction.atomic
def webhook_secret_rotate(*, actor: Actor, webhook: Webhook, at_once: bool = False) -> str:
    """A new secret, to be shown once. The old one signs as well for 24 hours, unless it shall end `at_once`."""
    stored = Webhook.objects.select_for_update().get(pk=webhook.pk)
    secret = secret_new()
    stored.previous_secret = "" if at_once else stored.secret
    stored.previous_until = None if at_once else timezone.now() + BOTH_SIGN
    stored.secret = secret_seal(secret)
    stored.save(update_fields=["secret", "previous_secret", "previous_until"])
    after: dict[str, object] = {"old_secret_until": stored.previous_until or "at once"}
    audit_record(actor=actor, act="secret_rotated", obj=stored, place=stored.place, after=after)
    return secret


@transaction.atomic
def webhook_delete(*, actor: Actor, webhook: Webhook) -> None:
    """Gone for good, with its log; what happened stays in the audit log."""
    audit_record(actor=actor, act="deleted", obj=webhook, place=webhook.place, before=_facts(webhook))
    sql.execute("DELETE FROM chargepoints_webhookdelivery WHERE webhook_id = %s", webhook.pk)
    webhook.delete()


@transaction.atomic
def webhook_test(*, actor: Actor, webhook: Webhook) -> WebhookDelivery:
    """An event that says nothing, on its way at once and tried once. Raises ChangeRefused when it is off."""
    if not webhook.is_active:
        raise ChangeRefused(OFF)
    now, pk = timezone.now(), uuid4()
    organisation = webhook.organisation
    body = {
        "id": str(pk),
        "type": WebhookEvent.TEST.value,
        "api_version": "v1",
        "occurred_at": now.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "organisation": {"id": organisation.pk, "name": organisation.name},
        "charge_point": None,
        "data": {"asked_by": actor.name},
    }
    made = WebhookDelivery.objects.create(id=pk, webhook=webhook, event=WebhookEvent.TEST, body=body)
    audit_record(actor=actor, act="tested", obj=webhook, place=webhook.place, after={"event": str(pk)})
    enqueue_on_commit("webhooks.send")
    return made


@transaction.atomic
def delivery_replay(*, actor: Actor, delivery: WebhookDelivery) -> WebhookDelivery:
    """Send the same event once more: the same id and body, so that a receiver that has it already knows it again.

    Raises ChangeRefused when its webhook is off, or when it is still on its way.
    """
    if not delivery.webhook.is_active:
        raise ChangeRefused(OFF)
    if delivery.state == DeliveryState.WAITING:
        raise ChangeRefused("This event is still on its way: it is tried again by itself.")
    made = WebhookDelivery.objects.create(
        webhook=delivery.webhook, event=delivery.event, body=delivery.body, replay_of=delivery
    )
    after: dict[str, object] = {"events": 1, "event": delivery.body.get("id")}
    audit_record(actor=actor, act="replayed", obj=delivery.webhook, place=delivery.webhook.place, after=after)
    enqueue_on_commit("webhooks.send")
    return made


_REPLAY = """
INSERT INTO chargepoints_webhookdelivery (id, webhook_id, event, body, state, tries, next_at, created_at, error, answer,
    replay_of_id)
SELECT gen_random_uuid(), d.webhook_id, d.event, d.body, 'waiting', 0, clock_timestamp(), clock_timestamp(), '', '',
    d.id
FROM chargepoints_webhookdelivery d
WHERE d.webhook_id = %s AND d.state = 'failed' AND d.event <> %s AND d.created_at >= %s AND d.created_at < %s
    AND NOT EXISTS (SELECT FROM chargepoints_webhookdelivery r WHERE r.replay_of_id = d.id)
ORDER BY d.created_at
"""


@transaction.atomic
def deliveries_replay(*, actor: Actor, webhook: Webhook, since: datetime) -> int:
    """Send again what was given up since then and not sent again yet; how many these are. Raises ChangeRefused."""
    stored = Webhook.objects.select_for_update().get(pk=webhook.pk)
    if not stored.is_active:
        raise ChangeRefused(OFF)
    count = sql.execute(_REPLAY, stored.pk, WebhookEvent.TEST.value, since, timezone.now())
    if count:
        after: dict[str, object] = {"events": count, "since": since}
        audit_record(actor=actor, act="replayed", obj=stored, place=stored.place, after=after)
        enqueue_on_commit("webhooks.send")
    return count


def deliveries_tidy(*, older_than: timedelta = KEPT) -> int:
    """Forget deliveries that are old, a few thousand at a time; how many were forgotten."""
    gone, limit = 0, timezone.now() - older_than
    while ids := list(WebhookDelivery.objects.filter(created_at__lt=limit).values_list("pk", flat=True)[:5000]):
        gone += WebhookDelivery.objects.filter(pk__in=ids).delete()[0]
    return gone


def _check(url: str) -> None:
    try:
        address_check(url, private=settings.WEBHOOK_PRIVATE)
    except AddressRefused as refused:
        raise ChangeRefused(str(refused)) from refused


def _facts(webhook: Webhook) -> dict[str, object]:
    # What follows a question mark may be a secret of the receiver.
    address, question, _ = webhook.url.partition("?")
    return {
        "name": webhook.name,
        "address": address + ("?(hidden)" if question else ""),
        "events": [str(WebhookEvent(event).label) for event in webhook.events],
        "team": str(webhook.team or "all"),
    }
