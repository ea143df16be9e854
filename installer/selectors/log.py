"""Lines of a charger's log that prove something, and words of chargers that can be told."""

import re
from datetime import datetime, timedelta

from chargepoints.models import ChargePoint, LogLine

_WORD = re.compile(r"[A-Za-z0-9_.-]{1,40}")


def micros(at: datetime) -> int:
    """The smallest sequence that a log line of this moment can have."""
    return int(at.timestamp() * 1_000_000)


def line_seq(point: ChargePoint, since: datetime | None, *, is_last: bool = False, **fields: object) -> int | None:
    """The first log line since then with these fields, or the last."""
    if since is None:
        return None
    lines = LogLine.objects.filter(charge_point=point, seq__gte=micros(since - timedelta(seconds=1)), **fields)
    return lines.order_by("-seq" if is_last else "seq").values_list("seq", flat=True).first()


def plain(told: str) -> str:
    """A charger's word as it may stand on a page behind a link: one of the protocol's, never a sentence of its own."""
    return told if _WORD.fullmatch(told) else "an error" if told else ""
