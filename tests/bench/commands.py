"""Remote commands: from the click (the service is called) to the frame on the charger's socket."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from queue import Empty

from django.db import connection
from django.test import override_settings

from chargepoints.choices import CommandStatus
from chargepoints.models import ChargePoint, Command
from chargepoints.services.commands import command_create
from tests.bench.chargers import PASSWORD, Chargers, chargers
from tests.bench.errors import BenchError
from tests.bench.fleet import Fleet, fleet
from tests.bench.scene import SERVERS, Scene
from tests.bench.table import Cell, median, percentile, show
from tests.stage import eventually

CLICKERS = 8
PATIENCE_SECONDS = 30.0
# Dispatched where the command is stored, or by a worker that is told by a task.
ROADS = ("direct", "Celery")
STEPS = ("service returns", "dispatched", "claimed")


def measure(scene: Scene) -> None:
    """By both roads, one at a time, then many at once, beside a real Celery worker."""
    count = scene.size(200, 200, 1000)
    rows: list[list[Cell]] = []
    for name in SERVERS:
        for road in ROADS:
            with override_settings(COMMANDS_DIRECT=road == "direct"):
                rows.append([name, road, count, *_run(scene, name, count)])
    head = ("", "road", "chargers", *STEPS, "p50 ms", "p99 ms", "at once", "p50 ms", "p99 ms", "answered")
    show("Commands: click to frame on the charger's socket", head, rows)


def _run(scene: Scene, name: str, count: int) -> list[Cell]:
    samples, burst = scene.size(50, 200, 200), scene.size(100, 100, 500)
    some = chargers(count)
    with scene.web(name) as server, scene.worker(), fleet() as load:
        load.connect(server.port, some.identities, PASSWORD)
        alone, steps = _one_by_one(load, some, samples)
        together = _at_once(load, some, burst)
        answered = _until_answered(some, samples + burst)
    return [*steps, *_times(alone), len(together), *_times(together), answered]


def _click(charge_point: ChargePoint) -> tuple[str, int]:
    begin = time.monotonic_ns()
    made = command_create(
        charge_point=charge_point, kind="trigger", parameters={"message": "Heartbeat", "connector": None}, author=None
    )
    return str(made.pk), begin


def _one_by_one(load: Fleet, some: Chargers, samples: int) -> tuple[list[float], list[float]]:
    """Click to frame of each, and the median of the steps on the way, in ms."""
    chance = random.Random(1)
    found: list[float] = []
    steps: list[tuple[float, ...]] = []
    for number in range(samples):
        clicked = time.time()
        pk, begin = _click(chance.choice(some.rows))
        returned = (time.monotonic_ns() - begin) / 1e6
        found += _arrivals(load, {pk: begin})
        _until_answered(some, number + 1)
        made = Command.objects.get(pk=pk)
        times = [(at.timestamp() - clicked) * 1000 for at in (made.dispatched_at, made.sent_at) if at]
        steps.append((returned, *times))
    return found, [median(step) for step in zip(*steps, strict=True)]


def _at_once(load: Fleet, some: Chargers, burst: int) -> list[float]:
    with ThreadPoolExecutor(CLICKERS, initializer=connection.ensure_connection) as pool:
        clicks = dict(pool.map(_click, some.rows[:burst]))
        found = _arrivals(load, clicks)
        list(pool.map(lambda _: connection.close(), range(CLICKERS)))
    return found


def _arrivals(load: Fleet, clicks: dict[str, int]) -> list[float]:
    """Milliseconds from each click to its frame. Raises BenchError for one that does not come."""
    found: list[float] = []
    while clicks:
        try:
            told = load.calls.get(timeout=PATIENCE_SECONDS)
        except Empty:
            raise BenchError(f"{len(clicks)} commands were lost") from None
        begin = clicks.pop(told["call"], None)
        if begin is None:
            raise BenchError(f"command {told['call']} came twice")
        found.append((told["ns"] - begin) / 1e6)
    return found


def _until_answered(some: Chargers, wanted: int) -> int:
    accepted = Command.objects.filter(charge_point__in=some.rows, status=CommandStatus.ACCEPTED)
    eventually(lambda: accepted.count() == wanted, seconds=PATIENCE_SECONDS, what=f"{wanted} accepted commands")
    return wanted


def _times(milliseconds: list[float]) -> tuple[float, float]:
    return percentile(milliseconds, 0.5), percentile(milliseconds, 0.99)
