"""A whole fleet that connects at the same instant."""

from tests.bench.chargers import PASSWORD, chargers
from tests.bench.fleet import fleet
from tests.bench.scene import SERVERS, Scene, pid_of
from tests.bench.table import Cell, show


def measure(scene: Scene) -> None:
    """From the first SYN to the last accepted BootNotification."""
    count = scene.size(500, 1000, 5000)
    rows: list[list[Cell]] = []
    for name in SERVERS:
        some = chargers(count)
        with scene.web(name) as server, fleet() as load:
            before = scene.cpu(pid_of(server))
            told = load.connect(server.port, some.identities, PASSWORD, width=0)
            used = scene.cpu(pid_of(server))
        seconds, p50, p99 = told["seconds"], told["p50"], told["p99"]
        rows.append([name, told["connected"], seconds, p50, p99, used.process - before.process])
    head = ("", "chargers", "all booted s", "handshake p50 ms", "p99 ms", "gateway CPU s")
    show("Storm: all at the same instant", head, rows)
