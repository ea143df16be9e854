"""CPU per message: our gateway on both servers, and a peer that stores nothing."""

from dataclasses import dataclass
from typing import Any

from tests.bench.chargers import PASSWORD, chargers
from tests.bench.errors import BenchError
from tests.bench.fleet import fleet
from tests.bench.scene import SERVERS, Cpu, Scene, pid_of
from tests.bench.table import Cell, median, show

WARM_UP = 4000  # messages
HEAD = (
    "",
    "sockets",
    "messages",
    "gateway CPU",
    "PostgreSQL CPU",
    "together",
    "msg/s/core",
    "msg/s",
    "p50 ms",
    "p99 ms",
)


@dataclass(frozen=True, slots=True)
class Result:
    """One run; CPU in seconds per 10,000 messages."""

    messages: int
    cpu: Cpu
    load: dict[str, Any]


def measure(scene: Scene) -> None:
    """Interleave the variants, and print the median of each."""
    for sockets in (200,) if scene.quick else (200, 2000):
        each = scene.size(10_000, 20_000, 40_000) // sockets
        found: dict[str, list[Result]] = {name: [] for name in (*SERVERS, "ocpp + websockets")}
        for _ in range(scene.size(1, 3, 5)):
            for name in SERVERS:
                found[name].append(run(scene, name, sockets, each))
            found["ocpp + websockets"].append(_peer(scene, sockets, each // 2))
        rows = [_row(name, sockets, results) for name, results in found.items()]
        show("Gateway: CPU seconds per 10,000 messages (the peer stores nothing)", HEAD, rows)


def run(scene: Scene, name: str, sockets: int, each: int) -> Result:
    """One run of our gateway. Raises BenchError when an answer or a log line is missing."""
    some = chargers(sockets)
    with scene.web(name) as server, fleet() as load:
        load.connect(server.port, some.identities, PASSWORD)
        load.load(WARM_UP // sockets)
        before = scene.cpu(pid_of(server))
        told = load.load(each)
        used = scene.cpu(pid_of(server)).since(before, sockets * each)
        expected = sockets * (each + WARM_UP // sockets + 2)  # with Connect and the first BootNotification
        if some.lines() != expected:
            raise BenchError(f"{some.lines()} log lines instead of {expected}")
    return Result(sockets * each, used, told)


def _peer(scene: Scene, sockets: int, each: int) -> Result:
    names = [f"P{number}" for number in range(sockets)]
    with scene.peer() as (pid, port), fleet() as load:
        load.connect(port, names, PASSWORD)
        load.load(WARM_UP // sockets)
        before = scene.cpu(pid)
        told = load.load(each)
        used = scene.cpu(pid).since(before, sockets * each)
    return Result(sockets * each, Cpu(used.process, 0.0), told)


def _row(name: str, sockets: int, results: list[Result]) -> list[Cell]:
    process = median([result.cpu.process for result in results])
    postgres = median([result.cpu.postgres for result in results])
    return [
        name,
        sockets,
        results[0].messages,
        process,
        postgres,
        process + postgres,
        int(10_000 / process) if process else None,
        int(median([result.messages / result.load["seconds"] for result in results])),
        median([result.load["p50"] for result in results]),
        median([result.load["p99"] for result in results]),
    ]
