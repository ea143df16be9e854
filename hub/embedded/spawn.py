"""Children that cannot outlive their supervisor.

Two halves: on Linux the kernel signals a child when the supervisor's main thread dies (PR_SET_PDEATHSIG);
everywhere a guard process (`hub.embedded.guard`) holds the other end of a pipe and ends what is left.
"""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, NamedTuple, Self

from hub.embedded import guard

LINUX = sys.platform.startswith("linux")
CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
REFUSED_NAMESPACE, ORPHANED = 97, 98


class RunAs(NamedTuple):
    """Who a child runs as: ourselves by default, root seen as nobody, or another user."""

    user_namespace: bool = False
    user: int | None = None
    group: int | None = None


OURSELVES = RunAs()


class Child:
    """A started process, its stop signal and its log."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], stop_signal: int) -> None:
        self.name = name
        self.process = process
        self.stop_signal = stop_signal

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    @property
    def target(self) -> int:
        """The process group, as `kill` wants it. Every child leads its own session."""
        return -self.process.pid

    def poll(self) -> int | None:
        """The exit code, or None while the process lives."""
        return self.process.poll()

    def wait(self) -> int:
        """Wait for the end and return the exit code."""
        return self.process.wait()


class Family:
    """All children of one supervisor. Use from the main thread only: PDEATHSIG follows the thread."""

    def __init__(self) -> None:
        read, self._notes = os.pipe()
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__, str(read)],
            pass_fds=[read],
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(read)
        self._children: list[Child] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def spawn(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        stop_signal: int = signal.SIGTERM,
        death_signal: int | None = None,
        run_as: RunAs = OURSELVES,
        log: Path | None = None,
        stdin: int | IO[bytes] | None = subprocess.DEVNULL,
        keep_fds: Sequence[int] = (),
        cwd: Path | str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Child:
        """Start `argv`; without `log` it writes to our terminal.

        `death_signal` (default: `stop_signal`) is what it gets when we die without stopping it.

        Raises OSError when the program cannot be started and subprocess.SubprocessError when `run_as` fails.
        """
        last = stop_signal if death_signal is None else death_signal
        with ExitStack() as stack:
            output = stack.enter_context(log.open("ab")) if log else None
            process = subprocess.Popen(
                [str(word) for word in argv],
                stdin=stdin,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                pass_fds=keep_fds,
                cwd=cwd,
                env=env,
                start_new_session=True,
                user=run_as.user,
                group=run_as.group,
                extra_groups=None if run_as.user is None else [],
                preexec_fn=child_setup(last, run_as.user_namespace),  # noqa: PLW1509 - one thread here
            )
        child = Child(name, process, stop_signal)
        self._children.append(child)
        self._note(f"add {child.target} {int(last)}")
        return child

    def stop(self, child: Child, seconds: float = 15.0, hurry: Callable[[], bool] = lambda: False) -> None:
        """Ask `child` to end and end what is left of its process group.

        After `seconds`, or when `hurry` says so, it is killed.
        """
        if child.poll() is None:
            child.process.send_signal(child.stop_signal)
            deadline = time.monotonic() + seconds
            while child.poll() is None and time.monotonic() < deadline and not hurry():
                time.sleep(0.01)
            child.process.kill()
            child.process.wait()
        with suppress(OSError):
            os.kill(child.target, signal.SIGKILL)
        self._children = [other for other in self._children if other is not child]
        self._note(f"drop {child.target}")

    def remove_at_end(self, directory: Path) -> None:
        """Have the guard delete `directory` once every child is gone."""
        self._note(f"remove {directory}")

    def close(self) -> None:
        """Stop what still runs, newest first, and let the guard finish."""
        while self._children:
            self.stop(self._children[-1])
        os.close(self._notes)
        self._guard.wait()

    def _note(self, line: str) -> None:
        os.write(self._notes, f"{line}\n".encode())


def child_setup(death_signal: int, user_namespace: bool) -> Callable[[], None] | None:
    """What a child does between fork and exec: enter its user namespace, then bind its life to ours.

    The order matters: the kernel forgets PDEATHSIG when the credentials change.
    """
    if not LINUX:
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()
    maps = namespace_maps() if user_namespace else ()

    def setup() -> None:
        if maps and libc.unshare(CLONE_NEWUSER):
            os._exit(REFUSED_NAMESPACE)
        for name, text in maps:
            Path("/proc/self", name).write_text(text)
        libc.prctl(PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:
            os._exit(ORPHANED)

    return setup


def namespace_maps() -> tuple[tuple[str, str], ...]:
    """The files which make root look like nobody, while the files on disk stay root's."""
    nobody = pwd.getpwnam("nobody")
    return (
        ("uid_map", f"{nobody.pw_uid} {os.geteuid()} 1"),
        ("setgroups", "deny"),
        ("gid_map", f"{nobody.pw_gid} {os.getegid()} 1"),
    )


def user_namespace_works() -> bool:
    """Whether root may start a child as nobody in a user namespace (containers often refuse)."""
    setup = child_setup(signal.SIGKILL, user_namespace=True)
    try:
        return subprocess.run(["true"], preexec_fn=setup, check=False).returncode == 0
    except (OSError, KeyError, subprocess.SubprocessError):
        return False
