"""This gateway process: its id, its links, its journal, and the few things done on a clock."""

import asyncio
import contextlib
import logging
import os
import socket
import time
import uuid
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime

from django.conf import settings

from chargepoints import events
from chargepoints.selectors.admission import Admission, admissions
from chargepoints.services import connections
from hub import bus
from ocpp_gateway.commander import Commander
from ocpp_gateway.journal import Journal
from ocpp_gateway.links import Link
from ocpp_gateway.workers import Asker, DatabaseAwayError

logger = logging.getLogger(__name__)

TICK_SECONDS = 1.0
SWEEP_SECONDS = 2.0
BEAT_SECONDS = 5.0
# Our own close code for a socket whose charger opened a newer one (H12; daphne allows 3000 to 4999).
CLOSE_REPLACED = 4001
CLOSE_SILENT = 4002
# A client that re-opens whatever is closed must not loop: after so many replacements both stay (QUIRKS 1.2).
REPLACEMENTS, REPLACEMENT_WINDOW = 3, 10.0


def _admit(identities: Sequence[str]) -> list[Admission | None]:
    found = admissions(identities)
    return [found.get(identity.lower()) for identity in identities]


class Process:
    """Everything that the sockets of one event loop share."""

    def __init__(self) -> None:
        self.id = str(uuid.uuid4())
        self.started_at = datetime.now(UTC)
        self.links: dict[int, Link] = {}
        self.everything: set[Link] = set()
        self.journal = Journal()
        self.commander = Commander(self.id, self.journal, self.links)
        self.admission: Asker[str, Admission | None] = Asker("admission", _admit)
        self._beats: Asker[None, bool] = Asker("beat", self._beat)
        self._replaced: dict[int, deque[float]] = {}
        self._ready: asyncio.Task[None] | None = None
        self._clock: asyncio.Task[None] | None = None

    async def ready(self) -> None:
        """Listen for commands and tell the database that this process lives; done once, waited for by all."""
        if self._ready is None:
            self._ready = asyncio.create_task(self._start())
        await asyncio.shield(self._ready)

    async def _start(self) -> None:
        with contextlib.suppress(DatabaseAwayError):
            await self._beats.ask(None)
        await bus.listener().subscribe(bus.gateway_channel(self.id), self._woken)
        await events.watchers.start()
        self._clock = asyncio.create_task(self._run())

    def _woken(self, message: dict[str, object]) -> None:
        ids = message.get("charge_points")
        if isinstance(ids, list):
            self.commander.wake(ids)

    def enter(self, link: Link) -> None:
        """The newest link of a charge point is the one commands go to; the older one is closed (H12)."""
        self.everything.add(link)
        older = self.links.get(link.charge_point_id)
        self.links[link.charge_point_id] = link
        if older is not None and self._may_replace(link.charge_point_id):
            older.close(CLOSE_REPLACED, "replaced by a newer connection")
        self.commander.wake([link.charge_point_id])

    def leave(self, link: Link) -> None:
        """Forget a link; an older one that stayed open becomes the current one again."""
        self.everything.discard(link)
        if self.links.get(link.charge_point_id) is link:
            del self.links[link.charge_point_id]

    def _may_replace(self, charge_point_id: int) -> bool:
        now = time.monotonic()
        times = self._replaced.setdefault(charge_point_id, deque(maxlen=REPLACEMENTS))
        flapping = len(times) == REPLACEMENTS and now - times[0] < REPLACEMENT_WINDOW
        times.append(now)
        return not flapping

    async def _run(self) -> None:
        due = {self._expire: TICK_SECONDS, self.commander.sweep: SWEEP_SECONDS, self._tell: BEAT_SECONDS}
        last = dict.fromkeys(due, time.monotonic())
        while True:
            await asyncio.sleep(TICK_SECONDS / 2)
            for work, seconds in due.items():
                now = time.monotonic()
                if now - last[work] >= seconds:
                    last[work] = now
                    try:
                        await work()
                    except Exception:
                        logger.exception("clock of the gateway")

    async def _expire(self) -> None:
        """Free the turns whose answer did not come, and close sockets that have gone silent (T1, T5)."""
        now = time.monotonic()
        for link in list(self.everything):
            timed_out = link.session.expire(now)
            if timed_out is not None:
                waited = f"No answer within {timed_out.waited:.0f} s."
                self.commander.silent(link, timed_out, waited)
            if now - link.session.last_received > settings.OCPP_SILENCE_TIMEOUT:
                link.close(CLOSE_SILENT, "silent for too long")

    async def _tell(self) -> None:
        try:
            unknown = await self._beats.ask(None)
        except DatabaseAwayError as error:
            logger.warning("the database does not hear this gateway: %s", error)
            return
        if unknown:
            generations = {pk: link.generation for pk, link in self.links.items() if link.generation}
            await asyncio.to_thread(connections.connections_reassert, generations=generations)

    def _beat(self, questions: Sequence[None]) -> list[bool]:
        host, pid = socket.gethostname(), os.getpid()
        known = connections.gateway_beat(process_id=self.id, host=host, pid=pid, started_at=self.started_at)
        return [known] * len(questions)


_processes: dict[asyncio.AbstractEventLoop, Process] = {}


def current() -> Process:
    """The process of the running event loop, made at the first charger."""
    loop = asyncio.get_running_loop()
    if loop not in _processes:
        _processes.clear()
        _processes[loop] = Process()
    return _processes[loop]
