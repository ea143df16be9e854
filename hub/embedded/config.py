"""What the environment says about `run`."""

import ipaddress
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from hub.embedded.errors import LauncherError

CHECKOUT = Path(__file__).resolve().parents[2]
SERVERS = ("daphne", "uvicorn")
LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True)
class Config:
    """The settings of one run, checked."""

    data: Path
    host: str
    port: int
    demo_chargers: int
    server: str
    spare_password: str
    database_url: str
    redis_url: str

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """The settings in `environment`. Raises LauncherError naming the wrong variable."""
        server = environment.get("HUB_SERVER") or SERVERS[0]
        if server not in SERVERS:
            raise LauncherError(f"HUB_SERVER is {server!r}; it is one of: {', '.join(SERVERS)}.")
        # Not resolved: a link stays a link, and the data directory may not exist yet.
        data = Path(environment.get("HUB_DATA") or CHECKOUT / ".hub").expanduser().absolute()
        return cls(
            data=data,
            host=environment.get("HUB_HOST") or "127.0.0.1",
            port=whole_number(environment, "HUB_PORT", 8000, 1, 65535),
            demo_chargers=whole_number(environment, "HUB_DEMO_CHARGERS", 12, 0, 10_000),
            server=server,
            spare_password=environment.get("HUB_SPARE_PASSWORD") or "",
            database_url=environment.get("DATABASE_URL") or "",
            redis_url=environment.get("REDIS_URL") or "",
        )

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the portal, which is what the demo's passwords need."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def wildcard(self) -> bool:
        """Whether the portal listens on all addresses."""
        return self.host in {"0.0.0.0", "::"}  # noqa: S104 - a comparison, nothing binds here

    @property
    def local_host(self) -> str:
        """The host by which this machine reaches the portal."""
        if self.wildcard:
            return "::1" if self.host == "::" else "127.0.0.1"
        return self.host

    @property
    def public_host(self) -> str:
        """The host to print, as it stands in a URL."""
        host = outward_address() if self.wildcard else self.host
        return f"[{host}]" if ":" in host else host

    @property
    def allowed_hosts(self) -> str:
        """The names under which the portal answers, for HUB_ALLOWED_HOSTS."""
        names = [*LOCAL_NAMES] if self.loopback else [*LOCAL_NAMES, self.public_host, socket.gethostname()]
        return ",".join(dict.fromkeys(names))

    def check_port(self) -> None:
        """Raise LauncherError when the portal cannot listen on its address."""
        try:
            family, kind, _, _, address = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)[0]
            with socket.socket(family, kind) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
                probe.listen()
        except socket.gaierror as error:
            raise LauncherError(f"HUB_HOST is {self.host!r}, which is no address of this machine.") from error
        except OSError as error:
            raise LauncherError(
                f"Port {self.port} on {self.host} cannot be used: {os.strerror(error.errno or 0)}. "
                "Choose another one with HUB_PORT, for example: make run HUB_PORT=8001"
            ) from error


def whole_number(environment: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    """The number in a variable. Raises LauncherError when it is none or out of range."""
    text = environment.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        raise LauncherError(f"{name} is {text!r}; it must be a whole number from {low} to {high}.")
    return int(text)


def outward_address() -> str:
    """The address by which other machines most likely reach this one. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return socket.gethostname()
        return str(probe.getsockname()[0])
