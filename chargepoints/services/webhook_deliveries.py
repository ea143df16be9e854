"""Events on their way: each at least once, one worker at a time for a webhook, one event at a time for a charge point.

A worker leases a webhook, sends what is due to it, and notes what came of each. When it dies, the lease runs out and
another one sends again what was not noted: an event may come twice, it is never lost.
"""

import json
import logging
import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from chargepoints import sql
from chargepoints.action_choices import DeliveryState, WebhookEvent
from chargepoints.models import Webhook, WebhookDelivery
from chargepoints.services.webhook_signing import SecretLost, secret_open, signature
from chargepoints.services.webhooks import webhook_pause
from hub.outbound import AddressRefused, NoAnswer, post

logger = logging.getLogger(__name__)

# Seconds until the next try; after the last one the event is given up.
WAITS = (5, 30, 120, 600, 3600, 3 * 3600, 6 * 3600, 12 * 3600)
GIVEN_UP_AT_MOST = 20
WEBHOOKS_AT_ONCE, AT_ONCE, LOOKED_AT = 16, 6, 60
# How long one webhook is served before others of this process may have its place, and a task works at all.
TURN_SECONDS, WORK_SECONDS = 20.0, 50.0
ANSWER_BYTES = 1000
GONE = 410
_ORDER = ("id", "type", "api_version", "occurred_at", "organisation", "charge_point", "data")
NO_SECRET = "Its secret cannot be read with this server's key. Make a new secret."  # noqa: S105 - words

_LEASE = """
UPDATE chargepoints_webhook SET sending_until = clock_timestamp() + make_interval(secs => %s)
WHERE id IN (
    SELECT w.id FROM chargepoints_webhook w
    WHERE w.is_active AND (w.sending_until IS NULL OR w.sending_until < clock_timestamp()) AND EXISTS (
        SELECT FROM chargepoints_webhookdelivery d
        WHERE d.webhook_id = w.id AND d.state = 'waiting' AND d.next_at <= clock_timestamp())
    ORDER BY w.sending_until NULLS FIRST, w.id LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING id, sending_until
"""

# Only whoever holds the lease renews it.
_RENEW = """
UPDATE chargepoints_webhook SET sending_until = clock_timestamp() + make_interval(secs => %s)
WHERE id = %s AND sending_until = %s AND is_active RETURNING sending_until
"""


@dataclass(frozen=True, slots=True)
class _Message:
    delivery: WebhookDelivery
    body: bytes
    url: str
    secrets: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Outcome:
    delivery: WebhookDelivery
    at: datetime
    took_ms: int
    status: int | None
    error: str
    answer: str = ""

    @property
    def delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


_working = threading.Lock()


def deliveries_send() -> None:
    """Send whatever is due, until nothing is; returns at once when this process is at it already.

    A receiver that is slow has threads of its own, and holds up nobody else's events.
    """
    if not _working.acquire(blocking=False):
        return
    try:
        _work(time.monotonic() + WORK_SECONDS)
    finally:
        _working.release()


def _work(until: float) -> None:
    running: set[Future[None]] = set()
    with ThreadPoolExecutor(WEBHOOKS_AT_ONCE, thread_name_prefix="webhook") as pool:
        while True:
            if time.monotonic() < until:
                leases = webhooks_lease(at_most=WEBHOOKS_AT_ONCE - len(running))
                running |= {pool.submit(_serve, *lease) for lease in leases}
            if not running:
                return
            ended, running = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
            for each in ended:
                if error := each.exception():
                    logger.error("events could not be sent", exc_info=error)


def _serve(webhook_id: int, lease: datetime) -> None:
    try:
        webhook_serve(webhook_id=webhook_id, lease=lease)
    finally:
        connection.close()  # of this thread


def webhooks_lease(*, at_most: int = WEBHOOKS_AT_ONCE) -> list[tuple[int, datetime]]:
    """Take webhooks for which something is due and that no other worker has: their ids and leases."""
    return [(row[0], row[1]) for row in sql.rows(_LEASE, _lease_seconds(), at_most)]


def webhook_serve(*, webhook_id: int, lease: datetime) -> None:
    """Send what is due to one webhook, as long as its turn lasts; `lease` is that of `webhooks_lease`."""
    until = time.monotonic() + TURN_SECONDS
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix=f"webhook-{webhook_id}") as pool:
        while time.monotonic() < until:
            renewed = sql.rows(_RENEW, _lease_seconds(), webhook_id, lease)
            if not renewed:
                break  # switched off, or another worker has it by now
            lease = renewed[0][0]
            webhook = Webhook.objects.filter(pk=webhook_id).first()
            due = _next(webhook) if webhook else []
            if webhook is None or not due:
                break
            outcomes = list(pool.map(_try, _messages(webhook, due)))
            _note(webhook, outcomes)
    Webhook.objects.filter(pk=webhook_id, sending_until=lease).update(sending_until=None)


def _next(webhook: Webhook) -> list[WebhookDelivery]:
    """The oldest due event of each of a few charge points: those of one go one after the other, in their order."""
    due = WebhookDelivery.objects.filter(webhook=webhook, state=DeliveryState.WAITING, next_at__lte=timezone.now())
    first: dict[object, WebhookDelivery] = {}
    for delivery in due.order_by("next_at", "pk")[:LOOKED_AT]:
        of = delivery.body.get("charge_point") or {}
        first.setdefault(of.get("id"), delivery)
    return list(first.values())[:AT_ONCE]


