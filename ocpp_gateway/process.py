"""This gateway process: its id, its links, its journal, and the few things done on a clock."""

import asyncio
import contextlib
import logging
import os
import socket
import time
import uuid
from collections import deque
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from chargepoints import events
from chargepoints.reports import Closed
from chargepoints.selectors.admission import Admission, Issued, admissions, issued_certificates
from chargepoints.services import connections
from chargepoints.services.strangers import Stranger, strangers_take_in
from hub import bus
from ocpp_gateway import registration
from ocpp_gateway.admission import Door
from ocpp_gateway.commander import Commander
from ocpp_gateway.entries import Asking, Closing, Noticing, Reopening
from ocpp_gateway.findings import Habit
from ocpp_gateway.journal import Journal
from ocpp_gateway.links import Link
from ocpp_gateway.recheck import RECHECK_SECONDS, Rechecker
from ocpp_gateway.revocation import Revocation
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
# What counts as a habit worth a finding, and as two sockets that are both in use (seconds).
OPENS, OPEN_WINDOW = 10, 600.0
BOOTS, BOOT_WINDOW = 3, 60.0
BOTH_ALIVE = 30.0


def _admit(identities: Sequence[str]) -> list[Admission | None]:
    found = admissions(identities)
    return [found.get(identity.lower()) for identity in identities]


def _issue(fingerprints: Sequence[str]) -> list[Issued | None]:
    found = issued_certificates(fingerprints)
    return [found.get(fingerprint) for fingerprint in fingerprints]


def _take_in(strangers: Sequence[Stranger]) -> list[Admission | None]:
    strangers_take_in(strangers=strangers)
    return _admit([stranger.identity for stranger in strangers])


