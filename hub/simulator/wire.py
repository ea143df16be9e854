"""One OCPP-J connection: CALLs out one at a time, CALLs in answered in order."""

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

Payload = dict[str, Any]
FollowUp = Callable[[], Coroutine[Any, Any, None]]
Reply = tuple[Payload, FollowUp | None]

CALL_TIMEOUT = 30.0


class RpcError(Exception):
    """Answered, or to be answered, with a CALLERROR."""

    def __init__(self, code: str, description: str = "") -> None:
        super().__init__(code, description)
        self.code, self.description = code, description


class NoAnswer(Exception):
    """A CALL got no answer within CALL_TIMEOUT real seconds."""


class Lost(Exception):
    """The connection ended before the answer."""


class Wire:
    """The RPC layer over one websocket.

    `answer` maps the server's (action, payload) to a payload and what to do once it is sent, or raises
    RpcError. `spawn` runs such a follow-up in the background.
    """

    def __init__(
        self,
        ws: ClientConnection,
        answer: Callable[[str, Payload], Reply],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self.answered = 0
        self._ws, self._answer, self._spawn = ws, answer, spawn
        self._turn = asyncio.Lock()
        self._waiting: tuple[str, asyncio.Future[Payload]] | None = None
        self._ended = False

    async def call(self, action: str, payload: Payload) -> Payload:
        """Send a CALL when it is our turn; returns the answer. Raises RpcError, NoAnswer or Lost."""
        async with self._turn:
            if self._ended:
                raise Lost
            message_id = str(uuid.uuid4())
            future: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()
            self._waiting = (message_id, future)
            try:
                await self._send([2, message_id, action, payload])
                async with asyncio.timeout(CALL_TIMEOUT):
                    return await future
            except TimeoutError:
                raise NoAnswer(action) from None
            except ConnectionClosed:
                raise Lost from None
            finally:
                self._waiting = None

    async def run(self) -> None:
        """Read until the connection ends."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self._take(await self._ws.recv())
        self._ended = True
        if self._waiting and not self._waiting[1].done():
            self._waiting[1].set_exception(Lost())

    async def close(self) -> None:
        """Close the websocket in good order."""
        await self._ws.close()

    def cut(self) -> None:
        """Cut the TCP connection, as a lost network does."""
        self._ws.transport.abort()

    @property
    def end(self) -> str:
        """Close code and reason, for the log."""
        return f"{int(self._ws.close_code or 1006)} {self._ws.close_reason or ''}".strip()

    async def _send(self, message: list[Any]) -> None:
        await self._ws.send(msgspec.json.encode(message).decode())

    async def _take(self, frame: str | bytes) -> None:
        try:
            message = msgspec.json.decode(frame)
        except msgspec.DecodeError:
            return
        match message:
            case [2, str(message_id), str(action), dict(payload)]:
                await self._serve(message_id, action, payload)
            case [2, str(message_id), *_]:
                await self._send([4, message_id, "FormationViolation", "Not a CALL", {}])
            case [3, str(message_id), dict(payload)]:
                self._settle(message_id, payload)
            case [4, str(message_id), str(code), *rest]:
                self._settle(message_id, RpcError(code, str(rest[0]) if rest else ""))

    async def _serve(self, message_id: str, action: str, payload: Payload) -> None:
        try:
            result, follow_up = self._answer(action, payload)
        except RpcError as error:
            await self._send([4, message_id, error.code, error.description[:255], {}])
            return
        await self._send([3, message_id, result])
        if follow_up is not None:
            self._spawn(follow_up())

    def _settle(self, message_id: str, outcome: Payload | RpcError) -> None:
        if self._waiting is None or self._waiting[0] != message_id or self._waiting[1].done():
            return
        self.answered += 1
        if isinstance(outcome, RpcError):
            self._waiting[1].set_exception(outcome)
        else:
            self._waiting[1].set_result(outcome)


def id_tag_status(answer: Payload) -> str | None:
    """The status in an answer's idTagInfo; None when there is none."""
    info = answer.get("idTagInfo")
    return str(info.get("status")) if isinstance(info, dict) else None
