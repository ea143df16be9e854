"""What the kernel says about processes and the machine (Linux: /proc)."""

import os
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PACKAGES = ("Django", "daphne", "uvicorn", "uvloop", "websockets", "psycopg", "celery", "redis", "ocpp")


@dataclass(frozen=True, slots=True)
class _Stat:
    parent: int
    ticks: int
    ticks_of_the_dead: int


def _stat(pid: int) -> _Stat | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return None
    return _Stat(int(fields[1]), int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14]))


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, its living children and those it has waited for."""
    stats = {int(entry.name): _stat(int(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
    ticks = 0
    for process, stat in stats.items():
        if stat is not None and (process == pid or stat.parent == pid):
            ticks += stat.ticks + stat.ticks_of_the_dead
    return ticks / TICKS


def resident_kib(pid: int) -> int:
    """Resident memory in KiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise LookupError(f"process {pid} has no memory")


def machine() -> list[str]:
    """Processor, versions and load, for the head of the report."""
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    model = models[0].partition(": ")[2] if models else platform.machine()
    return [
        f"{os.cpu_count()} cores, {model}, load {os.getloadavg()[0]:.1f}, {platform.system()} {platform.release()}",
        f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in PACKAGES),
    ]
