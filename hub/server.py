"""daphne, tuned for thousands of chargers: `python -m hub.server`.

What differs from the stock command, each with its measured or specified reason:
the listen backlog and the garbage collector's thresholds (a storm of 5,000 sockets: 1.9 s instead of 57 s), no
24-hour limit on sockets, refusals with a real HTTP status (OCPP wants 401, 404, 400; stock daphne says 403 to all),
also of handshakes that are none, bodies that come as a stream (`hub.channel`),
a bounded inbox per socket (stock: grows without end), and close reasons.
"""

import argparse
import asyncio
import os
import threading
import time
from typing import Any

import django
from daphne.server import Server, reactor
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from twisted.internet.defer import Deferred
from twisted.internet.tcp import Connection

from hub import deflate
from hub.channel import HubChannel
from hub.deflate import Bounded
from hub.flow import FlowingServer
from hub.lane import Lane, frame_of, text_of
from hub.octets import Unmasker, Utf8Validator

# How many frames may wait for the application before the socket is no longer read (TCP then slows the sender).
INBOX_FRAMES = 64
# Together below 5 s, whatever is away: supervisors kill what takes longer than they expect.
FAREWELL_SECONDS = 3.5
THREADS_SECONDS = 1.0


class HubWebSocket(WebSocketProtocol):
    """One websocket. Any frame, a pong too, proves that the peer lives; silence is judged by the application."""

    paused = False
    heard_at = 0.0
    _perMessageCompress: Any  # noqa: N815 - autobahn's name

    def onOpen(self) -> None:  # noqa: N802 - autobahn's name
        """The handshake is done; what is inflated is bounded from now on."""
        if self._perMessageCompress is not None:
            limit = self.factory.maxMessagePayloadSize
            self._perMessageCompress = Bounded(self._perMessageCompress, limit, self._fail_connection)
        super().onOpen()

    def failHandshake(self, reason: str, code: int = 400, responseHeaders: Any = None) -> None:  # noqa: N802, N803
        """Another version of the websocket protocol is answered with ours (426, RFC 6455 4.4)."""
        if any(name == "Sec-WebSocket-Version" for name, _ in responseHeaders or ()):
            code = 426
        super().failHandshake(reason, code, responseHeaders)

    def onPong(self, payload: bytes) -> None:  # noqa: N802 - autobahn's name
        """A pong proves that the peer lives."""
        self.heard_at = time.monotonic()
        super().onPong(payload)

    def onPing(self, payload: bytes) -> None:  # noqa: N802
        """So does a ping."""
        self.heard_at = time.monotonic()
        super().onPing(payload)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803 - autobahn's names
        """Queue a frame for the application and stop reading when it does not keep up."""
        super().onMessage(payload, isBinary)
        if not self.paused and self.application_queue.qsize() >= INBOX_FRAMES:
            self.paused = True
            self.transport.pauseProducing()

    def drained(self) -> None:
        """The application took a frame: read again once half of the inbox is free."""
        if self.paused and self.application_queue.qsize() <= INBOX_FRAMES // 2:
            self.paused = False
            self.transport.resumeProducing()

    # What follows does what autobahn and twisted do, without detours: about 1 CPU second less per 10,000 messages.

    def connectionMade(self) -> None:  # noqa: N802 - twisted's name
        """A socket was opened."""
        super().connectionMade()
        self.utf8validator = Utf8Validator()
        self.lane = Lane(self._write)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """Bytes came. autobahn colours the words of a debug line first, whether or not it is written."""
        if (take := self.lane.take) is not None and self._is_between_frames():
            text = text_of(data)
            if text is not None and self.application_queue.empty() and take(text):
                self.last_ping = time.time()
                return
        self._dataReceived(data)

    def _is_between_frames(self) -> bool:
        """Whether a message begins with the next byte."""
        inside = self.data or self.current_frame is not None or self.inside_message
        return self.state == self.STATE_OPEN and not inside and not self.muted

    def _write(self, text: str) -> bool:
        if self.state != self.STATE_OPEN or self.muted:
            return False
        self.sendData(frame_of(text))
        return True

    def onFrameBegin(self) -> None:  # noqa: N802 - autobahn's name
        """A frame begins."""
        if self.current_frame.mask:
            self.current_frame_masker = Unmasker(self.current_frame.mask)
        super().onFrameBegin()

    def sendData(self, data: bytes, sync: bool = False, chopsize: int | None = None) -> None:  # noqa: N802
        """Write what the socket takes now. twisted asks the selector before and after every single write."""
        transport: Any = self.transport
        if sync or chopsize or self.send_queue:
            super().sendData(data, sync, chopsize)
        elif _idle(transport):
            sent = transport.writeSomeData(data)
            # After an error all is written again: it fails again, where twisted can end the connection.
            rest = data[sent:] if isinstance(sent, int) else data
            if rest:
                transport.write(rest)
        else:
            transport.write(data)

    def handle_reply(self, message: dict[str, Any]) -> None:
        """ASGI messages to the socket, with the `websocket.http.response` extension and close reasons."""
        kind = message["type"]
        if kind == "websocket.http.response.start":
            self.refusal = message
        elif kind == "websocket.http.response.body":
            self._refuse(self.refusal, message.get("body", b""))
        elif kind == "websocket.close" and self.state == self.STATE_OPEN:
            # Past autobahn's check, which forbids an application codes such as 1009.
            reason = str(message.get("reason") or "").encode()[:123]
            self.sendCloseFrame(code=message.get("code") or 1000, reasonUtf8=reason)
        else:
            super().handle_reply(message)

    def _refuse(self, start: dict[str, Any], body: bytes) -> None:
        headers = [(name.decode(), value.decode()) for name, value in start.get("headers", [])]
        headers += [("Content-Length", str(len(body))), ("Connection", "close")]
        self.server.protocol_disconnected(self)
        head = "".join(f"{name}: {value}\r\n" for name, value in headers)
        self.sendData(f"HTTP/1.1 {start['status']} Refused\r\n{head}\r\n".encode() + body)
        self.dropConnection(abort=False)