def _messages(webhook: Webhook, due: Sequence[WebhookDelivery]) -> list[_Message]:
    try:
        signs = [secret_open(webhook.secret)]
        if webhook.both_sign:
            signs.append(secret_open(webhook.previous_secret))
    except SecretLost:
        signs = []  # the server's key is another one
    return [_Message(delivery, delivery_body(delivery), webhook.url, signs) for delivery in due]


def delivery_body(delivery: WebhookDelivery) -> bytes:
    """The bytes that are sent and signed: the same at each try."""
    return json.dumps(body_ordered(delivery.body), ensure_ascii=False, separators=(",", ":")).encode()


def body_ordered(body: dict[str, object]) -> dict[str, object]:
    """The same, what it is first and its data last; jsonb keeps no order."""
    return {name: body[name] for name in _ORDER if name in body} | body


def delivery_headers(delivery: WebhookDelivery, at: datetime | None) -> dict[str, str]:
    """What is sent besides the body, but for the signature."""
    timestamp = {"webhook-timestamp": str(int(at.timestamp()))} if at else {}
    return {
        "Content-Type": "application/json",
        "User-Agent": "Hub",
        "Accept-Encoding": "identity",
        "webhook-id": str(delivery.body["id"]),
        **timestamp,
    }


def _try(message: _Message) -> _Outcome:
    """One POST; touches no database. Whatever goes wrong becomes an outcome."""
    at, begun, error = timezone.now(), time.monotonic(), NO_SECRET
    headers = delivery_headers(message.delivery, at)
    sign = partial(signature, message_id=headers["webhook-id"], timestamp=int(at.timestamp()), body=message.body)
    headers["webhook-signature"] = " ".join(sign(secret) for secret in message.secrets)
    try:
        if message.secrets:
            answer = post(
                message.url,
                message.body,
                headers,
                timeout=settings.WEBHOOK_TIMEOUT,
                longest=ANSWER_BYTES,
                private=settings.WEBHOOK_PRIVATE,
            )
            refusal = _refusal(answer.status)
            return _Outcome(message.delivery, at, answer.took_ms, answer.status, refusal, answer.text)
    except (AddressRefused, NoAnswer) as refused:
        error = str(refused)
    except Exception:
        logger.exception("an event could not be sent")
        error = "It could not be sent; the worker's log says why."
    return _Outcome(message.delivery, at, round((time.monotonic() - begun) * 1000), None, error[:255])


def _refusal(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return f"It answered {status}: redirects are not followed. Enter the new address."
    return f"It answered {status}."


@transaction.atomic
def _note(webhook: Webhook, outcomes: Sequence[_Outcome]) -> None:
    for outcome in outcomes:
        delivery = outcome.delivery
        tries = delivery.tries + 1
        state = DeliveryState.WAITING
        if outcome.delivered:
            state = DeliveryState.DELIVERED
        elif outcome.status == GONE or tries > len(WAITS) or delivery.event == WebhookEvent.TEST:
            state = DeliveryState.FAILED
        delivery.tries, delivery.state, delivery.tried_at, delivery.took_ms = tries, state, outcome.at, outcome.took_ms
        delivery.http_status, delivery.error, delivery.answer = outcome.status, outcome.error, outcome.answer
        if state == DeliveryState.WAITING:
            delivery.next_at = timezone.now() + _wait_of(tries)
        WebhookDelivery.objects.filter(pk=delivery.pk, state=DeliveryState.WAITING).update(
            **{name: getattr(delivery, name) for name in _NOTED}
        )
    _judge(webhook, outcomes)


_NOTED = ("tries", "state", "tried_at", "took_ms", "http_status", "error", "answer", "next_at")


def _wait_of(tries: int) -> timedelta:
    """How long until the next try, with up to a fifth more by chance, so that not all come back at once."""
    return timedelta(seconds=WAITS[tries - 1] * random.uniform(1.0, 1.2))  # noqa: S311 - not for secrets


def _judge(webhook: Webhook, outcomes: Sequence[_Outcome]) -> None:
    """Count what was given up in a row; switch off whoever is gone or never answers."""
    if any(outcome.status == GONE for outcome in outcomes):
        webhook_pause(webhook=webhook, why="The receiver answered 410: it wants no more events.")
        return
    if any(outcome.delivered for outcome in outcomes):
        Webhook.objects.filter(pk=webhook.pk).exclude(failures=0).update(failures=0)
        return
    given_up = sum(
        outcome.delivery.state == DeliveryState.FAILED and outcome.delivery.event != WebhookEvent.TEST
        for outcome in outcomes
    )
    if given_up:
        failures = webhook.failures + given_up
        Webhook.objects.filter(pk=webhook.pk).update(failures=failures)
        if failures >= GIVEN_UP_AT_MOST:
            why = f"{failures} events in a row were given up. The last error: {outcomes[-1].error}"
            webhook_pause(webhook=webhook, why=why)


def _lease_seconds() -> float:
    """Longer than one round of tries can take, with a slow search for the name."""
    return 60.0 + 2 * float(settings.WEBHOOK_TIMEOUT)
