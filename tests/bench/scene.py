"""Chargers in the database, and server processes around them."""

import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection

from chargepoints.choices import ConnectorStatus, ConnectorType
from chargepoints.models import ChargeKey, ChargePoint, Connection, Connector, LogLine, Site
from chargepoints.services.credentials import password_hmac
from hub.embedded.waiting import until
from hub.teams.models import Organisation, Team
from tests.bench.machine import cpu_seconds
from tests.bench.servers import Servers
from tests.stage import CHECKOUT, Server, Worker, free_port, spawn

PASSWORD = "correct-horse-battery"
PER_SITE = 20
SERVERS = ("daphne", "uvicorn")
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Scene:
    """The servers of a run, and how thorough the run is."""

    servers: Servers
    quick: bool
    full: bool

    def size(self, quick: int, usual: int, full: int) -> int:
        """A number of chargers or messages."""
        return quick if self.quick else full if self.full else usual

    @contextmanager
    def web(self, name: str) -> Iterator[Server]:
        """A web and gateway process."""
        server = Server(self.servers.family, name, self._log(name), extra={"HUB_PORT": "0"})
        try:
            server.start()
            yield server
        finally:
            server.stop()

    @contextmanager
    def worker(self) -> Iterator[Worker]:
        """A Celery worker with its clock."""
        worker = Worker(self.servers.family, "worker", self._log("worker"), beat=True)
        try:
            worker.start()
            yield worker
        finally:
            worker.stop()

    @contextmanager
    def peer(self) -> Iterator[tuple[int, int]]:
        """The yardstick; its process id and port."""
        port, log = free_port(), self._log("peer")
        argv = [sys.executable, "-m", "tests.bench.peer", "--port", str(port)]
        child = spawn(self.servers.family, "peer", argv, log, {})
        try:
            until(lambda: _listens(port), child, log)
            yield child.pid, port
        finally:
            self.servers.family.stop(child)

    def _log(self, name: str) -> "object":
        return self.servers.home / f"{name}-{next(_numbers)}.log"
