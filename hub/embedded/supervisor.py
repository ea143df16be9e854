"""Keeps the processes of a run alive and stops them in order."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hub.embedded.asked import Asked
from hub.embedded.errors import LauncherError
from hub.embedded.spawn import Child, Family
from hub.embedded.waiting import StartInterrupted, tail

EARLY_SECONDS = 5.0
STEADY_SECONDS = 60.0
LONGEST_BACKOFF_SECONDS = 30.0


@dataclass
class Service:
    """One process of the run and how to start it again."""

    name: str
    start: Callable[[], Child]
    log: Path
    child: Child | None = None
    started_at: float = 0.0
    due_at: float = 0.0
    starts: int = 0
    failures: int = 0

    def launch(self) -> None:
        """Start the process now."""
        self.starts += 1
        self.started_at = time.monotonic()
        self.child = self.start()


class Supervisor:
    """The services in the order of their start; they stop in the opposite order."""

    def __init__(self, family: Family, asked: Asked) -> None:
        self.family = family
        self.asked = asked
        self.services: list[Service] = []

    def add(self, name: str, start: Callable[[], Child], log: Path) -> Service:
        """Start a service and look after it from now on."""
        service = Service(name, start, log)
        self.services.append(service)
        service.launch()
        return service

    def watch(self) -> None:
        """Start again what ends, until somebody asks to stop.

        Raises LauncherError with the end of the log when a process fails right after its first start.
        """
        while not self.asked():
            self.check()
            time.sleep(0.1)

    def check(self) -> None:
        """Look at every service once."""
        for service in self.services:
            if service.child is not None and service.child.poll() is not None:
                self._ended(service, service.child)
            elif service.child is None and time.monotonic() >= service.due_at:
                self._again(service)

    def stop(self) -> None:
        """Stop everything, the newest first, so that the database is the last."""
        for service in reversed(self.services):
            if service.child is not None:
                self.family.stop(service.child, hurry=self.asked.again)

    def _ended(self, service: Service, child: Child) -> None:
        age, code = time.monotonic() - service.started_at, child.poll() or 0
        self.family.stop(child)
        service.child = None
        if service.starts == 1 and age < EARLY_SECONDS and code >= 0:
            raise LauncherError(f"{tail(service.log)}\n{service.name} ended with code {code} at once.")
        service.failures = 1 if age > STEADY_SECONDS else service.failures + 1
        wait = self._back_off(service)
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        say(f"{service.name} {how}; it starts again in {wait:.1f} s (log: {service.log}).")

    def _again(self, service: Service) -> None:
        try:
            service.launch()
        except LauncherError as error:
            service.failures += 1
            say(f"{error}\n{service.name} starts again in {self._back_off(service):.1f} s.")
        except StartInterrupted:
            return
        else:
            say(f"{service.name} runs again.")

    def _back_off(self, service: Service) -> float:
        wait = min(0.25 * 2.0**service.failures, LONGEST_BACKOFF_SECONDS)
        service.due_at = time.monotonic() + wait
        return wait


def say(text: str) -> None:
    """Print a line at once, whatever standard output is."""
    print(text, flush=True)
