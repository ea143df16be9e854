"""What chargers upload to their one-time addresses: `PUT` or `POST /files/<token>/...`, raw or as a form.

It stands before Django, which would keep a body in a file of its own before a view sees its first byte. Here a body is
written and hashed as it comes, by threads, and the next piece is read when that is done: memory stays flat.
"""

import asyncio
import logging
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.message import Message
from typing import Any, ParamSpec, TypeVar

import psycopg
from channels.db import database_sync_to_async
from django.conf import settings
from django.db import DatabaseError, InterfaceError

from chargepoints.received import Incoming, TooLarge, file_name
from chargepoints.services.diagnostics import (
    Begun,
    Outcome,
    Refused,
    diagnostics_begin,
    diagnostics_end,
    diagnostics_progress,
)
from chargepoints.withheld import HIDDEN
from hub.bodies import FORM_BYTES, IDLE_SECONDS, answer, header, length_of
from hub.limits import limits, source_of
from hub.multipart import FilePart, FormError, boundary_of

logger = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

METHODS = frozenset({"PUT", "POST"})
PREFIX = "/files/"
# Wrong addresses from one source in a minute; the right ones are still let in.
WRONG_PER_MINUTE = 30
PROGRESS_SECONDS = 2.0
_ADDRESS = re.compile(r"/files/(?P<token>[A-Za-z0-9_-]{43})(?:/(?P<name>.*))?", re.DOTALL)
_STATUS = {
    Outcome.COMPLETE: 200,
    Outcome.TOO_LARGE: 413,
    Outcome.NO_ROOM: 507,
    Outcome.MALFORMED: 400,
    Outcome.BROKEN: 400,
}
_threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="uploads")


def is_upload(scope: Any) -> bool:
    """Whether a request is one for `upload`."""
    return scope["method"] in METHODS and scope["path"].startswith(PREFIX)


async def upload(scope: Any, receive: Any, send: Any) -> None:
    """Take one file: 200 once it is stored for good, 404 for any address that is not good (any more)."""
    try:
        status = await _Upload(scope, receive).run()
    except (DatabaseError, InterfaceError, psycopg.Error) as error:
        logger.warning("an upload was not taken while the database is away: %s", error)
        status = 503
    wait = ((b"retry-after", b"60"),) if status in {429, 503} else ()
    await answer(send, status, *wait)


class _Upload:
    """One try of a charger."""

    def __init__(self, scope: Any, receive: Any) -> None:
        self._scope, self._receive = scope, receive
        self._address = str((scope.get("client") or [""])[0])
        self._part: FilePart | None = None
        self._stalled = False
        self._outcome, self._size, self._sha256 = Outcome.BROKEN, 0, ""

    async def run(self) -> int:
        """The status of the answer."""
        found = _ADDRESS.fullmatch(self._scope["path"])
        begun = await self._begin(found["token"], found["name"] or "") if found else None
        if found is None or begun is None:
            return await _in_thread(_wrong, self._address)
        if isinstance(begun, Refused):
            return begun.status
        try:
            await self._take(begun)
        finally:
            # Also when this process is told to end: what has come is said to be incomplete.
            await asyncio.shield(self._end(begun, found["token"]))
        return 408 if self._stalled else _STATUS[self._outcome]

    async def _begin(self, token: str, name: str) -> Begun | Refused | None:
        is_form = header(self._scope, b"content-type").lower().startswith("multipart/")
        told = Message()
        told["Content-Disposition"] = header(self._scope, b"content-disposition")
        return await _ask(
            diagnostics_begin,
            token=token,
            name=told.get_filename() or name,
            media_type="" if is_form else header(self._scope, b"content-type").replace(token, HIDDEN),
            length=length_of(self._scope),
            most_length=settings.DIAGNOSTICS_MAX_BYTES + (FORM_BYTES if is_form else 0),
            address=self._address,
        )

    async def _end(self, begun: Begun, token: str) -> None:
        name = file_name(self._part.name).replace(token, HIDDEN) if self._part else ""
        await _ask(diagnostics_end, pk=begun.pk, outcome=self._outcome, size=self._size, sha256=self._sha256, name=name)

    async def _take(self, begun: Begun) -> None:
        """Find out how it ends, its size, and its checksum if its bytes are kept."""
        try:
            incoming = await _in_thread(Incoming, begun.pk, begun.most_bytes)
        except OSError as error:
            self._outcome = _no_room(error)
            return
        try:
            self._outcome = await self._copy(begun, incoming)
        except TooLarge:
            self._outcome = Outcome.TOO_LARGE
        except FormError:
            self._outcome = Outcome.MALFORMED
        except OSError as error:
            self._outcome = _no_room(error)
        finally:
            await asyncio.shield(_in_thread(self._settle, incoming))

    def _settle(self, incoming: Incoming) -> None:
        """Keep it or drop it. What broke off is kept as far as it came: that is often what one looks for."""
        self._size = incoming.size
        if self._outcome in {Outcome.COMPLETE, Outcome.BROKEN} and incoming.size:
            try:
                self._sha256 = incoming.keep()
            except OSError as error:
                self._outcome = _no_room(error)
        if not self._sha256:
            incoming.drop()

    async def _copy(self, begun: Begun, incoming: Incoming) -> Outcome:
        """Write what comes until all has come. Raises TooLarge, FormError and OSError."""
        boundary = boundary_of(header(self._scope, b"content-type"))
        self._part = FilePart(boundary) if boundary else None
        if header(self._scope, b"content-range"):
            raise FormError("It comes in parts.")
        read, told = 0, time.monotonic()
        while (message := await self._next()) is not None:
            data = message.get("body", b"")
            read += len(data)
            if read > begun.most_bytes + FORM_BYTES:
                raise TooLarge
            if data:
                await _in_thread(self._write, incoming, data)
            if not message.get("more_body"):
                return self._ended(incoming)
            if time.monotonic() - told >= PROGRESS_SECONDS:
                told = time.monotonic()
                await _ask(diagnostics_progress, pk=begun.pk, size=incoming.size)
        return Outcome.BROKEN

    def _write(self, incoming: Incoming, data: bytes) -> None:
        incoming.write(self._part.feed(data) if self._part else data)

    def _ended(self, incoming: Incoming) -> Outcome:
        if self._part and not self._part.is_found:
            raise FormError("There is no file in the form.")
        whole = incoming.size > 0 and (self._part is None or self._part.is_done)
        return Outcome.COMPLETE if whole else Outcome.BROKEN

    async def _next(self) -> Any:
        """The next piece; None when there will be none."""
        try:
            message = await asyncio.wait_for(self._receive(), IDLE_SECONDS)
        except TimeoutError:
            self._stalled = True
            return None
        return message if message["type"] == "http.request" else None


def _no_room(error: OSError) -> Outcome:
    logger.error("an upload of a charger could not be stored: %s", error.strerror or error)
    return Outcome.NO_ROOM


def _wrong(address: str) -> int:
    """The answer to a wrong address, counted against its source."""
    budget = limits.take(f"files-failed:{source_of(address)}", WRONG_PER_MINUTE)
    return 429 if budget is not None and budget.is_spent else 404


async def _in_thread(call: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_threads, lambda: call(*arguments, **named))


async def _ask(call: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """As `_in_thread`, with a connection to the database that is sound before and closed in time after."""
    asking = database_sync_to_async(call, thread_sensitive=False, executor=_threads)
    found: T = await asking(*arguments, **named)
    return found
