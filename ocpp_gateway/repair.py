"""The slow way to read a frame the fast decoder refused or doubts: exact, and lenient where chargers err."""

import json
import math
import re
from typing import Any, NoReturn

import msgspec

from ocpp_gateway.encoding import encodable

_START = re.compile(r'\[[\s,]*([0-9])\s*,(?:\s*("(?:[^"\\]|\\.)*"))?')
# Room for an id of 255 escaped characters.
_START_LENGTH = 2048
_encode = msgspec.json.Encoder().encode


class NotJsonError(ValueError):
    """Nothing can be made of the text. The message is for the sender and quotes nothing of the text."""


def repair(text: str) -> tuple[Any, str]:
    """The decoded value and the name of what was mended, empty when the text was sound.

    Raises NotJsonError; also for a key given twice, since two readers may take different ones.
    """
    try:
        return _load(text)
    except NotJsonError:
        # Seen on ZJ Beny wallboxes: "sampledValue":[,{...}]
        if "[," not in text:
            raise
    value, _ = _load(text.replace("[,", "["))
    return value, "leading comma"


def readable_start(text: str) -> tuple[int, str]:
    """Message type and id at the start of a text that is not JSON as a whole; 0 and "" when unreadable."""
    found = _START.match(text, 0, _START_LENGTH)
    if found is None:
        return 0, ""
    try:
        message_id, _ = _load(found[2] or '""')
    except NotJsonError:
        message_id = ""
    return int(found[1]), message_id


def _load(text: str) -> tuple[Any, str]:
    mended = ""
    try:
        try:
            value = _strict.decode(text)
        except json.JSONDecodeError:
            value, mended = _lax.decode(text), "control character"
        try:
            _encode(value)
        except UnicodeEncodeError:
            value, mended = encodable(value), "lone surrogate"
    except NotJsonError:
        raise
    except RecursionError:
        raise NotJsonError("The message is nested too deeply.") from None
    except ValueError:
        raise NotJsonError("The message is not JSON.") from None
    return value, mended


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise NotJsonError("The message has a key twice in one object.")
    return value


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise NotJsonError("The message has a number out of range.")
    return number


def _no_constant(_name: str) -> NoReturn:
    raise NotJsonError("The message has a number that is not finite.")


_strict = json.JSONDecoder(object_pairs_hook=_once, parse_float=_finite, parse_constant=_no_constant)
_lax = json.JSONDecoder(object_pairs_hook=_once, parse_float=_finite, parse_constant=_no_constant, strict=False)
