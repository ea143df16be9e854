"""A charging station that a test drives by hand, over a real websocket.

    async with Station("ws://127.0.0.1:8000/ocpp", "CP-1", "secret") as s:
        await s.boot()
        reset = await s.expect("Reset")
        await s.answer(reset, {"status": "Accepted"})

Answers to `call` are kept apart; everything else waits in `unread` for `recv` and `expect`.
Nothing waits longer than its deadline (seconds), and a missed deadline tells what did arrive.
"""

import asyncio
import base64
import contextlib
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.http11 import Response
from websockets.typing import Subprotocol

Payload = dict[str, Any]
Frame = str | bytes
DEADLINE = 5.0


class CallError(Exception):
    """The server answered a CALL with a CALLERROR."""

    def __init__(self, code: str, description: str = "", details: Payload | None = None) -> None:
        super().__init__(f"{code}: {description}" if description else code)
        self.code, self.description, self.details = code, description, details or {}


class Refused(Exception):
    """The server did not upgrade: HTTP `status`, `headers` (names in any case) and `body` as text."""

    def __init__(self, answer: Response) -> None:
        self.status, self.headers = answer.status_code, answer.headers
        self.body = (answer.body or b"").decode()
        super().__init__(f"HTTP {self.status}: {self.body[:200]}")


class Gone(ConnectionError):
    """The connection ended while the test waited for something."""


class Silence(AssertionError):
    """A deadline passed; the message lists what was received meanwhile."""


@dataclass(frozen=True)
class Call:
    """A CALL from the server."""

    id: str
    action: str
    payload: Payload


