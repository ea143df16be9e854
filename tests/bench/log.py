"""The log: from the charger's frame to the row in every browser, and reading the newest lines of a long one."""

import asyncio
import time
from contextlib import closing

from django.db import connection

from chargepoints.models import LogLine
from chargepoints.selectors.log_lines import cursor_newest, lines_until
from tests.bench.chargers import PASSWORD, Chargers, chargers
from tests.bench.fleet import Fleet, fleet
from tests.bench.scene import SERVERS, Scene
from tests.bench.table import Cell, percentile, show
from tests.bench.viewers import audience
from tests.portal.live_tools import session_cookie

NEWEST = 200
PAUSE_SECONDS = 0.13

# One line a minute of each charger, up to now.
_FILL = """
INSERT INTO chargepoints_logline (charge_point_id, seq, at, direction, category, is_error, action, fact, text,
    message_id, request, answer, latency_us, transaction_id)
SELECT p.id, (extract(epoch FROM n.at) * 1000000)::bigint, n.at, 'in', 'state', false, 'Heartbeat', '', '',
    n.number::text, '[2,"' || n.number || '","Heartbeat",{}]', '[3,"' || n.number || '",{}]', 900, ''
FROM unnest(%s::bigint[]) AS p (id),
LATERAL (SELECT number, now() - number * interval '1 minute' AS at FROM generate_series(1, %s) AS g (number)) AS n
"""


def measure(scene: Scene) -> None:
    """Live first, then the long log."""
    viewers, lines = scene.size(50, 200, 200), scene.size(10, 30, 100)
    rows: list[list[Cell]] = []
    for name in SERVERS:
        some = chargers(1)
        with scene.web(name) as server, scene.worker(), fleet() as load:
            load.connect(server.port, some.identities, PASSWORD)
            taken = asyncio.run(_live(server.port, some, session_cookie(some.person), load, viewers, lines))
        rows.append([name, viewers, lines, percentile(taken, 0.5), percentile(taken, 0.99)])
    show("Log: charger's frame to the row in the browser, ms", ("", "viewers", "lines", "p50", "p99"), rows)
    _long(scene)


async def _live(port: int, some: Chargers, cookie: str, load: Fleet, viewers: int, lines: int) -> list[float]:
    pk = some.rows[0].pk
    sent: list[float] = []
    async with audience(port, pk, cookie, viewers) as found:
        await asyncio.sleep(1)  # every viewer has read for the second time
        before = await asyncio.to_thread(_newest, pk)
        for _ in range(lines):
            sent.append(time.monotonic())
            await asyncio.to_thread(load.load, 1)
            await asyncio.sleep(PAUSE_SECONDS)
        await found.until_rows(lines, viewers, 30)
        rows = [found.seen[seq] for seq in sorted(found.seen) if seq > before]
    return [(at - begin) * 1000 for begin, times in zip(sent, rows, strict=True) for at in times]


def _newest(pk: int) -> int:
    with closing(connection):
        return cursor_newest(pk)


def _long(scene: Scene) -> None:
    """The newest lines of each of 100 chargers, in a table of many million rows."""
    some, each = chargers(100), scene.size(2_000, 20_000, 500_000)
    pks = [row.pk for row in some.rows]
    with connection.cursor() as cursor:
        cursor.execute(_FILL, [pks, each])
        cursor.execute("VACUUM ANALYZE chargepoints_logline")
    newest = time.time_ns() // 1000
    taken: list[float] = []
    for pk in pks:
        begin = time.perf_counter()
        found = lines_until(pk, newest, NEWEST)
        taken.append((time.perf_counter() - begin) * 1000)
        assert len(found) == NEWEST, f"{len(found)} lines"
    head = ("", "rows", "p50", "p95")
    rows: list[list[Cell]] = [["read", LogLine.objects.count(), percentile(taken, 0.5), percentile(taken, 0.95)]]
    show(f"Log: the newest {NEWEST} lines of one charger, ms", head, rows)
