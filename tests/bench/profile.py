"""Where the gateway's time goes: the functions of the event loop and of the committer thread."""

import pstats
import signal
import sys
from pathlib import Path

from hub.embedded import processes
from hub.embedded.config import Config
from hub.embedded.waiting import until
from tests.bench.chargers import PASSWORD, chargers
from tests.bench.fleet import fleet
from tests.bench.scene import SERVERS, Scene
from tests.bench.table import Cell, show
from tests.stage import free_port, spawn

SHOWN = 25


def measure(scene: Scene) -> None:
    """Profile each server under the usual load. cProfile makes everything slower: take the shares."""
    for name in SERVERS:
        path = scene.log("profile")
        _run(scene, name, path)
        for thread in ("loop", "journal"):
            _print(f"{name}, {thread}", f"{path}.{thread}")


def _run(scene: Scene, name: str, path: Path) -> None:
    port, log = free_port(), scene.log(name)
    config = Config.read({"HUB_PORT": str(port), "HUB_SERVER": name, "HUB_DATA": str(scene.servers.home)})
    arguments = processes.web(config)[2:]  # without the interpreter and -m
    argv: list[str | Path] = [sys.executable, "-m", "tests.bench.profiled", path, *arguments]
    some = chargers(200)
    child = spawn(scene.servers.family, name, argv, log, {})
    try:
        until(lambda: processes.healthy(config), child, log)
        with fleet() as load:
            load.connect(port, some.identities, PASSWORD)
            load.load(50)
        child.process.send_signal(signal.SIGINT)  # SIGTERM would end uvicorn before it can save anything
        child.process.wait(20)
    finally:
        scene.servers.family.stop(child)


def _print(title: str, path: str) -> None:
    # pstats keeps (calls, without recursion, own seconds, seconds with callees) by (file, line, name).
    found: dict[tuple[str, int, str], tuple[int, int, float, float]] = vars(pstats.Stats(path))["stats"]
    total = sum(own for _, _, own, *_ in found.values())
    rows: list[list[Cell]] = []
    for (file, line, name), (_, calls, own, whole, *_) in sorted(found.items(), key=lambda pair: -pair[1][2])[:SHOWN]:
        rows.append([f"{Path(file).name}:{line} {name}", calls, 100 * own / total, 100 * whole / total])
    show(f"Profile: {title}, {total:.2f} CPU s", ("", "calls", "own %", "with callees %"), rows)