def now() -> str:
    """The present as OCPP writes it: UTC, milliseconds, `Z`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def basic(identity: str, password: Frame) -> str:
    """The value of an Authorization header. A password of bytes is sent as it is."""
    raw = password.encode() if isinstance(password, str) else password
    return "Basic " + base64.b64encode(identity.encode() + b":" + raw).decode()


class Station:
    """One connection of one station.

    `url` is the endpoint without the identity; `path` replaces the percent-encoded identity behind it.
    `password` None sends no credentials. `headers` win over the ones made here.
    `options` go to the websockets library: `ssl`, `compression="deflate"`, `origin` and so on.
    Raises Refused when the server answers the handshake with anything but 101.
    """

    def __init__(
        self,
        url: str,
        identity: str,
        password: Frame | None = None,
        *,
        subprotocols: Sequence[str] = ("ocpp1.6",),
        headers: Mapping[str, str] | None = None,
        path: str | None = None,
        deadline: float = DEADLINE,
        **options: Any,
    ) -> None:
        self.address = f"{url.rstrip('/')}/{quote(identity, safe='') if path is None else path}"
        self.identity, self.deadline = identity, deadline
        self.received: list[Frame] = []
        self.unread: list[Frame] = []
        self._headers = {} if password is None else {"Authorization": basic(identity, password)}
        self._headers |= headers or {}
        self._options: Payload = {"compression": None, "proxy": None, "ping_interval": None, "max_size": None}
        self._options |= {"open_timeout": deadline, "close_timeout": 1, "max_queue": None} | options
        self._options["subprotocols"] = [Subprotocol(name) for name in subprotocols] or None
        self._answers: dict[str, asyncio.Future[Payload]] = {}
        self._changed = asyncio.Event()
        self._ws: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        try:
            self._ws = await connect(self.address, additional_headers=self._headers, **self._options)
        except InvalidStatus as error:
            raise Refused(error.response) from None
        self._reader = asyncio.create_task(self._read(self._ws))
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.close()

    @property
    def ws(self) -> ClientConnection:
        """The websocket below: `subprotocol`, `response.headers`, `ping` and so on."""
        assert self._ws is not None, "the station is not connected: use 'async with'"
        return self._ws

    @property
    def is_open(self) -> bool:
        """True until either side has closed or the connection was lost."""
        return self._reader is not None and not self._reader.done()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the socket in good order. Does nothing when it is closed already."""
        await self.ws.close(code, reason)
        if self._reader is not None:
            await self._reader

    def drop(self) -> None:
        """Cut the TCP connection without a close frame, as a lost power supply does."""
        self.ws.transport.abort()

    def freeze(self) -> None:
        """Read nothing from now on, pings included: the socket is half-open until `drop` or the end."""
        self.ws.transport.pause_reading()

    async def close_code(self, deadline: float | None = None) -> tuple[int, str]:
        """Wait until the connection has ended; returns (code, reason), 1006 when there was no close frame."""
        await self._until(lambda: not self.is_open, "the server to close", deadline)
        return int(self.ws.close_code or 1006), self.ws.close_reason or ""

    async def send_raw(self, frame: Frame) -> None:
        """Send one frame as it is: text for str, binary for bytes."""
        await self.ws.send(frame)

    async def send_call(self, action: str, payload: Any, *, message_id: str | None = None) -> str:
        """Send a CALL and return its id at once. Its answer goes to `recv`."""
        message_id = message_id or str(uuid.uuid4())
        await self.send_raw(json.dumps([2, message_id, action, payload]))
        return message_id

    async def call(
        self, action: str, payload: Any, *, message_id: str | None = None, deadline: float | None = None
    ) -> Payload:
        """Send a CALL and return the payload of its CALLRESULT. Raises CallError, Gone or Silence."""
        message_id = message_id or str(uuid.uuid4())
        answer: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()
        self._answers[message_id] = answer
        try:
            await self.send_call(action, payload, message_id=message_id)
            await self._until(answer.done, f"an answer to {action} {message_id}", deadline)
            return answer.result()
        except ConnectionClosed as closed:
            raise Gone(str(closed)) from None
        finally:
            del self._answers[message_id]

    async def recv(self, deadline: float | None = None) -> Frame:
        """The next unread frame of any kind, as received. Raises Gone or Silence."""
        await self._until(lambda: bool(self.unread), "a frame", deadline)
        return self.unread.pop(0)

    async def recv_message(self, deadline: float | None = None) -> list[Any]:
        """The next unread frame, decoded; [] when it is no JSON array."""
        return _decoded(await self.recv(deadline))

    async def expect(self, action: str, deadline: float | None = None) -> Call:
        """The server's next CALL of that action. What came before it stays in `unread`."""

        def found() -> Frame | None:
            return next((frame for frame in self.unread if _decoded(frame)[:3:2] == [2, action]), None)

        await self._until(lambda: found() is not None, f"a CALL {action}", deadline)
        frame = found() or ""
        self.unread.remove(frame)
        return Call(*_decoded(frame)[1:4])

    async def answer(self, call: Call, payload: Any) -> None:
        """Answer the server's CALL with a CALLRESULT."""
        await self.send_raw(json.dumps([3, call.id, payload]))

    async def answer_error(self, call: Call, code: str, description: str = "", **details: Any) -> None:
        """Answer the server's CALL with a CALLERROR."""
        await self.send_raw(json.dumps([4, call.id, code, description, details]))

    # Helpers for OCPP 1.6: `fields` are added to the payload, None takes a field out.

    async def boot(self, vendor: str = "Acme", model: str = "Fake 1", **fields: Any) -> Payload:
        """BootNotification."""
        payload = {"chargePointVendor": vendor, "chargePointModel": model}
        return await self._call("BootNotification", payload | fields)

    async def status(self, connector: int, status: str, error: str = "NoError", **fields: Any) -> Payload:
        """StatusNotification, now."""
        payload = {"connectorId": connector, "status": status, "errorCode": error, "timestamp": now()}
        return await self._call("StatusNotification", payload | fields)

    async def authorize(self, tag: str) -> Payload:
        """Authorize; returns the answer with its idTagInfo."""
        return await self.call("Authorize", {"idTag": tag})

    async def start(self, connector: int, tag: str, meter: int, timestamp: str | None = None, **fields: Any) -> Payload:
        """StartTransaction at `meter` Wh; returns the answer with its transactionId."""
        payload: Payload = {"connectorId": connector, "idTag": tag, "meterStart": meter}
        return await self._call("StartTransaction", payload | {"timestamp": timestamp or now()} | fields)

    async def stop(
        self, tx: int, meter: int, reason: str | None = None, timestamp: str | None = None, **fields: Any
    ) -> Payload:
        """StopTransaction at `meter` Wh."""
        payload: Payload = {"transactionId": tx, "meterStop": meter, "timestamp": timestamp or now()}
        return await self._call("StopTransaction", payload | {"reason": reason} | fields)

    async def meter(
        self, connector: int, wh: int, tx: int | None = None, power: int | None = None, **fields: Any
    ) -> Payload:
        """MeterValues: the register in Wh and, when given, the power in W. `timestamp` may be a field."""
        values = [{"value": str(wh), "measurand": "Energy.Active.Import.Register", "unit": "Wh"}]
        if power is not None:
            values.append({"value": str(power), "measurand": "Power.Active.Import", "unit": "W"})
        reading = {"timestamp": fields.pop("timestamp", now()), "sampledValue": values}
        payload = {"connectorId": connector, "transactionId": tx, "meterValue": [reading]}
        return await self._call("MeterValues", payload | fields)

    async def _call(self, action: str, payload: Payload) -> Payload:
        """A call of a helper; `message_id` among its fields is the id, not a part of the payload."""
        message_id = payload.pop("message_id", None)
        present = {name: value for name, value in payload.items() if value is not None}
        return await self.call(action, present, message_id=message_id)

    async def _read(self, ws: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                frame = await ws.recv()
                self.received.append(frame)
                if not self._settle(_decoded(frame)):
                    self.unread.append(frame)
                self._changed.set()
        await ws.wait_closed()
        asyncio.get_running_loop().call_soon(self._changed.set)

    def _settle(self, message: list[Any]) -> bool:
        """Hand an answer to the `call` that waits for it."""
        waiting = self._answers.get(str(message[1])) if message[:1] in ([3], [4]) and len(message) > 2 else None
        if waiting is None or waiting.done():
            return False
        if message[0] == 3:
            waiting.set_result(message[2])
        else:
            waiting.set_exception(CallError(*message[2:5]))
        return True

    async def _until(self, done: Callable[[], bool], what: str, deadline: float | None) -> None:
        """Wait for `done`, looking again after every frame and at the end of the connection."""
        limit = self.deadline if deadline is None else deadline
        seen = len(self.received)
        try:
            async with asyncio.timeout(limit):
                while not done():
                    if not self.is_open:
                        end = f"closed with {self.ws.close_code} {self.ws.close_reason!r}"
                        raise Gone(f"{self.identity} waited for {what}; {end}")
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            meanwhile = self.received[seen:] or "nothing"
            story = f"received meanwhile: {meanwhile}; unread: {self.unread or 'nothing'}"
            raise Silence(f"{self.identity} waited {limit:g} s for {what}; {story}") from None


def _decoded(frame: Frame) -> list[Any]:
    with contextlib.suppress(ValueError):
        return message if isinstance(message := json.loads(frame), list) else []
    return []
