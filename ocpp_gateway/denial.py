"""Refusing a handshake before the upgrade, with a status that says why."""

from typing import Any


def retry_after(seconds: int) -> tuple[bytes, bytes]:
    """The header that says when to come again."""
    return b"retry-after", str(seconds).encode()


async def respond(send: Any, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    """Refuse before the upgrade (H6), with the ASGI websocket denial response."""
    named = [(b"content-type", b"text/plain; charset=utf-8"), *headers]
    if status == 401:
        named.append((b"www-authenticate", b'Basic realm="ocpp"'))
    await send({"type": "websocket.http.response.start", "status": status, "headers": named})
    await send({"type": "websocket.http.response.body", "body": body})
