"""daphne's HTTP side: clean refusals, and long bodies that are handed on as they come.

Twisted keeps a body in a temporary file until it is complete, without any limit, and daphne starts the application
after that. Here the application of a long body begins with its headers and takes the body piece by piece; while it does
not, the socket is not read.
"""

import asyncio
from collections import deque
from typing import Any

from daphne.http_protocol import WebRequest
from daphne.server import reactor
from twisted.web.http import HTTPChannel

# For so long what comes after a refusal is read and dropped.
LINGER_SECONDS = 2.0
# Shorter bodies wait in memory until they are complete, as ever.
SHORT_BYTES = 64 * 1024
# Bodies of these addresses are followed from their first byte.
STREAMED = b"/files/"
# What may wait for the application before the socket is no longer read.
WAITING_BYTES = 512 * 1024


class Body:
    """What has come of a body and the application has not yet taken. daphne takes it for the application's queue."""

    def __init__(self, channel: "HubChannel", *, continues: bool) -> None:
        self.is_complete = False
        self._channel = channel
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._continues = continues
        self._is_paused = self._is_told = self._is_gone = False
        self._news = asyncio.Event()

    def came(self, data: bytes) -> None:
        """A piece was read from the socket."""
        self._pieces.append(data)
        self._size += len(data)
        self._news.set()
        if self._size >= WAITING_BYTES and not self._is_paused:
            self._is_paused = True
            self._channel.pause()

    def ended(self) -> None:
        """That was all."""
        self.is_complete = True
        self._news.set()

    def put_nowait(self, message: dict[str, Any]) -> None:
        """What daphne has to say: that the connection is gone. The (empty) body it has found is not the body."""
        if message["type"] == "http.disconnect":
            self._is_gone = True
            self._news.set()

    async def get(self) -> dict[str, Any]:
        """ASGI's `receive`. Whoever asks first wants the body: the client is told to go on (RFC 9110 10.1.1)."""
        if self._continues:
            self._continues = False
            self._channel.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while not (self._pieces or self._is_gone or (self.is_complete and not self._is_told)):
            self._news.clear()
            await self._news.wait()
        if not self._pieces and (self._is_told or not self.is_complete):
            return {"type": "http.disconnect"}
        data, self._size = b"".join(self._pieces), 0
        self._pieces.clear()
        self._is_told = self.is_complete
        if self._is_paused:
            self._is_paused = False
            self._channel.resume()
        return {"type": "http.request", "body": data, "more_body": not self.is_complete}


class HubRequest(WebRequest):
    """One request; with a long body it is served while that comes."""

    body: Body | None = None

    def __init__(self, *arguments: Any, **named: Any) -> None:
        # Forms are Django's: twisted would read each a second time, and refuse one without any field.
        super().__init__(*arguments, parsePOSTFormSubmission=False, **named)

    def begin(self, body: Body, command: bytes, path: bytes, version: bytes) -> None:
        """The headers are complete: start the application."""
        self.gotLength(0)
        self.body = body
        super().requestReceived(command, path, version)

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802 - twisted's name
        """A piece of the body."""
        if self.body is None:
            super().handleContentChunk(data)
        else:
            self.body.came(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:  # noqa: N802
        """The body is complete."""
        if self.body is None:
            super().requestReceived(command, path, version)
        else:
            self.body.ended()

    def handle_reply(self, message: dict[str, Any]) -> None:
        """An answer that comes before the body is its end: what is left of the body is nobody's request."""
        unread = self.body is not None and not self.body.is_complete
        if unread and message["type"] == "http.response.start" and self.channel is not None:
            self.channel.persistent, self.channel.is_unread = False, True
            self.responseHeaders.setRawHeaders(b"connection", [b"close"])
        super().handle_reply(message)


class HubChannel(HTTPChannel):
    """HTTP/1.1, until a connection becomes a websocket."""

    _command: bytes
    _path: Any
    _version: bytes
    _networkProducer: Any  # noqa: N815 - twisted's name
    transport: Any
    is_unread = False

    def connectionMade(self) -> None:  # noqa: N802 - twisted's name
        """daphne names its own class for each channel it makes."""
        self.requestFactory = HubRequest
        super().connectionMade()  # type: ignore[no-untyped-call]

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: N802
        """A header line beyond all measure: twisted would close without a word."""
        self._refuse(b"431 Request Header Fields Too Large")

    def allHeadersReceived(self) -> None:  # noqa: N802
        """A long body is not waited for."""
        request: Any = self.requests[-1]
        is_long = self.length is None or self.length > SHORT_BYTES
        if not is_long and not self._path.startswith(STREAMED):
            super().allHeadersReceived()  # type: ignore[no-untyped-call]
            return
        if request.requestHeaders.hasHeader(b"Upgrade"):
            self._refuse(b"413 Content Too Large")
            return
        self.persistent = self.checkPersistence(request, self._version)  # type: ignore[no-untyped-call]
        # Whoever takes the body says how long it may take.
        self._savedTimeOut = self.setTimeout(None)  # type: ignore[no-untyped-call]
        expected = request.requestHeaders.getRawHeaders(b"Expect") or [b""]
        continues = expected[0].lower() == b"100-continue" and self._version == b"HTTP/1.1"
        request.begin(Body(self, continues=continues), self._command, self._path, self._version)

    def allContentReceived(self) -> None:  # noqa: N802
        """The request is complete. A websocket begins with HTTP/1.1 (RFC 6455 4.2.1); daphne does not look."""
        if not self.requests:
            return
        if self._version == b"HTTP/1.0" and self.requests[-1].requestHeaders.hasHeader(b"Upgrade"):
            self._refuse(b"505 HTTP Version Not Supported")
        else:
            super().allContentReceived()  # type: ignore[no-untyped-call]

    def loseConnection(self) -> None:  # noqa: N802
        """Close; but while the rest of a body comes, wait a little, or the answer would be lost with it."""
        if self.is_unread:
            self._linger()
        else:
            super().loseConnection()  # type: ignore[no-untyped-call]

    def pause(self) -> None:
        """Read no more for now."""
        self._networkProducer.pauseProducing()

    def resume(self) -> None:
        """Read on."""
        if not self._waitingForTransport:
            self._networkProducer.resumeProducing()

    def _refuse(self, status: bytes) -> None:
        """Closing at once, with something left unread, would lose the answer as well."""
        self.transport.write(b"HTTP/1.1 " + status + b"\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        self._linger()

    def _linger(self) -> None:
        self.dataReceived = self.lineReceived = self.rawDataReceived = lambda *_: None  # type: ignore[method-assign]
        self.clearLineBuffer()  # type: ignore[no-untyped-call]
        self.setTimeout(None)  # type: ignore[no-untyped-call]
        self.transport.loseWriteConnection()
        reactor.callLater(LINGER_SECONDS, self.transport.abortConnection)
