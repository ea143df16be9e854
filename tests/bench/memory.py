"""Memory of an idle charger in the gateway process."""

from tests.bench.chargers import PASSWORD, chargers
from tests.bench.fleet import fleet
from tests.bench.machine import resident_kib
from tests.bench.scene import SERVERS, Scene, pid_of
from tests.bench.table import Cell, show


def measure(scene: Scene) -> None:
    """Connect a few to warm up, then many; what is more is theirs."""
    count = scene.size(500, 500, 2000)
    rows: list[list[Cell]] = []
    for name in SERVERS:
        some = chargers(count + 100)
        with scene.web(name) as server, fleet() as load:
            before_any = resident_kib(pid_of(server))
            load.connect(server.port, some.identities[:100], PASSWORD)
            before = resident_kib(pid_of(server))
            load.connect(server.port, some.identities[100:], PASSWORD)
            after = resident_kib(pid_of(server))
        rows.append([name, count, before_any / 1024, (after - before) / count])
    show("Memory of an idle charger", ("", "sockets", "process MiB", "KiB a charger"), rows)