def _idle(transport: Any) -> bool:
    """Whether this is a plain TCP connection with nothing left to write, and not about to end."""
    if not isinstance(transport, Connection) or not transport.connected or transport.disconnecting:
        return False
    return not transport.dataBuffer and not transport._tempDataBuffer


class HubFactory(WebSocketFactory):
    """Makes our sockets."""

    protocol = HubWebSocket


class HubServer(FlowingServer, Server):
    """daphne's server with our sockets."""

    application: Any
    http_factory: Any
    ws_factory: Any

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """As daphne's, with a `receive` that reports progress, and the extension announced."""
        if scope["type"] != "websocket":
            return self._with_body(protocol, scope)
        scope["extensions"] = {"websocket.http.response": {}}
        scope["hub.heard"] = lambda: protocol.heard_at
        scope["hub.lane"] = protocol.lane
        application = self.application

        def bounded(scope: dict[str, Any], receive: Any, send: Any) -> Any:
            async def take() -> Any:
                message = await receive()
                protocol.drained()
                return message

            return application(scope, take, send)

        self.application = bounded
        try:
            return super().create_application(protocol, scope)
        finally:
            self.application = application

    def _with_body(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """A request whose body is still coming takes it from there."""
        body, application = protocol.body, self.application
        if body is None:
            return super().create_application(protocol, scope)
        self.application = lambda scope, receive, send: application(scope, body.get, send)
        try:
            return body if super().create_application(protocol, scope) is not None else None
        finally:
            self.application = application

    def run(self) -> None:
        """Serve until told to stop; the factory of sockets is ours."""
        reactor.callWhenRunning(self._own_factory)
        super().run()

    def kill_all_applications(self) -> Any:
        """Let every application end in order before the process does, within `FAREWELL_SECONDS`.

        daphne's own stumbles over a connection whose application has ended already, and then cancels none.
        """
        for protocol in self.connections:
            if isinstance(protocol, HubWebSocket) and protocol.state == protocol.STATE_OPEN:
                protocol.sendCloseFrame(code=protocol.CLOSE_STATUS_CODE_GOING_AWAY)
        found = (details.get("application_instance") for details in self.connections.values())
        running = [application for application in found if application is not None and not application.done()]
        for application in running:
            application.cancel()
        everything = asyncio.gather(*running, return_exceptions=True)
        return Deferred.fromFuture(asyncio.ensure_future(asyncio.wait([everything], timeout=FAREWELL_SECONDS)))

    def _own_factory(self) -> None:
        self.http_factory.protocol, self.http_factory.timeOut = HubChannel, self.websocket_handshake_timeout
        options = self.ws_factory
        self.ws_factory = HubFactory(self, server=self.server_name)
        self.ws_factory.setProtocolOptions(
            autoPingTimeout=0,
            allowNullOrigin=True,
            versions=[13],
            # With a close frame that says why: 1007 for bad UTF-8, 1009 for too much.
            failByDrop=False,
            perMessageCompressionAccept=deflate.accept,
            openHandshakeTimeout=self.websocket_handshake_timeout,
            maxMessagePayloadSize=options.maxMessagePayloadSize,
            maxFramePayloadSize=options.maxFramePayloadSize,
        )


def serve(host: str, port: int) -> None:
    """Serve `hub.asgi` on `host`:`port` until SIGINT or SIGTERM."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
    django.setup()
    from django.conf import settings  # noqa: PLC0415 - settings exist after setup

    from hub.asgi import application  # noqa: PLC0415

    interface = host.replace(":", "\\:")
    HubServer(
        application=application,
        endpoints=[f"tcp:port={port}:interface={interface}:backlog=4096"],
        websocket_timeout=-1,
        websocket_connect_timeout=30,
        websocket_handshake_timeout=settings.OCPP_HANDSHAKE_TIMEOUT,
        websocket_max_message_size=settings.OCPP_MAX_MESSAGE_BYTES,
        websocket_max_frame_size=settings.OCPP_MAX_MESSAGE_BYTES,
        ping_interval=settings.OCPP_PING_INTERVAL,
        # HUB_TLS says that a proxy stands in front, which must overwrite these headers (README, "For real").
        proxy_forwarded_address_header="X-Forwarded-For" if settings.TLS else None,
        proxy_forwarded_proto_header="X-Forwarded-Proto" if settings.TLS else None,
        server_name="hub",
        verbosity=0,
    ).run()
    # A thread that waits for a database which neither answers nor refuses must not hold the process.
    leaving = threading.Timer(THREADS_SECONDS, os._exit, [0])
    leaving.daemon = True
    leaving.start()


def main() -> None:
    """Read host and port from the command line; defaults come from HUB_HOST and HUB_PORT."""
    parser = argparse.ArgumentParser(prog="python -m hub.server", description=serve.__doc__)
    parser.add_argument("--host", default=os.environ.get("HUB_HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(os.environ.get("HUB_PORT", "8000")))
    arguments = parser.parse_args()
    serve(arguments.host, arguments.port)


if __name__ == "__main__":
    main()
