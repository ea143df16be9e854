"""The command lines of the portal's own processes."""

import http.client
import os
import sys
from contextlib import suppress
from pathlib import Path

from hub.embedded.config import Config

APPLICATION = "hub.asgi:application"
A_LIFETIME_SECONDS = 1_000_000_000


def web(config: Config) -> list[str]:
    """The web server, which is the OCPP gateway too.

    Like `hub.server`, uvicorn pings and never closes for a missing pong: some chargers do not answer pings,
    and silence is judged by the gateway. The backlog is for a fleet that reconnects at once.
    """
    address = ["--host", config.host, "--port", str(config.port)]
    if config.server == "daphne":
        return [sys.executable, "-m", "hub.server", *address]
    return [
        *(sys.executable, "-m", "uvicorn", APPLICATION, *address),
        *("--ws", "hub.sansio:HubProtocol", "--loop", "uvloop", "--http", "hub.http11:HubHttp", "--backlog", "4096"),
        *("--ws-ping-interval", "30", "--ws-ping-timeout", str(A_LIFETIME_SECONDS)),
        *("--ws-max-size", os.environ.get("HUB_OCPP_MAX_MESSAGE_BYTES", "1048576")),
        *("--no-access-log", "--no-server-header", "--timeout-graceful-shutdown", "2"),
    ]


def worker(data: Path) -> list[str]:
    """The Celery worker, with its clock in the same process."""
    return [
        *(sys.executable, "-m", "celery", "-A", "hub", "worker", "--beat", "-P", "threads", "-c", "8"),
        *(
            "-Q",
            "urgent,live,default,webhooks",
            "--without-gossip",
            "--without-mingle",
            "-s",
            str(data / "beat-schedule"),
            "-l",
            "WARNING",
        ),
    ]


def simulators(config: Config, fleet: Path) -> list[str]:
    """The simulated chargers, which speak to the gateway like any other."""
    host = f"[{config.local_host}]" if ":" in config.local_host else config.local_host
    return [
        *(sys.executable, "-m", "hub.simulator", "--url", f"ws://{host}:{config.port}/ocpp"),
        *("--fleet", str(fleet), "--count", str(config.demo_chargers)),
        # What a charger owes when it is switched off in the middle of a charge, it sends at the next start.
        *("--state", str(config.data / "simulator.json")),
    ]


def healthy(config: Config) -> bool:
    """Whether the portal answers 200 on /healthz."""
    with suppress(OSError, http.client.HTTPException):
        connection = http.client.HTTPConnection(config.local_host, config.port, timeout=5)
        try:
            connection.request("GET", "/healthz", headers={"Host": "localhost"})
            return connection.getresponse().status == 200
        finally:
            connection.close()
    return False