class Process:
    """Everything that the sockets of one event loop share."""

    def __init__(self) -> None:
        self.id = str(uuid.uuid4())
        self.started_at = datetime.now(UTC)
        self.links: dict[int, Link] = {}
        self.everything: set[Link] = set()
        self.journal = Journal()
        self.commander = Commander(self.id, self.journal, self.links)
        self.door = Door()
        self.boots, self.opens = Habit(BOOTS, BOOT_WINDOW), Habit(OPENS, OPEN_WINDOW)
        self.admission: Asker[str, Admission | None] = Asker("admission", _admit)
        self.issued: Asker[str, Issued | None] = Asker("issued", _issue)
        self.rechecker = Rechecker(self.everything)
        self.strangers: Asker[Stranger, Admission | None] = Asker("strangers", _take_in)
        self._revocation = Revocation()
        self._beats: Asker[dict[int, int], None] = Asker("beat", self._beat)
        self._replaced: dict[int, deque[float]] = {}
        self._left_open: dict[int, Link] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._ready: asyncio.Task[None] | None = None
        self._clock: asyncio.Task[None] | None = None

    async def ready(self) -> None:
        """Listen for commands and tell the database that this process lives; done once, waited for by all."""
        if self._ready is None:
            self._ready = asyncio.create_task(self._start())
        await asyncio.shield(self._ready)

    async def _start(self) -> None:
        with contextlib.suppress(DatabaseAwayError):
            await self._beats.ask({})
        await bus.listener().subscribe(bus.gateway_channel(self.id), self._woken)
        await events.watchers.start()
        self._clock = asyncio.create_task(self._run())

    def _woken(self, message: dict[str, object]) -> None:
        ids = message.get("charge_points")
        if isinstance(ids, list):
            self.commander.wake(ids)
        match message:
            case {"recheck": [*pks]}:
                self._background(self.rechecker.look({int(str(pk)) for pk in pks}))
            case {"replaced": [int(pk), int(generation)]}:
                link = self.links.get(pk)
                if link is not None and link.generation < generation:
                    self._replace(link)
            case {"left": [int(pk), int(generation)]}:
                link = self.links.get(pk)
                if link is not None and link.generation < generation and link.closing is None:
                    self._background(self.take_back(link))
            case {"revoked": list(ids)}:
                meant = [link for link in self.everything if link.charge_point_id in ids]
                self._background(self._revocation.enforce(meant))

    def enter(self, link: Link, former: str = "") -> None:
        """The newest link of a charge point is the one commands go to; the older one is closed (H12).

        `former` is the other gateway process that has the older one.
        """
        pk = link.charge_point_id
        self.everything.add(link)
        older = self.links.get(pk)
        self._notice_habits(link, older)
        if older is not None and older.generation > link.generation:
            self._replace(link)
            return
        self.links[pk] = link
        if older is not None and not self._replace(older):
            self._left_open[pk] = older
        link.former = former
        self._tell_former(link, "replaced")
        self.commander.wake([pk])

    def _tell_former(self, link: Link, what: str) -> None:
        """The process that had the connection before this link: it was replaced there, or this link has left."""
        if link.former:
            wake_up = (bus.gateway_channel(link.former), {what: [link.charge_point_id, link.generation]})
            self._background(asyncio.to_thread(bus.publish, [wake_up]))

    def _background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def left(self, link: Link) -> None:
        """The current link has ended: an older one that was left open in another process may go on."""
        if link.charge_point_id not in self.links:
            self._tell_former(link, "left")

    def _notice_habits(self, link: Link, older: Link | None) -> None:
        pk = link.charge_point_id
        if self.opens.again(pk):
            self.journal.put(Noticing(pk, "flapping", f"{OPENS} connections in {OPEN_WINDOW:g} s"))
        if older is not None and time.monotonic() - older.session.last_received < BOTH_ALIVE:
            addresses = f"{older.opened.remote_address}, then {link.opened.remote_address}"
            self.journal.put(Noticing(pk, "two-sockets", addresses))

    def _replace(self, link: Link) -> bool:
        """Close a link in favour of a newer one, unless that goes on and on; its waiting call fails at once."""
        unanswered = link.session.close(time.monotonic())
        if unanswered is not None:
            self.commander.silent(link, unanswered, "A newer connection replaced this one before the answer.")
        if not self._may_replace(link.charge_point_id):
            return False
        link.close(CLOSE_REPLACED, "replaced by a newer connection")
        return True

    def leave(self, link: Link) -> Link | None:
        """Forget a link; the older one that was left open beside it and shall be the current one again, if any."""
        pk = link.charge_point_id
        self.everything.discard(link)
        if self._left_open.get(pk) is link:
            del self._left_open[pk]
        if self.links.get(pk) is not link:
            return None
        del self.links[pk]
        return self._left_open.pop(pk, None)

    async def take_back(self, link: Link) -> None:
        """Make an older link the current one again."""
        opened = replace(link.opened, at=datetime.now(UTC), is_staged=False)
        opening = Reopening(opened, link.generation)
        self.journal.put(opening)
        link.generation = await opening.done
        if link in self.everything and self.links.get(link.charge_point_id) in {None, link}:
            self.links[link.charge_point_id] = link
            self.commander.wake([link.charge_point_id])
        elif link not in self.everything:
            ended = Closed(link.charge_point_id, link.generation, datetime.now(UTC), 1006, "the connection broke")
            self.journal.put(Closing(ended))

    def _may_replace(self, charge_point_id: int) -> bool:
        now = time.monotonic()
        times = self._replaced.setdefault(charge_point_id, deque(maxlen=REPLACEMENTS))
        flapping = len(times) == REPLACEMENTS and now - times[0] < REPLACEMENT_WINDOW
        times.append(now)
        return not flapping

    async def _run(self) -> None:
        due = {
            self._expire: TICK_SECONDS,
            self.commander.sweep: SWEEP_SECONDS,
            self._tell: BEAT_SECONDS,
            self.rechecker.look: RECHECK_SECONDS,
            self._check_certificates: BEAT_SECONDS,
        }
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
                waited = f"No answer within {settings.OCPP_CALL_TIMEOUT:g} s."
                self.commander.silent(link, timed_out, waited)
            self.ask_for_boot(link)
            if link.silent_too_long(now):
                link.close(CLOSE_SILENT, "silent for too long")

    def ask_for_boot(self, link: Link, patience: float = registration.ASK_AFTER_SECONDS) -> None:
        """Ask a new charger for its boot, unless it was asked before (CSMS.md 1.3, QUIRKS 1.6)."""
        if registration.to_be_asked(link, time.monotonic(), patience):
            self.journal.put(Asking(link, self._asked))

    def _asked(self, link: Link, state: str) -> None:
        if state == "asked":
            link.boot_by = time.monotonic() + settings.OCPP_BOOT_PATIENCE
            self.commander.wake([link.charge_point_id])
        elif state:
            link.registration = link.registration or state
        else:
            link.boot_by = time.monotonic()

    async def _tell(self) -> None:
        try:
            await self._beats.ask({pk: link.generation for pk, link in self.links.items() if link.generation})
        except DatabaseAwayError as error:
            logger.warning("the database does not hear this gateway: %s", error)

    async def _check_certificates(self) -> None:
        await self._revocation.enforce(self.everything)

    @transaction.atomic
    def _beat(self, questions: Sequence[dict[int, int]]) -> list[None]:
        host, pid = socket.gethostname(), os.getpid()
        if connections.gateway_beat(process_id=self.id, host=host, pid=pid, started_at=self.started_at):
            connections.connections_reassert(generations=questions[-1])
        return [None] * len(questions)


_processes: dict[asyncio.AbstractEventLoop, Process] = {}


def current() -> Process:
    """The process of the running event loop, made at the first charger."""
    loop = asyncio.get_running_loop()
    if loop not in _processes:
        _processes.clear()
        _processes[loop] = Process()
    return _processes[loop]
