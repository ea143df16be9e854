"""Bodies of requests: how large one may be and how slowly it may come, asked before anybody keeps it.

Django writes a body to a file before a view sees it. Without this, whoever can open a connection could fill the disk.
"""

import asyncio
from http.cookies import CookieError, SimpleCookie
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import close_old_connections

MEGABYTE = 1024 * 1024
# What the forms of the desk and the API take: the largest is a spreadsheet of 5 MB.
ORDINARY_BYTES = 16 * MEGABYTE
# A form is a little larger than its file.
FORM_BYTES = MEGABYTE
# Between two pieces of a body.
IDLE_SECONDS = 60.0
# Addresses that take large files, from people who are signed in.
LARGE = {"/firmware/": settings.FIRMWARE_MAX_BYTES + FORM_BYTES}


def header(scope: Any, name: bytes) -> str:
    """A header of a request as text; empty when there is none."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def length_of(scope: Any) -> int | None:
    """The length of a body in bytes as the request tells it; None when it comes in chunks of its own."""
    if header(scope, b"transfer-encoding"):
        return None
    told = header(scope, b"content-length")
    return int(told) if told.isascii() and told.isdigit() else 0


async def answer(send: Any, status: int, *headers: tuple[bytes, bytes]) -> None:
    """An answer with nothing in it but its status."""
    told = [(b"content-length", b"0"), *headers]
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": b""})


class Bounded:
    """An ASGI application whose requests have bodies of a sane size: 413 for larger ones, 408 for stalled ones."""

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        length = length_of(scope)
        if length == 0:
            await self._application(scope, receive, send)
            return
        limit = await _limit(scope)
        if length is not None and length > limit:
            await answer(send, 413)
            return
        body = _Body(receive, limit)
        await self._application(scope, body.receive, send)
        if body.refusal:
            await answer(send, body.refusal)


class _Body:
    """A body on its way; one that is too large or stalls looks to the application like a lost connection."""

    def __init__(self, receive: Any, limit: int) -> None:
        self.refusal = 0
        self._receive, self._left, self._more = receive, limit, True

    async def receive(self) -> Any:
        """The next ASGI message."""
        if not self._more:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), IDLE_SECONDS)
        except TimeoutError:
            return self._refuse(408)
        self._more = bool(message.get("more_body"))
        self._left -= len(message.get("body", b""))
        return self._refuse(413) if self._left < 0 else message

    def _refuse(self, status: int) -> Any:
        self.refusal = status
        return {"type": "http.disconnect"}


async def _limit(scope: Any) -> int:
    for prefix, limit in LARGE.items():
        if scope["path"].startswith(prefix):
            key = _session_key(scope)
            known = bool(key) and await sync_to_async(_is_signed_in)(key)
            return limit if known else ORDINARY_BYTES
    return ORDINARY_BYTES


def _session_key(scope: Any) -> str:
    try:
        morsel = SimpleCookie(header(scope, b"cookie")).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def _is_signed_in(key: str) -> bool:
    close_old_connections()
    try:
        return SESSION_KEY in SessionStore(session_key=key).load()
    finally:
        close_old_connections()
