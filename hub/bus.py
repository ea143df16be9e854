"""Wake-ups between processes over Redis pub/sub, and who is watching what.

Nothing here carries truth: a lost message is healed by a sweep or by the reader's cursor. Channels:
`hub:gateway:<process id>` (commands are waiting), `hub:live:<topic>` (something to show), `hub:watch` (a viewer came).
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import cache

import msgspec
import redis
import redis.asyncio
from django.conf import settings
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

type_ = dict[str, object]
WATCHED_KEY = "hub:watched"
WATCH_CHANNEL = "hub:watch"
WATCH_SECONDS = 30.0

Callback = Callable[[type_], Awaitable[None] | None]


@cache
def client() -> redis.Redis:
    """The process's blocking client. Waits for a free connection instead of failing at the hundredth."""
    pool = redis.BlockingConnectionPool.from_url(
        settings.REDIS_URL, max_connections=32, timeout=5, socket_timeout=5, socket_connect_timeout=2
    )
    return redis.Redis(connection_pool=pool)


def publish(messages: Iterable[tuple[str, Mapping[str, object]]]) -> None:
    """Publish (channel, message) pairs in one round trip. A Redis that is away is logged, never raised."""
    try:
        with client().pipeline(transaction=False) as pipe:
            for channel, message in messages:
                pipe.publish(channel, msgspec.json.encode(message))
            pipe.execute()
    except RedisError as error:
        logger.warning("wake-up not sent: %s", error)


def gateway_channel(process_id: str) -> str:
    """Where a gateway process listens for commands."""
    return f"hub:gateway:{process_id}"


def live_channel(topic: str) -> str:
    """Where viewers of `topic` (such as `log:42`) listen."""
    return f"hub:live:{topic}"


def watched(topics: Iterable[str]) -> set[str]:
    """Those of `topics` that somebody is looking at. All of them when Redis cannot say."""
    wanted = list(topics)
    if not wanted:
        return set()
    try:
        scores = client().zmscore(WATCHED_KEY, wanted)
    except RedisError:
        return set(wanted)
    now = time.time()
    return {topic for topic, until in zip(wanted, scores, strict=True) if until is not None and until > now}


class Listener:
    """One subscription connection per process and event loop; fans messages out to callbacks.

    Reconnects by itself. Callbacks must not block; what they miss during an outage is healed by cursors and sweeps.
    """

    def __init__(self) -> None:
        self._callbacks: dict[str, set[Callback]] = {}
        self._redis = redis.asyncio.Redis.from_url(
            settings.REDIS_URL, socket_timeout=None, socket_connect_timeout=5, health_check_interval=15
        )
        self._pubsub = self._redis.pubsub(ignore_subscribe_messages=False)
        self._ready: dict[str, asyncio.Event] = {}
        self._task: asyncio.Task[None] | None = None

    async def subscribe(self, channel: str, callback: Callback) -> None:
        """Call `callback` for each message; returns once Redis has confirmed (or after 2 s without it)."""
        self._task = self._task or asyncio.create_task(self._run())
        first = channel not in self._callbacks
        self._callbacks.setdefault(channel, set()).add(callback)
        ready = self._ready.setdefault(channel, asyncio.Event())
        if first:
            self._pubsub.channels[channel.encode()] = None
            await self._send("SUBSCRIBE", channel)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                await ready.wait()

    async def unsubscribe(self, channel: str, callback: Callback) -> None:
        """Stop calling `callback`; the last one of a channel ends the subscription."""
        callbacks = self._callbacks.get(channel, set())
        callbacks.discard(callback)
        if not callbacks:
            self._callbacks.pop(channel, None)
            self._ready.pop(channel, None)
            self._pubsub.channels.pop(channel.encode(), None)
            await self._send("UNSUBSCRIBE", channel)

    async def watch(self, topics: Iterable[str], seconds: float = WATCH_SECONDS) -> None:
        """Say that somebody looks at `topics` for the next `seconds`; repeat it before they are over."""
        until = {topic: time.time() + seconds for topic in topics}
        if not until:
            return
        with contextlib.suppress(RedisError, OSError):
            await self._redis.zadd(WATCHED_KEY, until)
            await self._redis.publish(WATCH_CHANNEL, msgspec.json.encode(until))

    async def watched_all(self) -> dict[str, float]:
        """Every watched topic with the Unix time its watch ends; tidies what is over. Raises RedisError."""
        await self._redis.zremrangebyscore(WATCHED_KEY, "-inf", time.time())
        rows: list[tuple[bytes, float]] = await self._redis.zrange(WATCHED_KEY, 0, -1, withscores=True)  # type: ignore[assignment]
        return {topic.decode(): score for topic, score in rows}

    async def close(self) -> None:
        """End the subscriptions and the connections."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self._callbacks.clear()
        await self._pubsub.aclose()  # type: ignore[no-untyped-call]
        await self._redis.aclose()

    async def _send(self, command: str, channel: str) -> None:
        """Only the reader connects: two at once would leak a socket. It subscribes then to all that is noted."""
        connection = self._pubsub.connection
        if connection is not None and connection.is_connected:
            with contextlib.suppress(RedisError, OSError):
                await connection.send_command(command, channel, check_health=False)

    async def _run(self) -> None:
        while True:
            try:
                await self._read()
            except (RedisError, OSError) as error:
                logger.warning("bus connection lost, trying again: %s", error)
                await asyncio.sleep(0.5)

    async def _read(self) -> None:
        if self._pubsub.connection is None:
            if self._callbacks:
                await self._pubsub.subscribe(*self._callbacks)
            else:
                await asyncio.sleep(0.05)
            return
        message = await self._pubsub.get_message(timeout=None)
        if message is None:
            return
        channel = message["channel"].decode()
        if message["type"] == "subscribe":
            if channel in self._ready:
                self._ready[channel].set()
        elif message["type"] == "message":
            await self._deliver(channel, msgspec.json.decode(message["data"]))

    async def _deliver(self, channel: str, data: type_) -> None:
        for callback in list(self._callbacks.get(channel, ())):
            try:
                answer = callback(data)
                if answer is not None:
                    await answer
            except Exception:
                logger.exception("listener of %s failed", channel)


_listeners: dict[asyncio.AbstractEventLoop, Listener] = {}


def listener() -> Listener:
    """The listener of the running event loop, made on first use."""
    loop = asyncio.get_running_loop()
    if loop not in _listeners:
        _listeners.clear()
        _listeners[loop] = Listener()
    return _listeners[loop]
