"""Parts of the house are killed under load, one after the other, and started again.

What must hold: every acknowledged message is stored, every charge that was acknowledged exists once, everybody is
connected again without help, and what is stored follows from the frames.
"""

import json
import os
import signal
import time
from collections.abc import Callable
from functools import partial
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.db import connection

from chargepoints.models import Charge, Connection, LogLine
from hub.embedded.spawn import Child
from tests.bench.chargers import PASSWORD, Chargers, chargers
from tests.bench.errors import BenchError
from tests.bench.fleet import Fleet, fleet
from tests.bench.scene import Scene
from tests.bench.table import Cell, show
from tests.stage import Server, Worker, eventually

HEAD = (
    *("phase", "away s", "messages", "sent", "acknowledged", "no answer", "errors", "stored", "handshakes refused"),
    "all live again s",
)
CALM_SECONDS = 5.0
REBUILT = 20  # chargers


def measure(scene: Scene) -> None:
    """Kill, wait, start, wait until all live; then count. Raises BenchError when anything acknowledged is missing."""
    some = chargers(100 if scene.quick else 500)
    with scene.web("daphne") as server, scene.worker() as worker, fleet("tests.bench.restless") as load:
        told: list[dict[str, Any]] = []
        begun = load.ask("connect", port=server.port, identities=some.identities, password=PASSWORD)
        told.append(_phase(load, "connect", 0.0, begun))
        _calm(load, told)
        parts: dict[str, Callable[[], None]] = {
            "PostgreSQL": partial(_database, scene),
            "Valkey": partial(_cache, scene),
            "gateway": partial(_process, server, scene.away),
            "worker": partial(_process, worker, scene.away),
        }
        for name, away in parts.items():
            away()
            told.append(_phase(load, name, scene.away, load.ask("live", patience=60)))
            _calm(load, told)
        eventually(lambda: _connected(some) == len(some.rows), seconds=30, what="all are shown as connected")
        file = scene.servers.home / "told.json"
        load.ask("finish", file=str(file))
        _judge(scene, some, told, json.loads(file.read_text()))


def _phase(load: Fleet, name: str, away: float, live: dict[str, Any]) -> dict[str, Any]:
    counts = load.ask("phase")["counts"]
    print(f"  {name}: {counts}, all live again after {live['seconds']}", flush=True)
    return {"name": name, "away": away, "live": live["seconds"], "silent": live.get("silent"), **counts}


def _calm(load: Fleet, told: list[dict[str, Any]]) -> None:
    time.sleep(CALM_SECONDS)
    told.append(_phase(load, "calm", 0.0, load.ask("live")))


def _database(scene: Scene) -> None:
    connection.close()  # ours would be broken
    scene.servers.postgres = _again(scene, scene.servers.postgres, _postgres(scene))


def _postgres(scene: Scene) -> Callable[[], Child]:
    def start() -> Child:
        scene.servers.database.prepare()
        return scene.servers.database.start()

    return start


def _cache(scene: Scene) -> None:
    scene.servers.valkey = _again(scene, scene.servers.valkey, scene.servers.cache.start)


def _again(scene: Scene, child: Child, start: Callable[[], Child]) -> Child:
    os.kill(child.pid, signal.SIGKILL)
    scene.servers.family.stop(child)
    time.sleep(scene.away)
    return start()


def _process(process: Server | Worker, seconds: float) -> None:
    process.kill()
    time.sleep(seconds)
    process.start()


def _connected(some: Chargers) -> int:
    return Connection.objects.filter(charge_point__in=[row.pk for row in some.rows], is_connected=True).count()


def _judge(scene: Scene, some: Chargers, told: list[dict[str, Any]], said: dict[str, Any]) -> None:
    stored = _stored(some)
    messages = [
        (phase, acknowledged, (identity, message_id) in stored)
        for identity, (each, _) in said.items()
        for message_id, (phase, acknowledged) in each.items()
    ]
    rows: list[list[Cell]] = []
    for number, phase in enumerate(told):
        of_phase = [message for message in messages if message[0] == number]
        counts: list[Cell] = [phase.get(name, 0) for name in ("sent", "acknowledged", "unanswered", "errors")]
        held = sum(is_stored for _, _, is_stored in of_phase)
        rows.append(
            [phase["name"], phase["away"], len(of_phase), *counts, held, phase.get("refused", 0), phase["live"]]
        )
    show(f"Chaos: {len(some.rows)} chargers, each part killed for {scene.away:g} s", HEAD, rows)
    lost = sum(acknowledged and not is_stored for _, acknowledged, is_stored in messages)
    acknowledged = sum(message[1] for message in messages)
    answered = [tx for _, transactions in said.values() for tx in transactions]
    charges = list(
        Charge.objects.filter(
            charge_point__in=[row.pk for row in some.rows], start_fingerprint__isnull=False
        ).values_list("transaction_id", flat=True)
    )
    print(f"  acknowledged {acknowledged:,}, of these not stored: {lost}")
    print(f"  starts answered {len(answered):,}, charges stored {len(charges):,}")
    print(f"  rebuild of {REBUILT} chargers: {_rebuilt(some)}")
    if lost:
        raise BenchError(f"{lost} acknowledged messages are not stored")
    if sorted(charges) != sorted(map(str, answered)):
        raise BenchError("the charges stored are not those that were acknowledged")
    if any(phase["live"] is None for phase in told):
        raise BenchError(f"not all came back: {[phase['silent'] for phase in told if phase['silent']]}")


def _stored(some: Chargers) -> set[tuple[str, str]]:
    names = {row.pk: str(row.identity) for row in some.rows}
    found = LogLine.objects.filter(charge_point__in=names, direction="in").values_list("charge_point", "message_id")
    return {(names[pk], message_id) for pk, message_id in found}


def _rebuilt(some: Chargers) -> str:
    out = StringIO()
    for identity in some.identities[:REBUILT]:
        try:
            call_command("rebuild", "--charge-point", identity, stdout=out)
        except SystemExit:
            raise BenchError(out.getvalue()[-2000:]) from None
    return "equal"
