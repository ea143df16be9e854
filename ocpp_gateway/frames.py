"""OCPP-J frames: text in, value out, and back. Total: no text makes `parse` raise.

Rules M1..M19 of OCPP-J part 4 and the deviations seen on real chargers. Strict out, lenient in: what can be
repaired is repaired, and the value says so in `repaired`.
"""

from typing import Any

import msgspec

from ocpp_gateway.encoding import call, clean, error, result, result_error
from ocpp_gateway.errors import MAX_DESCRIPTION, Code, Version
from ocpp_gateway.errors import parse as parse_code
from ocpp_gateway.repair import NotJsonError, readable_start, repair

__all__ = [
    "Broken",
    "Call",
    "CallError",
    "CallResult",
    "CallResultError",
    "Frame",
    "Ignored",
    "Send",
    "call",
    "clean",
    "error",
    "parse",
    "result",
    "result_error",
]

NO_ID = "-1"
MAX_ID = 255
MAX_DEPTH = 32
MAX_ITEMS = 20_000
_PADDING = " \t\r\n\x00\ufeff"
_MODEM = ("AT", "+", "OK", "RING", "NO CARRIER", "ERROR", "CONNECT")
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class Call(msgspec.Struct, frozen=True):
    """A request; `repaired` names the deviation that was mended, empty for a sound frame."""

    id: str
    action: str
    payload: dict[str, Any]
    repaired: str = ""


class CallResult(msgspec.Struct, frozen=True):
    """The answer to a call."""

    id: str
    payload: dict[str, Any]
    repaired: str = ""


class CallError(msgspec.Struct, frozen=True):
    """The refusal of a call; `raw_code` keeps the sender's spelling."""

    id: str
    code: Code
    raw_code: str
    description: str
    details: dict[str, Any]


class CallResultError(msgspec.Struct, frozen=True):
    """OCPP 2.1: the peer could not use our answer. Never answered (M15)."""

    id: str
    code: Code
    raw_code: str
    description: str
    details: dict[str, Any]


class Send(msgspec.Struct, frozen=True):
    """OCPP 2.1: a request without an answer, whatever becomes of it (M19)."""

    id: str
    action: str
    payload: dict[str, Any]
    repaired: str = ""


class Broken(msgspec.Struct, frozen=True):
    """Answer with a CALLERROR; id is "-1" when none could be read."""

    id: str
    code: Code
    description: str


class Ignored(msgspec.Struct, frozen=True):
    """Give no answer. `id` is set when this was an unusable answer to a call of ours (M20)."""

    reason: str
    id: str = ""


Frame = Call | CallResult | CallError | CallResultError | Send | Broken | Ignored


def parse(text: str, version: Version) -> Frame:
    """Read one text message."""
    text = text.strip(_PADDING)
    if not text:
        return Ignored("empty text")
    if text[0] not in "[{" and text.upper().startswith(_MODEM):
        return Ignored("modem noise")
    repaired = ""
    try:
        frame = _decode(text)
        if _suspect(text, frame):
            frame, repaired = repair(text)
    except (ValueError, RecursionError):
        try:
            frame, repaired = repair(text)
        except NotJsonError as problem:
            return _unreadable(text, version, str(problem))
    if type(frame) is not list or not frame:
        return Broken(NO_ID, Code.RPC_FRAMEWORK, "The message is not a JSON array.")
    if (text.count("[") + text.count("{") > MAX_DEPTH or len(text) > MAX_ITEMS) and (excess := _excess(frame)):
        return _unreadable(text, version, excess)
    return _shape(frame, version, repaired)


def _suspect(text: str, frame: Any) -> bool:
    """Could the text hold a key twice? Then its colons are more than those of what was decoded.

    An escaped colon (\\u003a) would hide one, so the exact way decides about those.
    """
    if "\\" in text and "\\u003" in text:
        return True
    return text.count(":") != _encode(frame).count(b":")


def _excess(frame: list[Any]) -> str:
    items = 0
    level: list[Any] = [frame]
    for _ in range(MAX_DEPTH):
        items += sum(len(each) for each in level if type(each) is list)
        if items > MAX_ITEMS:
            return f"The message has more than {MAX_ITEMS} array items."
        inner = (each if type(each) is list else each.values() for each in level)
        level = [value for values in inner for value in values if type(value) is list or type(value) is dict]
        if not level:
            return ""
    return f"The message is nested deeper than {MAX_DEPTH}."


