"""Our own notes on the log of a charger."""

from django.utils import timezone

from chargepoints.choices import Category, Direction
from chargepoints.reports import NewLine
from chargepoints.services.log_lines import log_lines_append


def note_append(
    *, charge_point_id: int, action: str, fact: str, text: str = "", category: Category = Category.STATE
) -> None:
    """One line of our own, such as "Maintenance", "started", "by Alice"."""
    line = NewLine(
        charge_point_id=charge_point_id,
        at=timezone.now(),
        direction=Direction.NONE,
        category=category,
        action=action,
        fact=fact,
        text=text,
    )
    log_lines_append(lines=[line])
