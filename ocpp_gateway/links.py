"""One live socket of a charger: its session, and writing to it without a task per frame."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any

from django.conf import settings

from chargepoints.choices import Registration
from chargepoints.reports import Opened
from chargepoints.selectors.admission import Admission
from hub.lane import Lane
from ocpp_gateway.admission import Bucket
from ocpp_gateway.errors import Version
from ocpp_gateway.session import Session

MARGIN_SECONDS = 60
Send = Callable[[dict[str, Any]], Awaitable[None]]


class _Rest:
    """The rest of a coroutine that has been started by hand and now waits for something."""

    def __init__(self, coroutine: Coroutine[Any, Any, None], waits_for: Any) -> None:
        self._coroutine, self._waits_for = coroutine, waits_for

    def __await__(self) -> Generator[Any, Any, None]:
        waits_for = self._waits_for
        while True:
            resume: Callable[[Any], Any] = self._coroutine.send
            try:
                value = yield waits_for
            except BaseException as error:
                resume, value = self._coroutine.throw, error
            try:
                waits_for = resume(value)
            except StopIteration:
                return


class Link:
    """A connected charge point. `generation` is 0 until the journal has taken the connection."""

    __slots__ = (
        "_outbox",
        "_send",
        "_writer",
        "asked",
        "at_rest",
        "boot_by",
        "booting",
        "certificate_name",
        "charge_point_id",
        "claiming",
        "closing",
        "drained",
        "former",
        "generation",
        "heard",
        "heartbeat",
        "identity",
        "is_strict",
        "lane",
        "may_skip_boot",
        "opened",
        "pace",
        "registration",
        "secrets",
        "session",
        "triggered",
        "woken",
    )

    def __init__(
        self, *, known: Admission, version: Version, opened: Opened, send: Send, lane: Lane | None = None
    ) -> None:
        self.charge_point_id = opened.charge_point_id
        self.is_strict = known.is_strict
        self.registration = known.registration_told  # what its last boot was answered with, empty before the first
        self.may_skip_boot = not known.is_strict and known.registration == Registration.ACCEPTED
        self.heartbeat = known.heartbeat_interval or settings.OCPP_HEARTBEAT_INTERVAL
        self.heard: Callable[[], float] | None = None  # when the server saw anything of it last, pongs too
        self.pace = Bucket(settings.OCPP_MESSAGES_PER_SECOND, settings.OCPP_MESSAGES_BURST)
        self.booting = 0  # boots that are not answered yet
        self.asked = False
        self.former = ""  # the other gateway process that had the connection before
        self.boot_by: float | None = None
        self.identity = known.identity
        self.opened = opened
        self.session = Session(version, time.monotonic())
        self.generation = 0
        self.claiming = self.woken = False
        self.triggered = ""  # the message a TriggerMessage has just asked for
        self.certificate_name = ""  # the serial number that its client certificate is for
        self.secrets: tuple[str, ...] = ()  # what a call without an answer carried; a late answer may repeat it
        self.closing: tuple[int, str] | None = None
        self.drained = asyncio.Event()
        self.lane = lane
        self.at_rest = False  # nothing of it is being worked on or waited for
        self._send = send
        self._outbox: deque[dict[str, Any]] = deque()
        self._writer: asyncio.Task[None] | None = None

    def silent_too_long(self, now: float) -> bool:
        """Nothing was heard of it for longer than its pings and heartbeats allow (T5)."""
        last = max(self.session.last_received, self.heard() if self.heard else 0.0)
        limit = max(3 * settings.OCPP_PING_INTERVAL, 2 * self.heartbeat + MARGIN_SECONDS)
        return bool(now - last > (settings.OCPP_SILENCE_TIMEOUT or limit))

    def write(self, frame: str) -> None:
        """Send a text frame now; one that the server cannot take at once is finished by a task, in order."""
        if self.lane is None or self._writer is not None or not self.lane.write(frame):
            self._put({"type": "websocket.send", "text": frame})

    def close(self, code: int, reason: str) -> None:
        """Close the socket after what is already on its way. Codes 1000 and 3000 to 4999 only (daphne)."""
        if self.closing is None:
            self.closing = (code, reason)
            self._put({"type": "websocket.close", "code": code, "reason": reason})

    def answered(self) -> None:
        """A call of the charger was answered: one more may be read."""
        self.session.answered()
        if not self.session.congested:
            self.drained.set()

    def _put(self, message: dict[str, Any]) -> None:
        if self._writer is not None:
            self._outbox.append(message)
            return
        coroutine: Any = self._send(message)
        try:
            waits_for = coroutine.send(None)
        except StopIteration:
            return
        except Exception:
            return
        self._writer = asyncio.create_task(self._finish(_Rest(coroutine, waits_for)))

    async def _finish(self, rest: _Rest) -> None:
        try:
            await rest
            while self._outbox:
                await self._send(self._outbox.popleft())
        except Exception:
            self._outbox.clear()
        finally:
            self._writer = None
