"""Bodies of requests: their limits, without a server."""

import asyncio
from typing import Any

import pytest

from hub import bodies
from hub.bodies import Bounded, length_of

Message = dict[str, Any]


async def served(
    *pieces: bytes, headers: list[tuple[bytes, bytes]], stalls: bool = False
) -> tuple[list[int], list[str]]:
    """The statuses that were answered, and what the application was told of the body."""
    waiting = [
        {"type": "http.request", "body": piece, "more_body": stalls or number < len(pieces)}
        for number, piece in enumerate(pieces, 1)
    ]
    sent: list[Message] = []
    told: list[str] = []

    async def receive() -> Message:
        return waiting.pop(0) if waiting else await asyncio.Future()

    async def send(message: Message) -> None:
        sent.append(message)

    async def application(scope: Message, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            told.append(message["type"])
            if message["type"] == "http.disconnect":
                return
            if not message["more_body"]:
                await bodies.answer(send, 200)
                return

    scope = {"type": "http", "path": "/", "headers": headers}
    await Bounded(application)(scope, receive, send)
    return [message["status"] for message in sent if "status" in message], told


CHUNKED = [(b"transfer-encoding", b"chunked")]


async def test_a_body_passes() -> None:
    assert await served(b"a", b"b", headers=CHUNKED) == ([200], ["http.request"] * 2)


async def test_too_much_is_refused_where_it_becomes_too_much() -> None:
    piece = b"x" * (bodies.ORDINARY_BYTES // 2)
    assert await served(piece, piece, b"y", headers=CHUNKED) == ([413], ["http.request"] * 2 + ["http.disconnect"])
    told = [(b"content-length", str(bodies.ORDINARY_BYTES + 1).encode())]
    assert await served(headers=told) == ([413], [])


async def test_a_body_that_stalls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "IDLE_SECONDS", 0.01)
    told = [(b"content-length", b"10")]
    assert await served(b"a", headers=told, stalls=True) == ([408], ["http.request", "http.disconnect"])


@pytest.mark.parametrize(
    ("headers", "length"),
    [([], 0), ([(b"content-length", b"7")], 7), (CHUNKED, None), ([(b"content-length", b"-7")], 0)],
)
def test_lengths(headers: list[tuple[bytes, bytes]], length: int | None) -> None:
    assert length_of({"headers": headers}) == length
