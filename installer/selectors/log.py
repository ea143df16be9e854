"""Lines of a charger's log that prove something."""

from datetime import datetime, timedelta

from chargepoints.models import ChargePoint, LogLine


def micros(at: datetime) -> int:
    """The smallest sequence that a log line of this moment can have."""
    return int(at.timestamp() * 1_000_000)


def line_seq(point: ChargePoint, since: datetime | None, **fields: object) -> int | None:
    """The first log line since then with these fields."""
    if since is None:
        return None
    lines = LogLine.objects.filter(charge_point=point, seq__gte=micros(since - timedelta(seconds=1)), **fields)
    return lines.order_by("seq").values_list("seq", flat=True).first()
