"""One charge point: its row with everything its page shows, and its history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, OuterRef, Prefetch, QuerySet, Subquery, Window
from django.db.models.functions import Coalesce, Lag
from django.utils import timezone

from chargepoints.choices import OPEN_CHARGE_STATES
from chargepoints.models import Charge, ChargePoint, ConnectionAttempt, Connector, Finding, StatusChange
from chargepoints.permissions import Person, attempts_for, charge_points_for
from chargepoints.selectors.identity import conflicts_told

STATUS_PAGE = 100
ATTEMPTS_SHOWN = 50
_findings_total = (
    Finding.objects.filter(charge_point=OuterRef("pk"))
    .order_by()
    .values("charge_point")
    .annotate(total=Count("pk"))
    .values("total")
)


def charge_points_detailed(user: Person) -> QuerySet[ChargePoint]:
    """Charge points with site, connection, connectors, `findings_total` and (as `open_charges`) what runs."""
    running = Charge.objects.filter(state__in=OPEN_CHARGE_STATES).select_related(
        "charge_key__driver", "connector", "start_command"
    )
    return (
        conflicts_told(charge_points_for(user))
        .annotate(findings_total=Coalesce(Subquery(_findings_total), 0))
        .select_related("site__team", "connection")
        .prefetch_related(
            Prefetch("connectors", Connector.objects.order_by("number")),
            Prefetch("charges", running.order_by("connector_id", "pk"), to_attr="open_charges"),
        )
    )


def open_charges(charge_point: ChargePoint) -> list[Charge]:
    """What runs on a charge point that came from `charge_points_detailed`."""
    return list(getattr(charge_point, "open_charges", ()))


@dataclass(frozen=True, slots=True)
class StatusSpell:
    """A reported status and how long it lasted; `lasted` is None while it still does."""

    change: StatusChange
    until: datetime | None

    @property
    def seconds(self) -> float:
        """How long it lasted, or has lasted so far."""
        end = self.until or timezone.now()
        return max((end - self.change.received_at) / timedelta(seconds=1), 0)


def status_spells(charge_point: ChargePoint, before: int | None = None) -> tuple[list[StatusSpell], int | None]:
    """One page of the status log, newest first, and the cursor of the older page. `before` is such a cursor."""
    history = StatusChange.objects.filter(charge_point=charge_point)
    if before is not None:
        last = history.filter(pk=before).values("received_at").first()
        at = last["received_at"] if last else None
        history = history.filter(received_at__lte=at).exclude(received_at=at, pk__gte=before) if at else history.none()
    newest = list(history.order_by("-received_at", "-pk")[: STATUS_PAGE + 1])
    page, is_more = newest[:STATUS_PAGE], len(newest) > STATUS_PAGE
    ends = _ends(charge_point, page)
    spells = [StatusSpell(change, ends.get(change.pk)) for change in page]
    return spells, page[-1].pk if is_more else None


def _ends(charge_point: ChargePoint, page: Sequence[StatusChange]) -> dict[int, datetime | None]:
    """When each status of the page was followed by the next one of its connector."""
    if not page:
        return {}
    following = Window(
        Lag("received_at"), partition_by="connector_number", order_by=[F("received_at").desc(), F("pk").desc()]
    )
    rows = (
        StatusChange.objects.filter(charge_point=charge_point, received_at__gte=page[-1].received_at)
        .annotate(until=following)
        .order_by("-received_at", "-pk")
        .values_list("pk", "until")
    )
    return dict(rows)


def refused_attempts(user: Person, charge_point: ChargePoint) -> list[ConnectionAttempt]:
    """The newest refused handshakes of a charge point."""
    return list(attempts_for(user).filter(charge_point=charge_point).order_by("-last_at")[:ATTEMPTS_SHOWN])


def findings_of(charge_point: ChargePoint) -> list[Finding]:
    """Where a charge point deviates from its protocol, the last seen first; at most one for each rule."""
    return list(Finding.objects.filter(charge_point=charge_point).order_by("-last_at", "rule"))
