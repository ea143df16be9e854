"""What every page of the desk shares."""

from collections.abc import AsyncIterator, Iterator
from functools import partial

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class HtmxHttpRequest(HttpRequest):
    """A request that went through django-htmx's middleware."""

    htmx: HtmxDetails


def remote_address(request: HttpRequest) -> str:
    """The peer's address. Behind a proxy the server itself must be told to trust it (README, TLS)."""
    return str(request.META.get("REMOTE_ADDR") or "")


def streamed(request: HttpRequest, chunks: Iterator[bytes]) -> Iterator[bytes] | AsyncIterator[bytes]:
    """`chunks` as StreamingHttpResponse takes them in constant memory: under ASGI Django would collect an iterator."""
    return _asynchronous(chunks) if isinstance(request, ASGIRequest) else chunks


async def _asynchronous(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    following = sync_to_async(partial(next, chunks, None))
    while (chunk := await following()) is not None:
        yield chunk
