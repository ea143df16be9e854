"""The data directory: one user at a time, its secrets and its logs."""

import fcntl
import os
import secrets
import shlex
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from hub.embedded.errors import LauncherError
from hub.embedded.waiting import StartInterrupted, never

LOG_LIMIT_BYTES = 5_000_000
SECONDS_FOR_A_DEAD_RUN = 20.0


class DataDirectory:
    """HUB_DATA, locked as long as this process or one of its database servers lives."""

    def __init__(self, path: Path, stopping: Callable[[], bool] = never) -> None:
        """Open `path` and make it if needed.

        Raises LauncherError when it cannot be used or another run uses it, StartInterrupted when `stopping`.
        """
        self.path = path
        self.logs = path / "log"
        try:
            if not path.exists():
                path.mkdir(parents=True)
                # Root's PostgreSQL may have to run as nobody, who must pass through; the rest is private.
                path.chmod(0o711 if os.geteuid() == 0 else 0o700)
            self.logs.mkdir(mode=0o700, exist_ok=True)
            (path / "static").mkdir(mode=0o700, exist_ok=True)  # WhiteNoise warns if it is missing
            self.lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise LauncherError(
                f"The data directory {path} cannot be used: {error.strerror}. Set HUB_DATA to another one."
            ) from error
        self._take_lock(stopping)

    def _take_lock(self, stopping: Callable[[], bool]) -> None:
        deadline = time.monotonic() + SECONDS_FOR_A_DEAD_RUN
        while True:
            try:
                fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                # The servers of a killed run keep the lock for the moment they need to end.
                if alive(self.supervisor()) or time.monotonic() > deadline:
                    raise LauncherError(
                        f"Another run uses the data in {self.path} (process {self.supervisor()}). "
                        "Stop it first, or set HUB_DATA and HUB_PORT to have a second one."
                    ) from None
            if stopping():
                raise StartInterrupted
            time.sleep(0.05)
        os.ftruncate(self.lock, 0)
        os.pwrite(self.lock, f"{os.getpid()}\n".encode(), 0)

    def supervisor(self) -> int:
        """The process id of the run which wrote the lock last, 0 if unknown."""
        text = os.pread(self.lock, 32, 0).strip()
        return int(text) if text.isdigit() else 0

    def secret(self, name: str, given: str = "", size: int = 50) -> str:
        """The secret `name`: as given now, or as stored, or new; stored for the next start."""
        path = self.path / name
        stored = path.read_text().strip() if path.exists() else ""
        value = given or stored or secrets.token_urlsafe(size)
        if value != stored:
            write_private(path, value + "\n")
        return value

    def log(self, name: str) -> Path:
        """The log file of a process; one that has grown too large is put aside first."""
        path = self.logs / f"{name}.log"
        if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return path

    def write_environment(self, environment: Mapping[str, str]) -> Path:
        """Store the settings of this run as a shell file, for `manage.py` in another terminal."""
        path = self.path / "env"
        write_private(path, "".join(f"export {key}={shlex.quote(environment[key])}\n" for key in environment))
        return path


def write_private(path: Path, text: str) -> None:
    """Write a file which only its owner may read, complete or not at all."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)


def alive(pid: int) -> bool:
    """Whether a process with this id exists."""
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
