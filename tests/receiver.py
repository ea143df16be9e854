"""A receiver of events on this machine: keeps what it was sent and answers as it is told."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# Writes an answer of its own to the open connection, until the receiver ends.
Act = Callable[[BaseHTTPRequestHandler, threading.Event], None]


@dataclass
class Received:
    """One request; names of headers in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """What came, in order; `answers` are used up one by one: a status, or a function; then 200."""

    port: int = 0
    scheme: str = "http"
    received: list[Received] = field(default_factory=list)
    answers: list[int | Act] = field(default_factory=list)
    location: str = ""
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Its address."""
        return f"{self.scheme}://127.0.0.1:{self.port}/hub?of=nordlys"


@contextmanager
def receiving(context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver that runs as long as this lasts."""
    receiver = Receiver(scheme="https" if context else "http")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.received.append(Received(self.path, headers, body))
            answer = receiver.answers.pop(0) if receiver.answers else 200
            if callable(answer):
                answer(self, receiver.ended)
                return
            self.send_response(answer)
            if receiver.location:
                self.send_header("Location", receiver.location)
            self.end_headers()
            self.wfile.write(b"thank you")

        def log_message(self, *arguments: Any) -> None:
            """Nothing."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """The other side has hung up, as it should."""

    with Quiet(("127.0.0.1", 0), Handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        receiver.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.ended.set()
            server.shutdown()
            thread.join()


def dripping(handler: BaseHTTPRequestHandler, ended: threading.Event) -> None:
    """A byte of the answer now and then, for ever."""
    while not ended.wait(0.1):
        handler.wfile.write(b"H")


def trickling(handler: BaseHTTPRequestHandler, ended: threading.Event) -> None:
    """Good headers, and then a byte of the body now and then."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    while not ended.wait(0.1):
        handler.wfile.write(b"x")


def silent(handler: BaseHTTPRequestHandler, ended: threading.Event) -> None:
    """Nothing at all."""
    ended.wait(10)


def giant(handler: BaseHTTPRequestHandler, ended: threading.Event) -> None:
    """An answer without an end."""
    handler.send_response(200)
    handler.end_headers()
    while not ended.is_set():
        handler.wfile.write(b"y" * 65536)


def nonsense(handler: BaseHTTPRequestHandler, ended: threading.Event) -> None:
    """Something that is not HTTP."""
    handler.wfile.write(b"220 mail.example.com ESMTP\r\n\r\n")
