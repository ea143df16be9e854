"""Payloads that break their schema and can be read all the same: strict out, lenient in, never silent (CSMS.md 3)."""

from collections.abc import Callable
from itertools import islice
from typing import Any, NamedTuple

from ocpp_gateway import schemas
from ocpp_gateway.encoding import storable
from ocpp_gateway.errors import Code, OcppError, Version
from ocpp_gateway.frames import Call
from ocpp_gateway.schemas import Violation
from ocpp_gateway.values import number

# Unknown fields, over-long texts, unknown enum values (M9, D6, D7).
_READABLE = frozenset({Code.FORMAT, Code.PROPERTY})
_NUMBERS = frozenset({"integer", "number"})
# In an answer to us: nothing hangs on them, while a word that we do not know is no answer (M20).
_HARMLESS = frozenset({"maxLength", "additionalProperties"})
_RULES = {"additionalProperties": "unknown-field", "maxLength": "too-long", "enum": "unknown-value"}


class Read(NamedTuple):
    """A payload for the handlers; what its schema does not allow in words and by rule, nothing when it is sound."""

    payload: dict[str, Any]
    note: str = ""
    findings: dict[str, str] = {}
    code: Code = Code.FORMAT


def read(version: Version, call: Call) -> Read:
    """The payload, and what is wrong with it.

    A null is an absent field. Numbers and texts may stand for one another where nothing is lost: the handlers read
    them through `values`. Raises OcppError when the rest cannot be read (M16).
    """
    if schemas.check(version, call.action, "request", call.payload) is None:
        return Read(call.payload)
    payload = _without_nulls(call.payload)
    findings = {} if payload == call.payload else {"null-field": ""}
    worst: Violation | None = None
    for violation in schemas.violations(version, call.action, "request", payload, most=None):
        if not _readable(violation, payload):
            refused = schemas.gravest(_unreadable(version, call.action, payload))
            raise OcppError(refused.code, refused.message)
        worst = violation if worst is None else schemas.gravest((worst, violation))
        findings.setdefault(_rule(call.action, violation), violation.message)
    if worst is None:
        return Read(payload, "null fields", findings, Code.TYPE)
    return Read(payload, worst.message, findings, worst.code)


def _rule(action: str, violation: Violation) -> str:
    """The rule of `chargepoints.rules` that a readable breach falls under."""
    if _is_time(violation):
        return "no-time"
    if violation.keyword == "enum" and (action, violation.path) == ("StatusNotification", "status"):
        return "unknown-status"
    if violation.code is Code.TYPE:
        return "wrong-type"
    return _RULES.get(violation.keyword, "out-of-range")


def _is_time(violation: Violation) -> bool:
    return violation.fields == ("timestamp",) or violation.where[-1:] == ("timestamp",)


def _unreadable(version: Version, action: str, payload: dict[str, Any]) -> list[Violation]:
    found = schemas.violations(version, action, "request", payload, most=None)
    return list(islice((violation for violation in found if not _readable(violation, payload)), schemas.MAX_VIOLATIONS))


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def _readable(violation: Violation, payload: dict[str, Any]) -> bool:
    if violation.code in _READABLE:
        return True
    # No message is refused for its time: ours is taken instead (T8).
    return _is_time(violation) or (violation.code is Code.TYPE and _coercible(violation, payload))


def _coercible(violation: Violation, payload: dict[str, Any]) -> bool:
    value: Any = payload
    for step in violation.where:
        value = value[step]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    if "string" in violation.types:
        return True
    digits = number(value)
    if digits is None or not _NUMBERS & set(violation.types):
        return False
    # A register with decimals is cut to whole Wh (D9).
    return digits == digits.to_integral_value() or str(violation.where[-1]).startswith("meterSt")


def read_answer(version: Version, action: str, payload: Any, mend: Callable[[Any], Any]) -> tuple[Any, str]:
    """The payload of an answer to a call of ours, and what makes it unusable in words; empty when it can be used.

    Nulls are absent fields (QUIRKS 2.12), over-long texts and unknown fields are taken (2.9, 2.10); NUL is replaced,
    which no database keeps.
    """
    if schemas.check(version, action, "response", payload) is not None:
        payload = mend(_without_nulls(payload))
        found = schemas.violations(version, action, "response", payload, most=None)
        worse = list(islice((each for each in found if each.keyword not in _HARMLESS), schemas.MAX_VIOLATIONS))
        if worse:
            return payload, schemas.gravest(worse).message
    return storable(payload), ""
