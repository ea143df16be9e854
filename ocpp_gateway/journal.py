"""Durable before the answer: everything the gateway learns is committed in batches, then it is answered.

Entries of all sockets go into one queue. A thread takes what is there and applies it in ONE transaction; no timer:
the next batch is whatever arrived meanwhile, so an idle gateway answers at once and a busy one works in batches.
A busy one reads its sockets once more before it takes the next batch: what lies there already makes batches larger,
and the cost of a statement is the same for few rows and for many.
"""

import asyncio
import contextlib
import logging
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from django.db import connection, transaction

from chargepoints import sql
from chargepoints.reports import NewLine
from chargepoints.services.log_lines import log_lines_store, sequences_allocate
from chargepoints.services.states import states_together
from ocpp_gateway.findings import Memory
from ocpp_gateway.workers import AWAY, is_conflict

logger = logging.getLogger(__name__)
_findings = Memory()

MAX_BATCH = 1000
HIGH_WATER = 5000
LOW_WATER = 2500


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Entries that are applied together. Hot groups take many entries of one charge point in one call."""

    name: str
    apply: Callable[[list[Any]], None]
    hot: bool = False


class EndedError(Exception):
    """The event loop has ended: nobody is left to be answered, and nothing more is stored."""


class Entry(ABC):
    """One thing to be made durable. Subclasses say what it is, its log line, and what to do after the commit."""

    __slots__ = ("at", "charge_point_id", "findings", "from_charger", "group")

    def __init__(self, group: Group, charge_point_id: int | None, at: datetime, *, from_charger: bool = True) -> None:
        self.group = group
        self.charge_point_id = charge_point_id
        self.at = at
        self.from_charger = from_charger
        self.findings: dict[str, str] | None = None

    def notice(self, rule: str, detail: str = "") -> None:
        """The charger deviates by a rule of `chargepoints.rules`; recorded with the entry."""
        if self.findings is None:
            self.findings = {}
        self.findings.setdefault(rule, detail)

    @property
    def example(self) -> str:
        """The frame that shows what was noticed."""
        return ""

    @abstractmethod
    def line(self) -> NewLine | None:
        """The log line, asked for after `group.apply` and inside the transaction."""

    def fail(self, error: Exception) -> None:  # noqa: B027 - a hook
        """This entry cannot be applied, nothing of it is stored but its line."""

    def committed(self) -> None:  # noqa: B027 - a hook
        """Called in the event loop after the commit: send the answer."""

    def delayed(self) -> None:  # noqa: B027 - a hook
        """Called in the event loop when the database is away: the commit may take however long."""


class Journal:
    """The queue and its committer thread. Made and used in one event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._pending: list[Entry] = []
        self._busy = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._room = asyncio.Event()
        self._room.set()
        self.database_away = False
        self.committed = 0
        self.batches = 0

    def put(self, entry: Entry) -> None:
        """Queue an entry; it is committed as soon as the batch before it is."""
        self._pending.append(entry)
        if self.database_away:
            entry.delayed()
        if len(self._pending) >= HIGH_WATER:
            self._room.clear()
        if not self._busy:
            self._start()

    @property
    def is_full(self) -> bool:
        """Is the queue full, so that sockets shall not be read?"""
        return not self._room.is_set()

    async def room(self) -> None:
        """Wait while the queue is full: the sockets are then not read, and TCP slows the chargers down."""
        if not self._room.is_set():
            await self._room.wait()

    def _start(self) -> None:
        batch, self._pending = self._pending[:MAX_BATCH], self._pending[MAX_BATCH:]
        self._busy = True
        future = self._loop.run_in_executor(self._thread, self._commit, batch)
        future.add_done_callback(lambda done: self._deliver(batch, done))

    def _deliver(self, batch: list[Entry], done: asyncio.Future[None]) -> None:
        failed = done.cancelled() or done.exception() is not None
        if failed and not done.cancelled():
            logger.error("the committer failed", exc_info=done.exception())
        # What came while the database worked, and waits in the sockets, is read first: it goes with the next batch.
        self._loop.call_soon(self._loop.call_soon, self._next)
        # Without a commit nothing is acknowledged, whatever went wrong (T4).
        for entry in () if failed else batch:
            try:
                entry.committed()
            except Exception:
                logger.exception("answer after the commit failed")

    def _next(self) -> None:
        self._busy = False
        if self._pending:
            self._start()
        if len(self._pending) <= LOW_WATER:
            self._room.set()

    def _commit(self, batch: list[Entry], *, lines_only: bool = False) -> None:
        """Apply `batch` however long the database is away; split it when one entry makes it fail."""
        wait, has_stale_plans = 0.1, True
        while True:
            try:
                sql.keep_plans()
                apply_batch(batch, lines_only=lines_only)
            except AWAY as error:
                if is_conflict(error):
                    logger.info("in the way of another transaction, %s entries again: %s", len(batch), error)
                    continue
                # Away, restarting or out of disk: nothing is acknowledged until it works again.
                logger.warning("database away, %s entries wait: %s", len(batch), error)
                connection.close()
                self._away(batch, wait)
                wait = min(wait * 2, 2.0)
            except Exception as error:
                if isinstance(error, psycopg.errors.FeatureNotSupported) and has_stale_plans:
                    has_stale_plans = False  # a table was changed beside us: the error has ended its plans
                    continue
                if lines_only:
                    logger.exception("its log line could not be stored either")
                else:
                    self._split(batch, error)
                return
            else:
                self.database_away = False
                self.committed += len(batch)
                self.batches += 1
                return

    def _away(self, batch: list[Entry], seconds: float) -> None:
        """Wait before the next attempt. Raises EndedError once the event loop has ended: the thread ends too."""
        if not self.database_away:
            self.database_away = True
            with contextlib.suppress(RuntimeError):  # the loop has been closed
                self._loop.call_soon_threadsafe(self._tell_delayed, batch)
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and self._loop.is_running():
            time.sleep(min(left, 0.1))
        if not self._loop.is_running():
            raise EndedError

    def _tell_delayed(self, batch: list[Entry]) -> None:
        for entry in (*batch, *self._pending):
            entry.delayed()

    def _split(self, batch: list[Entry], error: Exception) -> None:
        if len(batch) > 1:
            middle = len(batch) // 2
            self._commit(batch[:middle])
            self._commit(batch[middle:])
            return
        entry = batch[0]
        logger.error("entry %s of charge point %s failed", entry.group.name, entry.charge_point_id, exc_info=error)
        entry.fail(error)
        self._commit(batch, lines_only=True)


