"""Values to OCPP-J text. What we send is strict: UTC times with Z, at most 6 decimals, UTF-8 (M10, M11)."""

import math
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from ocpp_gateway.errors import MAX_DESCRIPTION, Code, Version, wire

_encode = msgspec.json.Encoder().encode
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_DECIMALS = 6


def clean(text: str) -> str:
    """The text with U+FFFD for what PostgreSQL or UTF-8 cannot hold: NUL and lone surrogates."""
    return text if text.isascii() and "\x00" not in text else _UNSTORABLE.sub("\ufffd", text)


def call(message_id: str, action: str, payload: dict[str, Any]) -> str:
    """A CALL. Raises ValueError for a time without zone or a number that is not finite."""
    return _text([2, message_id, action, plain(payload)])


def result(message_id: str, payload: dict[str, Any]) -> str:
    """A CALLRESULT. Raises ValueError for a time without zone or a number that is not finite."""
    return _text([3, message_id, plain(payload) if payload else payload])


def error(
    message_id: str,
    code: Code,
    version: Version,
    description: str = "",
    details: dict[str, Any] | None = None,
) -> str:
    """A CALLERROR; the description is cut to 255 characters (M17)."""
    return _text([4, message_id, wire(code, version), description[:MAX_DESCRIPTION], plain(details or {})])


def result_error(
    message_id: str,
    code: Code,
    version: Version,
    description: str = "",
    details: dict[str, Any] | None = None,
) -> str:
    """OCPP 2.1: a CALLRESULTERROR, for an unusable answer to a call of ours (M20)."""
    return _text([5, message_id, wire(code, version), description[:MAX_DESCRIPTION], plain(details or {})])


def _text(frame: list[Any]) -> str:
    try:
        return _encode(frame).decode()
    except UnicodeEncodeError:
        return _encode(encodable(frame)).decode()


def encodable(value: Any) -> Any:
    """The JSON value with U+FFFD for every lone surrogate, in keys too."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {encodable(key): encodable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encodable(item) for item in value]
    return value


def storable(value: Any) -> Any:
    """The JSON value with U+FFFD for what PostgreSQL's jsonb refuses: NUL and lone surrogates, in keys too."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(key): storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [storable(item) for item in value]
    return value


def plain(value: Any) -> Any:
    """The value as JSON knows it: times as text, numbers with at most 6 decimals. Raises as `call`."""
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return value
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return _time(value)
    if isinstance(value, float | Decimal):
        return _number(value)
    return value


def _time(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("a time without zone cannot be sent")
    utc = value if value.tzinfo is UTC else value.astimezone(UTC)
    return utc.isoformat(timespec="seconds" if utc.microsecond < 1000 else "milliseconds")[:-6] + "Z"


def _number(value: float | Decimal) -> float | int:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("a number that is not finite cannot be sent")
    # Decimal("5") may stand for an integer field, where 5.0 is a breach of draft-04.
    return int(value) if isinstance(value, Decimal) and number.is_integer() else round(number, _DECIMALS)
