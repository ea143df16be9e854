"""Webhooks in words: what each event says, how a receiver checks it, and how a delivery stands."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from chargepoints.action_choices import DeliveryState, WebhookEvent
from chargepoints.models import WebhookDelivery
from chargepoints.services.webhook_deliveries import body_ordered, delivery_headers

# Shown to people as it is; a test runs it against what is really sent.
EXAMPLE = '''\
import base64, hashlib, hmac, time

SECRET = "whsec_..."  # shown once, when the webhook was made

def verify(headers, body):
    """Raise ValueError unless it was signed with our secret just now."""
    sent_id, sent_at = headers["webhook-id"], headers["webhook-timestamp"]
    if abs(time.time() - int(sent_at)) > 300:
        raise ValueError("too old, or from the future")
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    signed = f"{sent_id}.{sent_at}.".encode() + body  # the raw bytes
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    for signature in headers["webhook-signature"].split():  # sometimes two
        version, _, given = signature.partition(",")
        if version == "v1" and hmac.compare_digest(given, wanted):
            return
    raise ValueError("not signed by us")
'''

_STATUS_FIELDS = "id connector status raw_status error_code vendor_error_code info received_at reported_at"
_LINK_FIELDS = (
    "is_connected connected_at disconnected_at subprotocol remote_address security_profile close_code close_reason"
)
_CHARGE_FIELDS = (
    "id transaction_id connector state verdict id_tag_end started_at ended_at meter_start_wh meter_stop_wh energy_wh"
    " stop_reason needs_review"
)
_COMMAND_FIELDS = (
    "id kind status effect connector charge parent author reason created_at sent_at answered_at answer effect_at"
    " effect_text"
)


@dataclass(frozen=True, slots=True)
class EventWords:
    """One kind of event: when it is sent, and what its `data` holds."""

    event: str
    label: str
    when: str
    fields: tuple[str, ...]


def _words(event: WebhookEvent, fields: str, when: str) -> EventWords:
    return EventWords(event.value, event.label, when, tuple(fields.split()))


EVENT_WORDS = [
    _words(
        WebhookEvent.COMMAND,
        _COMMAND_FIELDS,
        "A remote action was asked for, sent, answered, or its effect was seen or is missing; `status` and `effect`"
        " say which.",
    ),
    _words(
        WebhookEvent.CHARGE_STARTED,
        _CHARGE_FIELDS,
        "A charge began. Of its key only the last four characters are told.",
    ),
    _words(
        WebhookEvent.CHARGE_ENDED,
        _CHARGE_FIELDS,
        "A charge ended. It is told once more when more becomes known: that it failed or was cancelled, or the"
        " charger's own stop after Hub had closed the charge without one. The last one counts.",
    ),
    _words(
        WebhookEvent.STATUS,
        _STATUS_FIELDS,
        "A connector, or the charge point itself (connector 0), reported a status that differs from the one before."
        " One that arrives late is told too: the newest `reported_at` says what is true now.",
    ),
    _words(
        WebhookEvent.CONNECTED,
        _LINK_FIELDS,
        "The charger opened a connection. One that replaces its former connection is told without a disconnect"
        " before it.",
    ),
    _words(WebhookEvent.DISCONNECTED, _LINK_FIELDS, "The connection ended, by whomever; why stands beside it."),
    _words(WebhookEvent.TEST, "asked_by", "Somebody pressed Send a test event. It is tried once."),
]


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery as a row: its state as a pill, and the charge point it is about."""

    delivery: WebhookDelivery
    kind: str
    glyph: str
    word: str
    charger: str


def delivery_row(delivery: WebhookDelivery) -> DeliveryRow:
    """One row of the log."""
    point = delivery.body.get("charge_point") or {}
    if delivery.state == DeliveryState.DELIVERED:
        look = ("ok", "circle-check", "Delivered")
    elif delivery.state == DeliveryState.FAILED:
        look = ("bad", "triangle-alert", "Given up")
    elif delivery.tries:
        look = ("warn", "hourglass", "To be tried again")
    else:
        look = ("prep", "clock", "On its way")
    return DeliveryRow(delivery, *look, str(point.get("name") or ""))


def delivery_rows(deliveries: Sequence[WebhookDelivery]) -> list[DeliveryRow]:
    """The rows of a page."""
    return [delivery_row(delivery) for delivery in deliveries]


def body_text(delivery: WebhookDelivery) -> str:
    """The body, for people."""
    return json.dumps(body_ordered(delivery.body), ensure_ascii=False, indent=2)


def headers_text(delivery: WebhookDelivery) -> str:
    """The headers of the last try, as they stood on the wire; the signature is not kept."""
    lines = [f"{name}: {value}" for name, value in delivery_headers(delivery, delivery.tried_at).items()]
    return "\n".join([*lines, "webhook-signature: v1,... (made at each try, not kept)"])


def sample_text() -> str:
    """A whole body, for the guide."""
    sample = {
        "id": "0b0f4a7e-5a57-4a52-9f6c-0d5f1f6f3c11",
        "type": "connector.status",
        "api_version": "v1",
        "occurred_at": "2026-11-20T10:12:03.114000Z",
        "organisation": {"id": 1, "name": "Nordlys Charging"},
        "charge_point": {
            "id": 42,
            "name": "AKB-01",
            "identity": "NORD-1",
            "site": {"id": 3, "name": "Aker Brygge"},
            "team": {"id": 7, "name": "Operations desk"},
        },
        "data": {
            "id": 9001,
            "connector": 1,
            "status": "Faulted",
            "raw_status": "Faulted",
            "error_code": "GroundFailure",
            "vendor_error_code": "E-042",
            "info": "RCD tripped",
            "received_at": "2026-11-20T10:12:03.114000Z",
            "reported_at": "2026-11-20T10:12:01.000000Z",
        },
    }
    return json.dumps(sample, indent=2)
