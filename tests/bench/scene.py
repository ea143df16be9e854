"""Chargers in the database, and server processes around them."""

import itertools
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from hub.embedded.waiting import until
from tests.bench.machine import cpu_seconds
from tests.bench.servers import Servers
from tests.stage import Server, Worker, free_port, spawn

SERVERS = ("daphne", "uvicorn")
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Cpu:
    """CPU seconds used so far, or between two looks."""

    process: float
    postgres: float

    def since(self, before: "Cpu", messages: int) -> "Cpu":
        """What was used since `before`, per 10,000 messages."""
        share = 10_000 / messages
        return Cpu((self.process - before.process) * share, (self.postgres - before.postgres) * share)


@dataclass(frozen=True)
class Scene:
    """The servers of a run, and how thorough the run is."""

    servers: Servers
    quick: bool
    full: bool
    away: float = 20.0

    def size(self, quick: int, usual: int, full: int) -> int:
        """A number of chargers or messages."""
        return quick if self.quick else full if self.full else usual

    def cpu(self, pid: int) -> Cpu:
        """CPU seconds of a process and of all PostgreSQL processes together."""
        return Cpu(cpu_seconds(pid), cpu_seconds(self.servers.postgres.pid))

    @contextmanager
    def web(self, name: str, extra: Mapping[str, str] | None = None) -> Iterator[Server]:
        """A web and gateway process."""
        server = Server(self.servers.family, name, self.log(name), extra=extra or {})
        try:
            server.start()
            yield server
        finally:
            server.stop()

    @contextmanager
    def worker(self) -> Iterator[Worker]:
        """A Celery worker with its clock."""
        worker = Worker(self.servers.family, "worker", self.log("worker"), beat=True)
        try:
            worker.start()
            yield worker
        finally:
            worker.stop()

    @contextmanager
    def peer(self) -> Iterator[tuple[int, int]]:
        """The yardstick: its process id and port."""
        port, log = free_port(), self.log("peer")
        child = spawn(
            self.servers.family, "peer", [sys.executable, "-m", "tests.bench.peer", "--port", str(port)], log, {}
        )
        try:
            until(lambda: _listens(port), child, log)
            yield child.pid, port
        finally:
            self.servers.family.stop(child)

    def log(self, name: str) -> Path:
        """A fresh log file; it goes with the run."""
        return self.servers.home / f"{name}-{next(_numbers)}.log"


def pid_of(server: Server) -> int:
    """The process id of a started server."""
    assert server.child is not None
    return server.child.pid


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
