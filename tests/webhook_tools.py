"""What the tests of webhooks share: who is told, what a worker does, and what receivers check."""

from chargepoints.action_choices import DeliveryState, WebhookEvent
from chargepoints.models import ChargePoint, Connection, Webhook, WebhookDelivery
from chargepoints.rendering.webhooks import EXAMPLE
from chargepoints.services.webhook_deliveries import webhook_serve, webhooks_lease
from chargepoints.services.webhooks import (
    WebhookWanted,
    webhook_create,
)
from hub.audit.records import HUB
from hub.teams.models import Organisation
from tests.factories import now
from tests.receiver import Received, Receiver

EVENTS = [event.value for event in WebhookEvent if event is not WebhookEvent.TEST]


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
