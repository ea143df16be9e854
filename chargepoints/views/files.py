"""Files for chargers, at one-time addresses. What chargers send is taken below Django and does not come here."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_not_required
from django.core.handlers.asgi import ASGIRequest
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import URLPattern
from django.urls import path as address_of
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from chargepoints.services.fetches import Fetch, fetch_begun, fetch_ended, fetch_failed, fetch_find
from chargepoints.services.firmware_store import firmware_path
from hub.http import remote_address
from hub.limits import Budget, limits, source_of

# Bytes that are read at once.
PIECE = 256 * 1024
# In a minute from one address: a site's chargers may share one, and small ones fetch in many pieces.
REQUESTS, WRONG_TOKENS = 6000, 30
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.IGNORECASE)
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Accept-Ranges": "bytes",
    "Content-Type": "application/octet-stream",
}


@login_not_required
@csrf_exempt  # Whatever is no GET is answered with 405, not with a page about tokens of forms.
@require_safe
def firmware(request: HttpRequest, token: str, name: str) -> HttpResponseBase:
    """A firmware file, or a part of it (RFC 9110, 14: one range), to whom was given its address. Else a bare 404.

    The name is for the charger's eyes: the token alone decides.
    """
    source = source_of(remote_address(request))
    budget = limits.take(f"files:{source}", REQUESTS)
    if budget is not None and budget.is_spent:
        return _later(budget)
    fetch = fetch_find(token=token)
    if fetch is None:
        budget = limits.take(f"files-wrong:{source}", WRONG_TOKENS)
        return _later(budget) if budget is not None and budget.is_spent else _nothing()
    return _answer(request, fetch)


def _answer(request: HttpRequest, fetch: Fetch) -> HttpResponseBase:
    size, address = fetch.file.size, remote_address(request)
    headers = _HEADERS | {"ETag": f'"{fetch.file.sha256}"'}
    part = _part(request, size, headers["ETag"])
    if part is None:
        _failed(fetch, 416, "a part was asked for that the file does not have", address)
        return HttpResponse(status=416, headers=headers | {"Content-Range": f"bytes */{size}"})
    status = 206 if part.is_asked_for else 200
    headers |= {"Content-Length": str(part.length)}
    if part.is_asked_for:
        headers |= {"Content-Range": f"bytes {part.first}-{part.first + part.length - 1}/{size}"}
    if request.method == "HEAD":
        return HttpResponse(status=status, headers=headers)
    path = firmware_path(fetch.file.pk)
    if not path.is_file():
        _failed(fetch, 404, "the file is missing on the server's disk", address)
        return _nothing()
    fetch_begun(fetch=fetch)

    def ended(sent: int) -> None:
        with transaction.atomic():
            fetch_ended(fetch=fetch, sent=sent, wanted=part.length, status=status, address=address)
        _let_go()

    kind = _AsyncPieces if isinstance(request, ASGIRequest) else _Pieces
    pieces = kind(path, part, ended)
    # A charger may fetch for an hour; its database connection is for others meanwhile.
    _let_go()
    return StreamingHttpResponse(cast("Iterator[bytes]", pieces), status=status, headers=headers)


def _failed(fetch: Fetch, status: int, why: str, address: str) -> None:
    with transaction.atomic():
        fetch_failed(fetch=fetch, status=status, why=why, address=address)


class _Reading:
    """A part of a file that goes out piece by piece. Django closes it at the end, whatever that end is."""

    def __init__(self, path: Path, part: "_Part", ended: Callable[[int], None]) -> None:
        self._path, self._part, self._ended = path, part, ended
        self._left, self._opened, self._closed = part.length, cast("BinaryIO | None", None), False

    def read(self) -> bytes:
        """The next piece; empty at the end."""
        if self._opened is None:
            self._opened = self._path.open("rb")
            self._opened.seek(self._part.first)
        piece = self._opened.read(min(PIECE, self._left))
        self._left -= len(piece)
        return piece

    def close(self) -> None:
        """Say how much went out."""
        if self._opened is not None:
            self._opened.close()
        if not self._closed:
            self._closed = True
            self._ended(self._part.length - self._left)


class _Pieces(_Reading):
    """For a server that takes an iterator."""

    def __iter__(self) -> Iterator[bytes]:
        while piece := self.read():
            yield piece


class _AsyncPieces(_Reading):
    """For ASGI: read in the request's own thread, one piece when the one before has gone out."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = sync_to_async(self.read)
        while piece := await read():
            yield piece


def _let_go() -> None:
    if not connection.in_atomic_block:
        connection.close()


@dataclass(frozen=True, slots=True)
class _Part:
    """What of a file goes out: the first byte and how many; the whole when no part was asked for."""

    first: int
    length: int
    is_asked_for: bool = True


def _part(request: HttpRequest, size: int, tag: str) -> _Part | None:
    """The part that is asked for, or the whole where the question makes no sense; None where there is no such part.

    With If-Range the part is wanted only of the same file as before (RFC 9110, 13.1.5).
    """
    whole = _Part(0, size, is_asked_for=False)
    found = _RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if not found or request.method != "GET" or request.headers.get("If-Range", tag) != tag:
        return whole
    begin, end = found.groups()
    if not begin:
        length = min(int(end or 0), size)
        return _Part(size - length, length) if length else None
    first, last = int(begin), min(int(end or size), size - 1)
    if end and int(end) < first:
        return whole
    return _Part(first, last - first + 1) if first < size else None


def _nothing() -> HttpResponse:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(status=404, content_type="text/plain", headers=headers)


def _later(budget: Budget) -> HttpResponse:
    return HttpResponse(status=429, content_type="text/plain", headers={"Retry-After": str(budget.reset)})


urlpatterns: list[URLPattern] = [address_of("files/<str:token>/<str:name>", firmware, name="file")]
