"""Webhooks and their deliveries, as the pages show them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from chargepoints.action_choices import DeliveryState, WebhookEvent
from chargepoints.models import Webhook, WebhookDelivery
from chargepoints.permissions import Person, webhooks_for

PAGE = 50
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class DeliveryFilters:
    """What of the log is asked for; empty is everything."""

    state: str = ""
    event: str = ""

    def __bool__(self) -> bool:
        return self != DeliveryFilters()


@dataclass(frozen=True, slots=True)
class DeliveryCursor:
    """A place in the log: right after this delivery."""

    at: datetime
    pk: UUID

    @classmethod
    def read(cls, text: str) -> "DeliveryCursor | None":
        """From an address; None when it is no cursor."""
        micros, _, pk = text.partition("-")
        if not (micros.isascii() and micros.isdigit() and len(micros) < 18):
            return None
        try:
            return cls(_EPOCH + int(micros) * _MICROSECOND, UUID(pk))
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // _MICROSECOND}-{self.pk}"


def webhooks_listed(person: Person) -> QuerySet[Webhook]:
    """The webhooks that `person` manages, each with `waiting` and how its last try went: one query."""
    waiting = (
        WebhookDelivery.objects.filter(webhook=OuterRef("pk"), state=DeliveryState.WAITING)
        .order_by()
        .values("webhook")
        .annotate(count=Count("pk"))
        .values("count")
    )
    last = WebhookDelivery.objects.filter(webhook=OuterRef("pk"), tried_at__isnull=False).order_by("-created_at")
    return (
        webhooks_for(person)
        .select_related("organisation", "team")
        .annotate(
            waiting=Subquery(waiting),
            last_tried=Subquery(last.values("tried_at")[:1]),
            last_error=Subquery(last.values("error")[:1]),
        )
        .order_by("name", "pk")
    )


def deliveries_find(webhook: Webhook, filters: DeliveryFilters) -> QuerySet[WebhookDelivery]:
    """The deliveries of a webhook that were asked for, newest first."""
    wanted = {name: value for name, value in (("state", filters.state), ("event", filters.event)) if value}
    return WebhookDelivery.objects.filter(webhook=webhook, **wanted).order_by("-created_at", "-pk")


def deliveries_page(
    rows: QuerySet[WebhookDelivery], after: DeliveryCursor | None, size: int = PAGE
) -> tuple[list[WebhookDelivery], str]:
    """`size` deliveries after the cursor, and the cursor of the next page; empty on the last."""
    if after is not None:
        rows = rows.filter(Q(created_at__lt=after.at) | Q(created_at=after.at, pk__lt=after.pk))
    found = list(rows[: size + 1])
    more = len(found) > size
    return found[:size], str(DeliveryCursor(found[size - 1].created_at, found[size - 1].pk)) if more else ""


def deliveries_given_up(webhook: Webhook) -> int:
    """How many of the last 30 days were given up and not sent again."""
    failed = WebhookDelivery.objects.filter(webhook=webhook, state=DeliveryState.FAILED, replays__isnull=True)
    return failed.exclude(event=WebhookEvent.TEST).count()
