"""Sequences and storage of log lines.

A sequence is given under the lock of the charger's connection row, which is kept until the commit: so sequences
become visible in their order, and a reader that asks for `seq > cursor` can never miss a row.
"""

import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from chargepoints import sql
from chargepoints.reports import NewLine
from chargepoints.services.changes import changed

_ALLOCATE = """
WITH wanted AS (
    SELECT * FROM unnest(%s::bigint[], %s::int[], %s::timestamptz[]) AS w (id, lines, seen_at)
), locked AS MATERIALIZED (
    SELECT c.charge_point_id AS id, c.last_seq, w.lines, w.seen_at
    FROM chargepoints_connection c JOIN wanted w ON w.id = c.charge_point_id
    ORDER BY c.charge_point_id FOR UPDATE OF c
)
UPDATE chargepoints_connection c
SET last_seq = GREATEST(locked.last_seq, %s - locked.lines) + locked.lines,
    last_seen_at = GREATEST(c.last_seen_at, locked.seen_at)
FROM locked WHERE c.charge_point_id = locked.id
RETURNING c.charge_point_id, c.last_seq - locked.lines
"""

_COPY = """
COPY chargepoints_logline (charge_point_id, seq, at, is_error, latency_us, connector_number, command_id,
    generation, direction, category, action, fact, text, message_id, request, answer, transaction_id) FROM STDIN
"""


def sequences_allocate(*, lines: dict[int, int], seen: dict[int, datetime] | None = None) -> dict[int, int]:
    """Lock the charge points in `lines` and reserve that many sequences each.

    Returns the sequence *before* the first reserved one. `seen` moves `last_seen_at` forward. Must run inside a
    transaction, before anything else is written for these charge points: it is what orders concurrent writers.
    """
    seen = seen or {}
    now = time.time_ns() // 1000
    ids = sorted(lines)
    found = sql.rows(_ALLOCATE, ids, [lines[pk] for pk in ids], [seen.get(pk) for pk in ids], now)
    return {row[0]: row[1] for row in found}


def log_lines_store(*, lines: Sequence[NewLine], reserved: dict[int, int]) -> None:
    """COPY `lines` in their order; `reserved` comes from `sequences_allocate` for exactly these lines."""
    at = dict(reserved)
    rows: list[str] = []
    for line in lines:
        seq = at.get(line.charge_point_id)
        if seq is None:  # the charge point was deleted while its message was on the way
            continue
        at[line.charge_point_id] = seq = seq + 1
        rows.append(_row(line, seq))
    if rows:
        sql.copy(_COPY, rows)
    changed(reserved, "log")


def log_lines_append(*, lines: Sequence[NewLine]) -> None:
    """Append lines outside the gateway's committer (own decisions, beat). Opens no transaction of its own."""
    if lines:
        reserved = sequences_allocate(lines=Counter(line.charge_point_id for line in lines))
        log_lines_store(lines=lines, reserved=reserved)


def _row(line: NewLine, seq: int) -> str:
    facts = (line.latency_us, line.connector_number, line.command_id, line.generation)
    told = "\t".join([sql.NULL if fact is None else str(fact) for fact in facts])
    texts = sql.columns(
        line.direction,
        line.category,
        line.action[:64],
        line.fact[:300],
        line.text[:1024],
        line.message_id[:255],
        line.request,
        line.answer,
        line.transaction_id[:64],
    )
    is_error = "t" if line.is_error else "f"
    return f"{line.charge_point_id}\t{seq}\t{line.at}\t{is_error}\t{told}\t{texts}"
