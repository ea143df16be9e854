"""What every live socket of a browser does: check, subscribe, announce, read, follow.

No channel layer: `hub.bus` has one Redis subscription per process and fans out in it, which costs 4.5 us per
viewer and line, where the pub/sub channel layer costs 106 (there, each viewer decodes and awaits for itself).
"""

import asyncio
import contextlib
import logging
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

import msgspec
from channels.db import DatabaseSyncToAsync
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import DatabaseError

from hub import bus

logger = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

# A commit between the first reading and the gateway learning of the viewer would wait for a heartbeat.
SECOND_READ_SECONDS = 0.5
SUBSCRIBE_SECONDS = 5.0
WINDOW_BYTES = 1024 * 1024
LOGIN_ENDED = 4401
NOT_FOUND = 4404
TOO_SLOW = 4408
TROUBLE = 4500
HEARTBEAT = '{"t":"hb"}'

# Reading shall neither wait for the one thread of all pages (asgiref's) nor take all connections.
_readers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="live-reader")


async def read(function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Call `function`, which reads the database, in one of the live readers' threads."""
    bound = partial(function, *args, **kwargs)
    result: R = await DatabaseSyncToAsync(bound, thread_sensitive=False, executor=_readers)()
    return result


class SocketEnd(Exception):
    """The socket must be closed with `code`."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Viewer(ABC, AsyncWebsocketConsumer):
    """One tab. Subclasses say what is shown; this class keeps order, time and the limit on unread bytes.

    The browser answers `{"a": n}`, the number of frames it has read. At most 1 MiB is sent ahead of that:
    a slow viewer's frames are not kept, it reads after its cursor when it is ready again.
    """

    def __init__(self) -> None:
        super().__init__()
        self.wake = asyncio.Event()
        self._subscriptions: dict[str, bus.Callback] = {}
        self._sizes: deque[int] = deque()
        self._sent = 0
        self._acked = 0
        self._unread_bytes = 0
        self._full_since: float | None = None
        self._task: asyncio.Task[None] | None = None

    # What subclasses give.

    @abstractmethod
    async def enter(self) -> None:
        """Check the permission, subscribe and announce. Raises SocketEnd."""

    @abstractmethod
    async def tick(self) -> None:
        """The heartbeat's work: check again, announce again, read. Raises SocketEnd."""

    @abstractmethod
    async def show(self) -> None:
        """Send what is there to send."""

    async def asked(self, frame: dict[str, object]) -> None:
        """A frame of the browser other than an acknowledgement."""

    # The socket.

    async def connect(self) -> None:
        """Accept first: a handshake refused before that reaches the browser as 1006 without a reason."""
        await self.accept()
        self._task = asyncio.create_task(self._live())

    async def disconnect(self, code: int) -> None:
        """The browser has left."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Take an acknowledgement or a wish; what is not understood is ignored."""
        try:
            frame = msgspec.json.decode(text_data or "null", type=dict[str, object])
        except (msgspec.DecodeError, UnicodeError):
            return
        if isinstance(frame.get("a"), int):
            self._acknowledged(int(str(frame["a"])))
        else:
            await self.asked(frame)

    # For subclasses.

    @property
    def session_key(self) -> str | None:
        """The key of the browser's session."""
        session = self.scope.get("session")
        return session.session_key if session is not None else None

    @property
    def ready(self) -> bool:
        """Whether the browser has read enough to be sent more."""
        return self._unread_bytes < WINDOW_BYTES

    async def put(self, frame: str) -> None:
        """Send one frame."""
        size = len(frame)
        self._sizes.append(size)
        self._sent += 1
        self._unread_bytes += size
        if not self.ready and self._full_since is None:
            self._full_since = time.monotonic()
        await self.send(text_data=frame)

    async def follow(self, callbacks: dict[str, bus.Callback]) -> None:
        """Subscribe to topics; returns when Redis has confirmed or is known to be away."""
        new = {topic: call for topic, call in callbacks.items() if topic not in self._subscriptions}
        self._subscriptions.update(new)
        listener = bus.listener()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SUBSCRIBE_SECONDS):
                await asyncio.gather(
                    *(listener.subscribe(bus.live_channel(topic), call) for topic, call in new.items())
                )

    async def leave(self, topics: Iterable[str]) -> None:
        """End subscriptions."""
        listener = bus.listener()
        for topic in topics:
            callback = self._subscriptions.pop(topic, None)
            if callback is not None:
                await listener.unsubscribe(bus.live_channel(topic), callback)

    async def announce(self) -> None:
        """Say on the bus that somebody looks at the subscribed topics, until after the next heartbeat."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SUBSCRIBE_SECONDS):
                await bus.listener().watch(self._subscriptions)

    # The life of the socket.

    async def _live(self) -> None:
        try:
            await self._follow()
        except SocketEnd as end:
            await self._end(end.code)
        except (DatabaseError, OSError) as error:
            logger.warning("live socket closed, the browser will come again: %s", error)
            await self._end(TROUBLE)
        except Exception:
            logger.exception("live socket failed")
            await self._end(TROUBLE)
        finally:
            await asyncio.shield(self.leave(list(self._subscriptions)))

    async def _follow(self) -> None:
        await self.enter()
        await self.show()
        due = time.monotonic() + SECOND_READ_SECONDS
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, due - time.monotonic())):
                    await self.wake.wait()
            self.wake.clear()
            if time.monotonic() >= due:
                await self._beat()
                due = time.monotonic() + settings.LIVE_HEARTBEAT
            await self.show()

    async def _end(self, code: int) -> None:
        with contextlib.suppress(OSError, RuntimeError):  # the browser was faster
            await self.close(code)

    async def _beat(self) -> None:
        full = self._full_since
        if full is not None and time.monotonic() - full > 2 * settings.LIVE_HEARTBEAT:
            raise SocketEnd(TOO_SLOW)
        await self.tick()
        await self.put(HEARTBEAT)

    def _acknowledged(self, count: int) -> None:
        while self._acked < min(count, self._sent):
            self._acked += 1
            self._unread_bytes -= self._sizes.popleft()
        self._full_since = None if self.ready else time.monotonic()
        self.wake.set()
