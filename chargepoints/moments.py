"""Times in parameters of commands: text as it goes to the charger, UTC and whole seconds."""

from datetime import UTC, datetime


def moment_read(given: object) -> datetime | None:
    """A time from ISO 8601 text, in UTC; None when it is none. Without a zone it is taken for UTC."""
    try:
        parsed = datetime.fromisoformat(given) if isinstance(given, str) else None
        if parsed is None:
            return None
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def moment_write(at: datetime) -> str:
    """`2030-01-31T12:00:00Z`. Raises ValueError for a time without zone."""
    if at.tzinfo is None:
        raise ValueError("a time without zone cannot be sent")
    return at.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
