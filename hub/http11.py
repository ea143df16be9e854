"""uvicorn's HTTP/1.1 with clean refusals: `uvicorn --http hub.http11:HubHttp`.

uvicorn hands a handshake to the websockets package, which says nothing at all when it cannot read it (lines above
8 KiB, more than 128 headers, a body), and 400 to other versions of the protocol. Without a request it waits for ever.
"""

import asyncio
from http import HTTPStatus

import h11
from django.conf import settings
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

# For so long what comes after a refusal is read and dropped.
LINGER_SECONDS = 2.0
MAX_HEADER_BYTES = 16 * 1024
# What the websockets package reads of a handshake.
MAX_LINE_BYTES, MAX_HEADERS = 8190, 128


class HubHttp(H11Protocol):
    """One connection until it becomes a websocket."""

    refused = False
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody has connected, and has some seconds to say what for."""
        super().connection_made(transport)
        self._patience = self.loop.call_later(settings.OCPP_HANDSHAKE_TIMEOUT, self._waited)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._calm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """What comes after a refusal is read and dropped: closing at once would lose the refusal as well."""
        if not self.refused:
            super().data_received(data)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Let a sound handshake pass, and answer any other."""
        self._calm()
        if status := _problem(event):
            self._refuse(status)
            return
        super().handle_websocket_upgrade(event)
        if not getattr(self.transport.get_protocol(), "handshake_initiated", True):
            self._refuse(HTTPStatus.BAD_REQUEST)

    def send_400_response(self, msg: str) -> None:
        """What was read is no request, or has too many headers to be one."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            self.transport.close()
        elif len(self.conn.trailing_data[0]) > MAX_HEADER_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        else:
            self._refuse(HTTPStatus.BAD_REQUEST)

    def _calm(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _waited(self) -> None:
        if self.scope is None and not self.transport.is_closing():
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def _refuse(self, status: HTTPStatus) -> None:
        self.refused = True
        lines = [f"HTTP/1.1 {status.value} {status.phrase}", "Connection: close", "Content-Length: 0"]
        if status is HTTPStatus.UPGRADE_REQUIRED:
            lines += ["Upgrade: websocket", "Sec-WebSocket-Version: 13"]
        self.transport.write("\r\n".join([*lines, "", ""]).encode())
        self.transport.write_eof()
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)


def _problem(event: h11.Request) -> HTTPStatus | None:
    """Why this handshake is refused before anybody looks at who it is (RFC 6455 4.2.1 and 4.4, RFC 6585 5)."""
    headers = [(name.lower(), value) for name, value in event.headers]
    if event.http_version != b"1.1":
        return HTTPStatus.HTTP_VERSION_NOT_SUPPORTED
    if len(event.target) > MAX_LINE_BYTES - len("GET  HTTP/1.1"):
        return HTTPStatus.REQUEST_URI_TOO_LONG
    sizes = [len(name) + len(value) for name, value in headers]
    if len(sizes) > MAX_HEADERS or sum(sizes) > MAX_HEADER_BYTES or max(sizes, default=0) > MAX_LINE_BYTES - 2:
        return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    versions = [value for name, value in headers if name == b"sec-websocket-version"]
    return HTTPStatus.UPGRADE_REQUIRED if versions not in ([], [b"13"]) else None
