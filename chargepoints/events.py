"""What changed, told to those who are looking.

`touched` is called after a commit, from any thread. It asks who watches, folds what comes within 100 ms and
sends one Celery task `live.render`, from a thread of its own: Redis and the broker can hold up nobody.
What gets lost here is healed by the viewers, who read after their cursor every 15 s.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from redis.exceptions import RedisError

from hub import bus
from hub.queue import enqueue

logger = logging.getLogger(__name__)

LOG = "log"
ROW = "row"
PANELS = frozenset({"connectors", "commands", "head", "power", "actions"})
FACETS = PANELS | {LOG, ROW}

WINDOW_SECONDS = 0.1
REFRESH_SECONDS = 5.0

_Ask = Callable[[Iterable[str]], set[str]]


@dataclass(frozen=True, slots=True)
class Touch:
    """What of a charge point has changed; `facets` are names out of FACETS."""

    charge_point_id: int
    facets: frozenset[str]


def topic(facet: str, charge_point_id: int) -> str:
    """The topic whose viewers show this facet: `log:<id>`, `row:<id>` or `cp:<id>` (all panels)."""
    return f"{facet if facet in {LOG, ROW} else 'cp'}:{charge_point_id}"


class Watchers:
    """A process's own copy of the watched topics, so that a busy gateway asks no one per message.

    The bus tells of a new viewer at once; the whole list is read again every 5 s, which heals what was lost.
    """

    def __init__(self) -> None:
        self._until: dict[str, float] = {}
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether the copy is being kept up to date."""
        return self._task is not None and not self._task.done()

    @property
    def nobody(self) -> bool:
        """Whether it is known that no topic at all is watched: the usual case of a busy gateway."""
        return not self._until and self.running

    async def start(self) -> None:
        """Begin to listen; returns when the first list has been read. Call it in the process's event loop."""
        if self.running:
            return
        await bus.listener().subscribe(bus.WATCH_CHANNEL, self._came)
        await self._refresh()
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Stop listening; from then on Redis is asked."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        await bus.listener().unsubscribe(bus.WATCH_CHANNEL, self._came)

    def watched(self, topics: Iterable[str]) -> set[str]:
        """Those of `topics` that somebody is looking at; safe in every thread."""
        now, until = time.time(), self._until
        return {each for each in topics if until.get(each, 0.0) > now}

    def _came(self, message: dict[str, object]) -> None:
        self._until.update({name: end for name, end in message.items() if isinstance(end, int | float)})

    async def _refresh(self) -> None:
        try:
            listed = await bus.listener().watched_all()
            now = time.time()  # a viewer who came during the reading is only in the old copy
            self._until = {name: end for name, end in self._until.items() if end > now} | listed
        except (RedisError, OSError) as error:
            logger.warning("who is watching is not known: %s", error)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            await self._refresh()


class Sender:
    """Folds touches into one task per window. The first one of a quiet time leaves at once."""

    def __init__(self, watchers: Watchers) -> None:
        self._watchers = watchers
        self._pending: dict[int, frozenset[str]] = {}
        self._lock = threading.Condition()
        self._thread: threading.Thread | None = None

    def add(self, touches: Iterable[Touch]) -> None:
        """Take note of `touches`; never waits for anything but the lock of a dictionary."""
        if self._watchers.nobody:
            return
        wanted = [touch for touch in touches if touch.facets]
        if self._watchers.running:
            wanted = _watched(wanted, self._watchers.watched)
        if not wanted:
            return
        with self._lock:
            for touch in wanted:
                known = self._pending.get(touch.charge_point_id, frozenset())
                self._pending[touch.charge_point_id] = known | touch.facets
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="live-wake-ups", daemon=True)
                self._thread.start()
            self._lock.notify()

    def _run(self) -> None:
        while True:
            with self._lock:
                while not self._pending:
                    self._lock.wait()
                pending, self._pending = self._pending, {}
            try:
                self._send([Touch(pk, facets) for pk, facets in pending.items()])
            except Exception as error:
                logger.warning("live wake-up not sent: %s", error)
            time.sleep(WINDOW_SECONDS)

    def _send(self, touches: list[Touch]) -> None:
        if not self._watchers.running:
            touches = _watched(touches, bus.watched)
        if touches:
            enqueue("live.render", [[touch.charge_point_id, sorted(touch.facets)] for touch in touches])


def _watched(touches: list[Touch], ask: _Ask) -> list[Touch]:
    """What is left of `touches` when only watched topics count; `ask` is called once."""
    names = {topic(facet, touch.charge_point_id) for touch in touches for facet in touch.facets}
    seen = ask(names)
    left = [
        Touch(
            touch.charge_point_id,
            frozenset(facet for facet in touch.facets if topic(facet, touch.charge_point_id) in seen),
        )
        for touch in touches
    ]
    return [touch for touch in left if touch.facets]


watchers = Watchers()
_sender = Sender(watchers)


def touched(changes: Iterable[Touch]) -> None:
    """Say that these charge points have changed; after the commit. Cheap, thread-safe, never raises."""
    try:
        _sender.add(changes)
    except Exception:
        logger.exception("live wake-up dropped")
