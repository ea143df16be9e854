"""Archived charge points, the last archived first."""

from datetime import datetime

from django.db.models import Q

from chargepoints.models import ChargePoint
from chargepoints.permissions import Person, charge_points_for

PAGE_ROWS = 100


def archived_page(user: Person, after: int | None = None) -> tuple[list[ChargePoint], int | None]:
    """One page, and the key of the next; `after` is the last row before it. Two queries at most."""
    found = charge_points_for(user, archived=True).select_related("site__team")
    if after is not None:
        last: datetime | None = (
            charge_points_for(user, archived=True).filter(pk=after).values_list("archived_at", flat=True).first()
        )
        found = found.filter(Q(archived_at__lt=last) | Q(archived_at=last, pk__lt=after)) if last else found.none()
    rows = list(found.order_by("-archived_at", "-pk")[: PAGE_ROWS + 1])
    return rows[:PAGE_ROWS], rows[PAGE_ROWS - 1].pk if len(rows) > PAGE_ROWS else None