def _unreadable(text: str, version: Version, problem: str) -> Broken | Ignored:
    kind, message_id = readable_start(text)
    if kind in {3, 4}:
        return Ignored("unreadable answer", message_id)
    if kind in {5, 6} and version is Version.V21:
        return Ignored("unreadable frame that wants no answer")
    if len(message_id) > MAX_ID or not message_id:
        return Broken(NO_ID, Code.RPC_FRAMEWORK, problem)
    return Broken(message_id, Code.FORMAT, problem)


def _shape(frame: list[Any], version: Version, repaired: str) -> Frame:
    kind = frame[0]
    message_id = frame[1] if len(frame) > 1 and type(frame[1]) is str and len(frame[1]) <= MAX_ID else None
    if type(kind) is int:
        if kind == 2:
            return _call(frame, message_id, repaired)
        if kind == 3:
            return _call_result(frame, message_id, repaired)
        if kind == 4:
            return Ignored("CALLERROR without an id") if message_id is None else _call_error(frame, message_id)
        return _newer(kind, frame, message_id, version, repaired)
    if type(kind) is str and kind in {"3", "4", "5", "6"}:
        return Ignored("message type is a string")
    return Broken(message_id or NO_ID, Code.RPC_FRAMEWORK, "The message type is not a number.")


def _call(frame: list[Any], message_id: str | None, repaired: str) -> Call | Broken:
    if message_id is None:
        return Broken(NO_ID, Code.RPC_FRAMEWORK, f"The message id is not a text of at most {MAX_ID} characters.")
    if len(frame) != 4:
        return Broken(message_id, Code.RPC_FRAMEWORK, f"A CALL has 4 elements, this one {len(frame)}.")
    action, payload = frame[2], frame[3]
    if type(action) is not str:
        return Broken(message_id, Code.RPC_FRAMEWORK, "The action is not a text.")
    if payload is None:
        payload, repaired = {}, repaired or "null payload"
    if type(payload) is not dict:
        return Broken(message_id, Code.FORMAT, "The payload is not an object.")
    return Call(message_id, action, payload, repaired)


def _call_result(frame: list[Any], message_id: str | None, repaired: str) -> CallResult | Ignored:
    if message_id is None:
        return Ignored("CALLRESULT without an id")
    payload = frame[2] if len(frame) == 3 else False
    if payload is None:
        payload, repaired = {}, repaired or "null payload"
    if type(payload) is not dict:
        return Ignored("CALLRESULT without an object", message_id)
    return CallResult(message_id, payload, repaired)


def _error_fields(frame: list[Any]) -> tuple[Code, str, str, dict[str, Any]]:
    raw, description, details = (*frame[2:5], None, None, None)[:3]
    raw = raw if type(raw) is str else ""
    description = description[:MAX_DESCRIPTION] if type(description) is str else ""
    if type(details) is not dict:
        details = {} if details in (None, "") else {"value": details}
    return parse_code(raw), raw[:MAX_DESCRIPTION], description, details


def _call_error(frame: list[Any], message_id: str) -> CallError:
    return CallError(message_id, *_error_fields(frame))


def _newer(
    kind: int, frame: list[Any], message_id: str | None, version: Version, repaired: str
) -> CallResultError | Send | Broken | Ignored:
    if version is Version.V21 and kind == 5:
        if message_id is None:
            return Ignored("CALLRESULTERROR without an id")
        return CallResultError(message_id, *_error_fields(frame))
    if version is Version.V21 and kind == 6:
        sent = _call(frame, message_id, repaired)
        if isinstance(sent, Broken):
            return Ignored("broken SEND")
        return Send(sent.id, sent.action, sent.payload, sent.repaired)
    # 2.0.1 part 4 contradicts itself (4.1.3 ignore, 4.4 answer); the others say ignore (M3).
    if version is Version.V201 and message_id is not None:
        return Broken(message_id, Code.MESSAGE_TYPE, "This message type is not supported.")
    return Ignored("unknown message type")
