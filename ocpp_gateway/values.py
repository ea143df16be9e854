"""Reading what chargers send in many ways: times, numbers, units, texts. Total functions: they never raise."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from ocpp_gateway.encoding import clean

_KILO = {"kWh": "Wh", "kW": "W", "kvarh": "varh", "kvar": "var", "kVA": "VA", "kVAh": "VAh"}
_LONGEST_TIME = 64
# Powers of ten: what is larger is no measurement, and arithmetic with it would overflow; what is smaller is nothing.
_LARGEST = 24
_DIGITS = 15
_MOST = 10**_LARGEST
_EXACT = 28  # digits of the decimal context: no more need to be rounded
_SPELLED = {unit.lower(): unit for unit in (*_KILO, *_KILO.values(), "A", "V", "Hz", "Percent", "K")}


def time(raw: Any) -> datetime | None:
    """An RFC 3339 time with any offset and fraction; without a zone it is taken for UTC (T8, D10)."""
    if not isinstance(raw, str):
        return None
    return _time(raw) if len(raw) <= _LONGEST_TIME else None


@lru_cache(4096)  # each is asked for two or three times on its way
def _time(raw: str) -> datetime | None:
    try:
        parsed = datetime.fromisoformat(raw.strip())
        if parsed.tzinfo is UTC:
            return parsed
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def event_time(raw: Any, received: datetime) -> datetime:
    """When something happened: the charger's time, or ours where its clock cannot be right (D10)."""
    parsed = time(raw)
    if parsed is None or not received - timedelta(days=366) <= parsed <= received + timedelta(hours=1):
        return received
    return parsed


def number(raw: Any) -> Decimal | None:
    """A number in text: spaces, a comma for the decimal point and exponents are taken (D9)."""
    if type(raw) is str and len(raw) <= _EXACT:
        try:
            parsed = Decimal(raw)
        except InvalidOperation:
            pass
        else:
            if parsed.is_finite() and -_LARGEST < parsed.adjusted() <= _LARGEST:
                return parsed
    try:
        parsed = Decimal(str(raw).strip().replace(",", "."))
    except (InvalidOperation, ValueError):
        return None
    if not parsed.is_finite() or (parsed and parsed.adjusted() > _LARGEST):
        return None
    return +parsed if parsed and parsed.adjusted() > -_LARGEST else Decimal(0)


def decimal(value: Decimal | None) -> str:
    """A measurement as it is stored, with at most 15 digits before the point; empty for what is none."""
    return "" if value is None or value.adjusted() >= _DIGITS else str(value)


def unit(raw: str, value: Decimal | None) -> tuple[str, Decimal | None]:
    """The unit in its own spelling and without `k`, with the value to match: kWh and kW become Wh and W."""
    spelled = _SPELLED.get(raw.strip().lower(), raw.strip())
    if spelled not in _KILO:
        return clean(spelled)[:16], value
    return _KILO[spelled], value * 1000 if value is not None else None


def text(raw: Any, limit: int = 255) -> str:
    """A field as text that can be stored: null is empty, control-free, at most `limit` characters."""
    if type(raw) is str and raw.isascii() and "\x00" not in raw:
        return raw[:limit].strip()
    if raw is None:
        return ""
    try:
        return clean(raw if isinstance(raw, str) else str(raw))[:limit].strip()
    except ValueError:  # an integer of thousands of digits
        return ""


def whole(raw: Any) -> int | None:
    """A whole number, also in quotes; None for what is none."""
    if type(raw) is int and -_MOST < raw < _MOST:
        return raw
    parsed = number(raw)
    return int(parsed) if parsed is not None and parsed == parsed.to_integral_value() else None


def watt_hours(raw: Any) -> int | None:
    """A register in Wh; None for what cannot be one, such as -1 for "unknown" (QUIRKS 4.7)."""
    parsed = number(raw)
    return int(parsed) if parsed is not None and 0 <= parsed < 2**62 else None


def connector(raw: Any) -> int:
    """A connector number that can be stored: -1 and the like are the box, what is absurdly high is cut."""
    return min(max(0, whole(raw) or 0), 2**31 - 1)