@transaction.atomic
def apply_batch(batch: Sequence[Entry], *, lines_only: bool = False) -> None:
    """Apply the entries' effects and store their log lines in one transaction.

    The connection rows of all charge points concerned are locked first and in order: they fence concurrent writers
    and give the log its sequence.
    """
    wanted = Counter(entry.charge_point_id for entry in batch if entry.charge_point_id is not None)
    seen = {
        entry.charge_point_id: entry.at for entry in batch if entry.charge_point_id is not None and entry.from_charger
    }
    reserved = sequences_allocate(lines=dict(wanted), seen=seen) if wanted else {}
    if not lines_only:
        with states_together():
            for turn in turns(batch):
                for group, entries in turn.items():
                    group.apply(entries)
    lines = [line for entry in batch if entry.charge_point_id is not None and (line := entry.line())]
    noticed = [entry for entry in batch if entry.findings]
    if noticed and not lines_only:
        _findings.record(noticed)
    if lines:
        log_lines_store(lines=lines, reserved=reserved)


def turns(batch: Sequence[Entry]) -> list[dict[Group, list[Entry]]]:
    """The batch as turns that are applied one after the other, so that each charger's order is kept.

    Within a turn a charger has entries of one group only, and several of them only when the group is hot.
    """
    found: list[dict[Group, list[Entry]]] = []
    last: dict[int | None, tuple[int, Group]] = {}
    for entry in batch:
        at, group = last.get(entry.charge_point_id, (-1, None))
        same = group is entry.group and entry.group.hot
        turn = at if same else at + 1
        if entry.charge_point_id is None:
            turn = 0
        if turn == len(found):
            found.append({})
        found[turn].setdefault(entry.group, []).append(entry)
        last[entry.charge_point_id] = (turn, entry.group)
    return found
