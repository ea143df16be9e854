"""The portal's own processes, started for real against the test database."""

import os
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import connection
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from hub.celery import app
from hub.embedded import processes
from hub.embedded.config import Config
from hub.embedded.spawn import Child, Family
from hub.embedded.waiting import until
from tests.processes import free_port as free_port

CHECKOUT = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0
T = TypeVar("T")


def eventually(look: Callable[[], T], *, seconds: float = 10.0, what: str = "") -> T:
    """Poll `look` until it gives something true and return that; fails with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what or look}"
        time.sleep(0.02)
    return found


def settled() -> bool:
    """No server is in the middle of a transaction, which emptying the tables would meet."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND state <> 'idle'"
        )
        return int(cursor.fetchone()[0]) == 0


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process that shall see what the test sees."""
    name = str(connection.settings_dict["NAME"])
    database = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))
    shared = {"DATABASE_URL": database, "REDIS_URL": settings.REDIS_URL, "PYTHONUNBUFFERED": "1"}
    return {**os.environ, **shared, "DJANGO_SETTINGS_MODULE": "hub.settings", **extra}


def spawn(family: Family, name: str, argv: Iterable[str | Path], log: Path, extra: Mapping[str, str]) -> Child:
    """Start a child that ends with the test run, however that ends."""
    with warnings.catch_warnings():
        # Python 3.12 warns of forking beside threads; the child only binds its life to ours and execs.
        warnings.simplefilter("ignore", DeprecationWarning)
        return family.spawn(name, list(argv), log=log, cwd=CHECKOUT, env=environment(extra))


@dataclass
class Process:
    """A child process and its log."""

    family: Family
    name: str
    log: Path
    child: Child | None = None

    def kill(self) -> None:
        """End it without a chance to say goodbye (SIGKILL)."""
        if self.child is not None:
            self.child.process.kill()
        self.stop()

    def stop(self) -> None:
        """Ask it to end (SIGTERM) and wait."""
        if self.child is not None:
            self.family.stop(self.child)
            self.child = None

    def report(self) -> None:
        """Print the log, which pytest shows when the test has failed."""
        if self.log.exists():
            print(f"--- {self.name} ---\n{self.log.read_text(errors='replace')[-8000:]}")


@dataclass
class Server(Process):
    """An ASGI server: pages, browser sockets and OCPP on one port. `restart` keeps the port."""

    port: int = field(default_factory=free_port)
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        """`ws://127.0.0.1:PORT`, without a slash at the end."""
        return f"ws://127.0.0.1:{self.port}"

    @property
    def ocpp_url(self) -> str:
        """What a charger has before its identity, without a slash at the end."""
        return f"{self.ws_url}/ocpp"

    def start(self) -> None:
        """Start it and wait until it is healthy. Raises LauncherError with its log."""
        data = self.log.parent
        config = Config.read({"HUB_PORT": str(self.port), "HUB_SERVER": self.name, "HUB_DATA": str(data)})
        extra = {"HUB_PORT": str(self.port), "HUB_OCPP_URL": self.ocpp_url, **self.extra}
        self.child = spawn(self.family, self.name, processes.web(config), self.log, extra)
        until(lambda: processes.healthy(config), self.child, self.log, seconds=START_SECONDS)

    def restart(self) -> None:
        """Stop it politely and start it again on the same port."""
        self.stop()
        self.start()


@dataclass
class Worker(Process):
    """A Celery worker on all queues; the clock (beat) only when asked for."""

    beat: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)

    def start(self) -> None:
        """Start it and wait until it takes tasks. Raises LauncherError with its log."""
        argv = processes.worker(self.log.parent)
        if not self.beat:
            schedule = argv.index("-s")
            del argv[schedule : schedule + 2]
            argv.remove("--beat")
        self.child = spawn(self.family, self.name, [*argv, "-n", self._address], self.log, self.extra)
        until(self._ready, self.child, self.log, seconds=START_SECONDS)

    @property
    def _address(self) -> str:
        return f"{self.log.stem}@tests"

    def _ready(self) -> bool:
        with suppress(OperationalError, RedisError):  # a pooled connection to a Redis that was restarted
            return bool(app.control.ping(destination=[self._address], timeout=0.3))
        return False
