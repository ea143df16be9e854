"""Servers for one command: fast, empty, and gone afterwards."""

import os
import secrets
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from hub.embedded.errors import LauncherError
from hub.embedded.place import find_place
from hub.embedded.postgres import Postgres
from hub.embedded.sockets import socket_directory
from hub.embedded.spawn import Child, Family
from hub.embedded.valkey import Valkey
from hub.embedded.waiting import Interrupted, never


@contextmanager
def throwaway_servers(
    family: Family, stopping: Callable[[], bool] = never
) -> Iterator[dict[str, str]]:
    """The environment of a command with its own PostgreSQL, Valkey and HUB_DATA.

    DATABASE_URL and REDIS_URL from outside are used instead. Raises LauncherError and Interrupted.
    """
    home = Path(tempfile.mkdtemp(prefix="hub-"))
    family.remove_at_end(home)
    data = home / "data"
    data.mkdir(mode=0o700)
    environment = {**os.environ, "HUB_DATA": str(data)}
    environment.setdefault("HUB_SECRET_KEY", secrets.token_urlsafe(50))
    started: list[Child] = []
    if not environment.get("DATABASE_URL"):
        postgres = throwaway_postgres(home, family)
        postgres.prepare(family, stopping)
        started.append(postgres.start(family, stopping))
        environment["DATABASE_URL"] = postgres.url
    if not environment.get("REDIS_URL"):
        sockets = socket_directory(home / "valkey", family)
        valkey = Valkey(home / "valkey", sockets, home / "valkey.log", durable=False)
        started.append(valkey.start(family, stopping))
        environment["REDIS_URL"] = valkey.url
    try:
        yield environment
    finally:
        for child in reversed(started):
            family.stop(child)


def throwaway_postgres(home: Path, family: Family) -> Postgres:
    """A PostgreSQL that forgets everything at a power cut, which is all that a test needs."""
    if os.geteuid() == 0:
        home.chmod(0o711)
    place = find_place(home / "postgres")
    sockets = socket_directory(home / "sockets", family)
    return Postgres(place, sockets, home / "postgres.log", durable=False)


def execute(argv: Sequence[str]) -> int:
    """Run `argv` with throw-away servers and return its exit code.

    The command keeps our terminal: Ctrl-C reaches it directly, TERM and HUP are handed on.
    """
    if not argv:
        raise LauncherError("Say what to execute: python -m hub.embedded exec -- COMMAND ...")
    asked = Asked()
    with Family() as family:
        try:
            with throwaway_servers(family, asked) as environment:
                return run_command(family, argv, environment, asked)
        except Interrupted:
            return 130


class Asked:
    """Remembers that a signal asked us to stop, and hands it to the command that runs."""

    def __init__(self) -> None:
        self.signal = 0
        self.command: Child | None = None
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._handle)

    def __call__(self) -> bool:
        return self.signal != 0

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.signal = number
        if self.command is not None and number != signal.SIGINT:
            self.command.process.send_signal(number)


def run_command(family: Family, argv: Sequence[str], environment: dict[str, str], asked: Asked) -> int:
    """Run a command in the foreground. Returns its exit code, 128 + signal number if one killed it."""
    try:
        child = family.spawn(argv[0], argv, stdin=None, env=environment, own_session=False)
    except OSError as error:
        raise LauncherError(f"{argv[0]} cannot be started: {error.strerror}.") from error
    asked.command = child
    code = child.wait()
    asked.command = None
    family.stop(child)
    return code if code >= 0 else 128 - code
