"""The RPC state of one connection, without a socket and without a clock.

Times are seconds of a monotonic clock, given by the caller. Rules M12..M20 and T1 of OCPP-J part 4: one call
of ours at a time, calls of the charger are taken while ours waits, late answers never reach the next call.
"""

from collections import OrderedDict
from typing import Any

import msgspec

from ocpp_gateway import frames
from ocpp_gateway.errors import Code, Version
from ocpp_gateway.frames import Call, CallError, CallResult, CallResultError, Send

TIMEOUT = 30.0
CONGESTED_AT = 64
_REMEMBERED = 16


class TurnTakenError(RuntimeError):
    """A call was started while another one waits for its answer (M12)."""


class Answered(msgspec.Struct, frozen=True):
    """Our call was answered. Latency in seconds; `repaired` as in frames."""

    id: str
    action: str
    payload: dict[str, Any]
    latency: float
    repaired: str = ""


class Refused(msgspec.Struct, frozen=True):
    """Our call got a CALLERROR, or an answer that cannot be read (then `raw_code` is empty)."""

    id: str
    action: str
    code: Code
    raw_code: str
    description: str
    details: dict[str, Any]
    latency: float


class TimedOut(msgspec.Struct, frozen=True):
    """Our call got no answer; the turn is free again. `waited` in seconds."""

    id: str
    action: str
    waited: float


class Late(msgspec.Struct, frozen=True):
    """An answer nobody waits for (M15). `action` is empty when the id was never ours on this connection."""

    id: str
    action: str
    answer: CallResult | CallError


class Invalid(msgspec.Struct, frozen=True):
    """A broken message: send `frame` back."""

    frame: str
    id: str
    code: Code
    description: str


class Dropped(msgspec.Struct, frozen=True):
    """A message that wants no answer and has no meaning for us."""

    reason: str


Received = Call | Send | CallResultError | Answered | Refused | Late | Invalid | Dropped


class _Pending(msgspec.Struct, frozen=True):
    id: str
    action: str
    since: float
    deadline: float


class Session:
    """What one connection owes and is owed.

    Counters: `received`, `sent` (frames), `broken` (answered with a CALLERROR), `dropped` (not answered),
    `late` (answers nobody waited for), `in_flight` (calls of the charger not answered yet).
    `last_received` is the time of the last message (T5).
    """

    __slots__ = (
        "_gone",
        "_pending",
        "broken",
        "dropped",
        "in_flight",
        "last_received",
        "late",
        "received",
        "sent",
        "since",
        "version",
    )

    def __init__(self, version: Version, now: float) -> None:
        self.version = version
        self.since = self.last_received = now
        self.received = self.sent = self.broken = self.dropped = self.late = self.in_flight = 0
        self._pending: _Pending | None = None
        self._gone: OrderedDict[str, str] = OrderedDict()

    @property
    def can_call(self) -> bool:
        """Is our turn free?"""
        return self._pending is None

    @property
    def waiting_for(self) -> str | None:
        """The id of our call that has no answer yet."""
        return self._pending.id if self._pending else None

    @property
    def congested(self) -> bool:
        """Stop reading until calls were answered (M14)."""
        return self.in_flight >= CONGESTED_AT

    @property
    def next_deadline(self) -> float | None:
        """When `expire` has something to do, or None."""
        return self._pending.deadline if self._pending else None

    def start_call(
        self, message_id: str, action: str, payload: dict[str, Any], now: float, timeout: float = TIMEOUT
    ) -> str:
        """Take the turn; returns the frame to send. Raises TurnTakenError while another call waits."""
        if self._pending is not None:
            raise TurnTakenError(f"{self._pending.action} waits for its answer")
        frame = frames.call(message_id, action, payload)
        self._pending = _Pending(message_id, action, now, now + timeout)
        self.sent += 1
        return frame

    def receive(self, text: str, now: float) -> Received:
        """What one text message means. Each Call raises `in_flight` until `answered` is called."""
        self.received += 1
        self.last_received = now
        frame = frames.parse(text, self.version)
        match frame:
            case Call():
                self.in_flight += 1
                return frame
            case CallResult() | CallError():
                return self._answer(frame, now)
            case frames.Broken(message_id, code, description):
                self.broken += 1
                self.sent += 1
                reply = frames.error(message_id, code, self.version, description)
                return Invalid(reply, message_id, code, description)
            case frames.Ignored(reason, message_id):
                return self._ignored(reason, message_id, now)
        return frame

    def answered(self) -> None:
        """One call of the charger got its answer, whether a CALLRESULT or a CALLERROR."""
        self.in_flight = max(0, self.in_flight - 1)
        self.sent += 1

    def reject_answer(self, message_id: str, code: Code, description: str) -> str | None:
        """The frame that tells the charger its answer is invalid; only OCPP 2.1 has one (M20)."""
        if self.version is not Version.V21:
            return None
        self.sent += 1
        return frames.result_error(message_id, code, self.version, description)

    def expire(self, now: float) -> TimedOut | None:
        """Free the turn when the deadline has passed."""
        if self._pending is None or now < self._pending.deadline:
            return None
        return self._give_up(self._pending, now)

    def close(self, now: float) -> TimedOut | None:
        """The connection ends: our waiting call fails at once, it is not sent again (H12)."""
        return self._give_up(self._pending, now) if self._pending else None

    def _give_up(self, pending: _Pending, now: float) -> TimedOut:
        self._pending = None
        self._gone[pending.id] = pending.action
        if len(self._gone) > _REMEMBERED:
            self._gone.popitem(last=False)
        return TimedOut(pending.id, pending.action, now - pending.since)

    def _take(self, message_id: str) -> _Pending | None:
        pending = self._pending
        if pending is None or pending.id != message_id:
            return None
        self._pending = None
        return pending

    def _answer(self, frame: CallResult | CallError, now: float) -> Answered | Refused | Late:
        pending = self._take(frame.id)
        if pending is None:
            self.late += 1
            return Late(frame.id, self._gone.pop(frame.id, ""), frame)
        latency = now - pending.since
        if isinstance(frame, CallResult):
            return Answered(frame.id, pending.action, frame.payload, latency, frame.repaired)
        return Refused(frame.id, pending.action, frame.code, frame.raw_code, frame.description, frame.details, latency)

    def _ignored(self, reason: str, message_id: str, now: float) -> Refused | Dropped:
        pending = self._take(message_id) if message_id else None
        if pending is None:
            self.dropped += 1
            return Dropped(reason)
        return Refused(message_id, pending.action, Code.FORMAT, "", reason, {}, now - pending.since)
