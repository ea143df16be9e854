"""Waiting for a child to become ready, and what it said if it did not."""

import time
from collections.abc import Callable
from pathlib import Path

from hub.embedded.errors import LauncherError
from hub.embedded.spawn import Child

TAIL_BYTES = 2000


class StartInterrupted(Exception):
    """Somebody asked the launcher to stop while it was starting."""


def never() -> bool:
    """The default answer to `stop requested?`."""
    return False


def until(
    ready: Callable[[], bool],
    child: Child,
    log: Path,
    *,
    seconds: float = 60.0,
    stopping: Callable[[], bool] = never,
) -> None:
    """Poll `ready` while `child` lives.

    Raises LauncherError with the end of the log when the child dies or `seconds` pass, and StartInterrupted
    when `stopping` says so.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        if stopping():
            raise StartInterrupted
        code = child.poll()
        if code is not None:
            raise LauncherError(f"{tail(log)}\n{child.name} ended with code {code} before it was ready.")
        if time.monotonic() > deadline:
            raise LauncherError(f"{tail(log)}\n{child.name} was not ready after {seconds:.0f} s.")
        time.sleep(0.02)


def tail(log: Path, size: int = TAIL_BYTES) -> str:
    """The last `size` bytes of a log from a line start, and where the rest is."""
    try:
        with log.open("rb") as file:
            length = file.seek(0, 2)
            file.seek(max(0, length - size))
            text = file.read().decode(errors="replace")
    except OSError:
        return f"(no log in {log})"
    if length > size:
        text = text.partition("\n")[2]
    return f"{text.rstrip()}\n(the whole log: {log})"
