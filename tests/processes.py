"""Looking at real processes from outside, for the tests of the launcher."""

import os
import socket
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from hub.embedded.spawn import LINUX

OURS = ("HUB_", "DATABASE_URL", "REDIS_URL", "DJANGO_")
_reserved: list[socket.socket] = []


def environment(**changes: str | Path) -> dict[str, str]:
    """The environment without what a surrounding test run has set, and with `changes`."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return clean | {name: str(value) for name, value in changes.items()}


def free_port() -> int:
    """A TCP port of this machine that nobody listens on, and that nobody else gets: other tests run at the same time.

    On Linux a bound socket that does not listen keeps the port from all but a server that asks for just this one.
    """
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind(("127.0.0.1", 0))
    port = int(probe.getsockname()[1])
    if LINUX:
        _reserved.append(probe)
    else:
        probe.close()
    return port


def until(condition: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    """Poll `condition` until it holds; fail with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.02)


def lives(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not state(pid).startswith("Z")


def state(pid: int) -> str:
    """What the kernel says after the name: state and parent's id; nothing without /proc."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2]
    except OSError:
        return ""


def descendants(pid: int) -> set[int]:
    """The ids of all children, their children and so on (needs /proc)."""
    parents = {
        int(entry.name): int(state(int(entry.name)).split()[1])
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and state(int(entry.name))
    }
    found: set[int] = set()
    level = {pid}
    while level:
        level = {child for child, parent in parents.items() if parent in level} - found
        found |= level
    return found


def gone(pids: Iterable[int]) -> bool:
    """Whether none of these processes lives."""
    return not any(lives(pid) for pid in pids)
