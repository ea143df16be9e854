"""Servers for one command: fast, empty, and gone afterwards."""

import os
import secrets
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from hub.embedded.asked import Asked
from hub.embedded.errors import LauncherError
from hub.embedded.place import find_place
from hub.embedded.postgres import Postgres
from hub.embedded.spawn import Child, Family
from hub.embedded.valkey import Valkey
from hub.embedded.waiting import StartInterrupted, never


@contextmanager
def throwaway_servers(family: Family, stopping: Callable[[], bool] = never) -> Iterator[dict[str, str]]:
    """The environment of a command with its own PostgreSQL, Valkey and HUB_DATA.

    DATABASE_URL and REDIS_URL from outside are used instead. Raises LauncherError and StartInterrupted.
    """
    home = Path(tempfile.mkdtemp(prefix="hub-"))
    family.remove_at_end(home)
    data = home / "data"
    data.mkdir(mode=0o700)
    (data / "static").mkdir()  # WhiteNoise warns if it is missing, and a test run fails on warnings
    environment = {**os.environ, "HUB_DATA": str(data)}
    environment.setdefault("HUB_SECRET_KEY", secrets.token_urlsafe(50))
    started: list[Child] = []
    if not environment.get("DATABASE_URL"):
        postgres = throwaway_postgres(home, family)
        postgres.prepare(stopping)
        started.append(postgres.start(stopping))
        environment["DATABASE_URL"] = postgres.url
    if not environment.get("REDIS_URL"):
        valkey = Valkey(home / "valkey", family, home / "valkey.log", durable=False)
        started.append(valkey.start(stopping))
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
    return Postgres(find_place(home / "postgres"), family, home / "postgres.log", durable=False)


def execute(argv: Sequence[str]) -> int:
    """Run `argv` with throw-away servers and return its exit code.

    The command keeps our input and output, and every INT, TERM and HUP is handed on to it and its children.
    """
    if not argv:
        raise LauncherError("Say what to execute: python -m hub.embedded exec -- COMMAND ...")
    asked = Asked()
    with Family() as family:
        try:
            with throwaway_servers(family, asked) as environment:
                return run_command(family, argv, environment, asked)
        except StartInterrupted:
            return 130


def run_command(family: Family, argv: Sequence[str], environment: dict[str, str], asked: Asked) -> int:
    """Run a command in the foreground. Returns its exit code, 128 + signal number if one killed it."""
    try:
        child = family.spawn(argv[0], argv, stdin=None, env=environment)
    except OSError as error:
        raise LauncherError(f"{argv[0]} cannot be started: {error.strerror}.") from error
    code = wait(family, child, asked)
    return code if code >= 0 else 128 - code


def wait(family: Family, child: Child, asked: Asked) -> int:
    """Wait for the end of a child and return its exit code; it ends when nobody waits for us any more."""
    asked.command = child
    while child.poll() is None and not asked.orphaned():
        with suppress(subprocess.TimeoutExpired):
            child.process.wait(0.5)
    asked.command = None
    family.stop(child)
    return child.process.returncode
