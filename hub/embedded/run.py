"""`make run`: the whole portal on this machine."""

import os
import signal
import sys
from pathlib import Path

from hub.embedded import processes
from hub.embedded.asked import Asked
from hub.embedded.config import CHECKOUT, Config
from hub.embedded.data import DataDirectory
from hub.embedded.errors import LauncherError
from hub.embedded.place import Place, find_place
from hub.embedded.postgres import Postgres
from hub.embedded.spawn import Child, Family
from hub.embedded.supervisor import Supervisor, say
from hub.embedded.valkey import Valkey
from hub.embedded.waiting import StartInterrupted, until

SPARE = "SPARE-1"


def run() -> int:
    """Start everything, look after it until INT, TERM or HUP, stop everything. Returns the exit code."""
    os.umask(0o077)
    config = Config.read(os.environ)
    asked = Asked()
    try:
        data = DataDirectory(config.data, asked)
        config.check_port()
        with Family() as family:
            return Run(config, data, family, asked).go()
    except StartInterrupted:
        return 0


class Run:
    """One run: its servers, its processes and their environment."""

    def __init__(self, config: Config, data: DataDirectory, family: Family, asked: Asked) -> None:
        self.config = config
        self.data = data
        self.family = family
        self.asked = asked
        self.supervisor = Supervisor(family, asked)
        self.fleet = data.path / "fleet.json"
        self.settings = self._settings()
        self.place: Place | None = None

    def go(self) -> int:
        """Start, watch, stop. Raises LauncherError after stopping when something failed to start."""
        try:
            self._start()
            say(self._welcome())
            self.supervisor.watch()
        finally:
            if self.asked():
                say("\nStopping ...")
            self.supervisor.stop()
        return 0

    def _start(self) -> None:
        self._start_servers()
        self.data.write_environment(self.settings)
        self._prepare()
        web_log = self.data.log("web")
        web = self._add("web", processes.web(self.config), web_log)
        self._add("worker", processes.worker(self.data.path), self.data.log("worker"))
        until(lambda: processes.healthy(self.config), web, web_log, stopping=self.asked)
        if self.config.demo_chargers:
            argv = processes.simulators(self.config, self.fleet)
            self._add("simulators", argv, self.data.log("simulators"))

    def _start_servers(self) -> None:
        if not self.config.database_url:
            log = self.data.log("postgres")
            self.place = find_place(self.data.path / "postgres")
            postgres = Postgres(self.place, self.family, log, keep_fds=[self.data.lock])
            postgres.prepare(self.asked)
            self.supervisor.add(postgres.name, lambda: postgres.start(self.asked), log)
            self.settings["DATABASE_URL"] = postgres.url
        if not self.config.redis_url:
            log = self.data.log("valkey")
            valkey = Valkey(self.data.path / "valkey", self.family, log, keep_fds=[self.data.lock])
            self.supervisor.add(valkey.name, lambda: valkey.start(self.asked), log)
            self.settings["REDIS_URL"] = valkey.url

    def _settings(self) -> dict[str, str]:
        config = self.config
        return {
            "HUB_DATA": str(config.data),
            "HUB_PORT": str(config.port),
            "HUB_SECRET_KEY": self.data.secret("secret-key", os.environ.get("HUB_SECRET_KEY", "")),
            "HUB_SPARE_PASSWORD": self.data.secret("spare-password", config.spare_password, size=16),
            "HUB_ALLOWED_HOSTS": os.environ.get("HUB_ALLOWED_HOSTS") or config.allowed_hosts,
            "HUB_OCPP_URL": os.environ.get("HUB_OCPP_URL") or self._ocpp_url,
            "HUB_TLS": os.environ.get("HUB_TLS") or "off",
            "HUB_DEMO": "1",
            "HUB_DEMO_PASSWORD": self._demo_password,
            "HUB_DEMO_OTHER_PASSWORD": self._own_password,
            "DATABASE_URL": config.database_url,
            "REDIS_URL": config.redis_url,
        }

    @property
    def _demo_password(self) -> str:
        """The known one on loopback; one of this installation where others can reach the portal."""
        return "demo" if self.config.loopback else self._own_password

    @property
    def _own_password(self) -> str:
        return self.data.secret("demo-password", size=12)

    @property
    def _ocpp_url(self) -> str:
        return f"ws://{self.config.public_host}:{self.config.port}/ocpp"

    def _prepare(self) -> None:
        """Bring the database up to date and seed the demo, in one Python process for a quick start."""
        log = self.data.log("prepare")
        argv = [sys.executable, "manage.py", "prepare", "--fleet-file", str(self.fleet)]
        child = self._spawn("prepare", argv, log)
        until(lambda: child.poll() == 0, child, log, seconds=600, stopping=self.asked)
        self.family.stop(child)

    def _add(self, name: str, argv: list[str], log: Path) -> Child:
        child = self.supervisor.add(name, lambda: self._spawn(name, argv, log), log).child
        if child is None:
            raise LauncherError(f"{name} did not start.")
        return child

    def _spawn(self, name: str, argv: list[str], log: Path) -> Child:
        environment = {**os.environ, **self.settings, "PYTHONUNBUFFERED": "1"}
        # If we are killed the database ends at the same moment. Nothing is acknowledged before it is
        # committed, so our own processes may end at once instead of waiting for a database that is gone.
        return self.family.spawn(name, argv, death_signal=signal.SIGKILL, log=log, cwd=CHECKOUT, env=environment)

    def _welcome(self) -> str:
        config = self.config
        lines = [
            "",
            f"  Portal          http://{config.public_host}:{config.port}/",
            f"  OCPP            {self._ocpp_url}/<identity>   (1.6J)",
        ]
        password = self.settings["HUB_SPARE_PASSWORD"]
        lines += [
            f"  Users           alice, bob, charlie   (password: {self._demo_password})",
            f"  Your charger    {self._ocpp_url}/{SPARE}   (user: {SPARE}, password: {password})",
            f"  Simulated       {config.demo_chargers} chargers   (HUB_DEMO_CHARGERS)",
        ]
        if self.place is not None and not self.place.data.is_relative_to(self.data.path):
            lines.append(f"  Database        {self.place.data}   (where nobody can reach it, as root must not run it)")
        lines += [
            f"  Data and logs   {self.data.path}   {self.data.logs}",
            "  Ctrl-C stops everything.",
            "",
        ]
        return "\n".join(lines)
