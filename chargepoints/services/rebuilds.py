"""Deriving the charges and the status history of a charger once more, beside what is stored, and comparing both.

Temporary tables carry the names of the stored ones and hide them for the rest of the transaction, so the very
services that took the messages take them again. Whoever calls this ends the transaction; the tables go with it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from django.db import connection
from psycopg.rows import TupleRow

from chargepoints import sql
from chargepoints.reports import StoredCall
from chargepoints.services.lost_stops import CHECKED, LOST_STOP

# What follows from the frames. Not: rows of ours, such as the key's or the command's, and the power of the moment.
# A charge that was stopped by force ended by our own act and is not compared.
_CHARGE = (
    *("state", "id_tag", "verdict", "started_at", "start_received_at", "ended_at", "stop_received_at"),
    *("meter_start_wh", "meter_stop_wh", "energy_wh", "soc", "metered_at", "stop_reason", "needs_review"),
    *("start_fingerprint", "stop_fingerprint"),
)
_CHANGE = (
    *("received_at", "connector_number", "status", "raw_status", "error_code", "vendor_error_code", "info"),
    "reported_at",
)
_BEYOND_ALL_IDS = 2**60

# Charges that began before the first frame are known from the start, and are not compared.
_SCRATCH = """
CREATE TEMP TABLE chargepoints_charge (
    LIKE {real}.chargepoints_charge INCLUDING INDEXES INCLUDING IDENTITY INCLUDING DEFAULTS) ON COMMIT DROP;
ALTER TABLE pg_temp.chargepoints_charge ALTER COLUMN id RESTART WITH {ids};
INSERT INTO pg_temp.chargepoints_charge SELECT * FROM {real}.chargepoints_charge
    WHERE charge_point_id = {pk} AND COALESCE(start_received_at, stop_received_at, started_at) < {since};
CREATE TEMP TABLE chargepoints_connector (
    LIKE {real}.chargepoints_connector INCLUDING INDEXES INCLUDING IDENTITY INCLUDING DEFAULTS) ON COMMIT DROP;
ALTER TABLE pg_temp.chargepoints_connector ALTER COLUMN id RESTART WITH {ids};
INSERT INTO pg_temp.chargepoints_connector SELECT * FROM {real}.chargepoints_connector WHERE charge_point_id = {pk};
UPDATE pg_temp.chargepoints_connector k SET power_w = NULL, register_wh = NULL, metered_at = NULL,
    (status, raw_status, error_code, vendor_error_code, info, status_at, status_since) = (
    SELECT COALESCE(max(s.status), 'Unknown'), COALESCE(max(s.raw_status), ''), COALESCE(max(s.error_code), ''),
        COALESCE(max(s.vendor_error_code), ''), COALESCE(max(s.info), ''), max(s.at), max(s.received_at)
    FROM (SELECT *, CASE WHEN reported_at > received_at - interval '7 days' THEN LEAST(reported_at, received_at)
              ELSE received_at END AS at FROM {real}.chargepoints_statuschange s WHERE s.charge_point_id = {pk}
          AND s.connector_number = k.number AND s.received_at < {since}
          ORDER BY s.received_at DESC, s.id DESC LIMIT 1) s);
CREATE TEMP TABLE chargepoints_chargepoint ON COMMIT DROP AS SELECT * FROM {real}.chargepoints_chargepoint
    WHERE id = {pk};
UPDATE pg_temp.chargepoints_chargepoint p SET (box_status, box_error_code) = (
    SELECT COALESCE(max(s.status), ''), COALESCE(max(s.error_code), '')
    FROM (SELECT * FROM {real}.chargepoints_statuschange s WHERE s.charge_point_id = {pk}
          AND s.connector_number = 0 AND s.received_at < {since} ORDER BY s.received_at DESC, s.id DESC LIMIT 1) s);
CREATE TEMP TABLE chargepoints_connection ON COMMIT DROP AS SELECT * FROM {real}.chargepoints_connection
    WHERE charge_point_id = {pk};
CREATE TEMP TABLE chargepoints_command ON COMMIT DROP AS SELECT * FROM {real}.chargepoints_command WITH NO DATA;
CREATE TEMP TABLE chargepoints_statuschange ON COMMIT DROP AS
    SELECT * FROM {real}.chargepoints_statuschange WITH NO DATA;
CREATE TEMP TABLE chargepoints_metersample ON COMMIT DROP AS
    SELECT * FROM {real}.chargepoints_metersample WITH NO DATA;
CREATE INDEX ON pg_temp.chargepoints_metersample (charge_id, at);
CREATE INDEX ON pg_temp.chargepoints_metersample (charge_point_id, at);
CREATE TEMP TABLE chargepoints_logline ON COMMIT DROP AS SELECT * FROM {real}.chargepoints_logline WITH NO DATA;
CREATE INDEX ON pg_temp.chargepoints_logline (charge_point_id, seq);
"""

_CALLS = """
SELECT seq, at, action, CASE WHEN direction = 'in' THEN request ELSE transaction_id END, answer,
    COALESCE(generation, 0) FROM {real}.chargepoints_logline
WHERE charge_point_id = %s AND seq >= %s AND at >= %s
    AND (direction = 'in' AND action = ANY(%s) OR direction = '' AND action = %s AND text LIKE %s) ORDER BY seq
"""

_PASSED = """
INSERT INTO pg_temp.chargepoints_logline (charge_point_id, seq, direction, action, generation, transaction_id)
SELECT charge_point_id, seq, direction, action, generation, transaction_id FROM {real}.chargepoints_logline
WHERE charge_point_id = %s AND seq > %s AND seq < %s
"""


_CHARGES = """
SELECT transaction_id, (SELECT k.number FROM {schema}.chargepoints_connector k WHERE k.id = g.connector_id), {columns}
FROM {schema}.chargepoints_charge g
WHERE charge_point_id = %s AND COALESCE(start_received_at, stop_received_at, started_at) >= %s
    AND NOT EXISTS (SELECT FROM {real}.chargepoints_charge f WHERE f.charge_point_id = g.charge_point_id
        AND f.transaction_id = g.transaction_id AND f.forced_at IS NOT NULL)
"""

_CHANGES = """
SELECT {columns} FROM {schema}.chargepoints_statuschange WHERE charge_point_id = %s AND received_at >= %s
"""

_CORRECT = """
UPDATE {real}.chargepoints_charge g SET ({columns}) = ROW({derived}), power_w = d.power_w
FROM pg_temp.chargepoints_charge d
WHERE g.charge_point_id = %s AND g.transaction_id = ANY(%s::text[]) AND d.transaction_id = g.transaction_id
"""

# A connector that only the frames know is made with the number they give it.
_CONNECTORS = """
INSERT INTO {real}.chargepoints_connector (charge_point_id, number, type, max_power_w, status, raw_status, error_code,
    vendor_error_code, info, status_at, status_since, power_w, register_wh, metered_at)
SELECT charge_point_id, number, type, max_power_w, status, raw_status, error_code, vendor_error_code, info, status_at,
    status_since, NULL, register_wh, metered_at FROM pg_temp.chargepoints_connector
ON CONFLICT (charge_point_id, number) DO NOTHING
"""

_INSERT = """
INSERT INTO {real}.chargepoints_charge (charge_point_id, transaction_id, power_w, connector_id, {columns})
SELECT g.charge_point_id, g.transaction_id, g.power_w, (
    SELECT r.id FROM {real}.chargepoints_connector r JOIN pg_temp.chargepoints_connector k
        ON k.charge_point_id = r.charge_point_id AND k.number = r.number
    WHERE k.id = g.connector_id), {columns}
FROM pg_temp.chargepoints_charge g WHERE g.charge_point_id = %s AND g.transaction_id = ANY(%s::text[])
"""

_REPLACE_CHANGES = """
DELETE FROM {real}.chargepoints_statuschange WHERE charge_point_id = %s AND received_at >= %s
"""
_INSERT_CHANGES = """
INSERT INTO {real}.chargepoints_statuschange (charge_point_id, {columns})
SELECT charge_point_id, {columns} FROM pg_temp.chargepoints_statuschange WHERE received_at >= %s
ORDER BY received_at
"""

_Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """How many rows the frames give, and in words what is stored otherwise."""

    charges: int
    changes: int
    differences: list[str]


class Scratch:
    """The temporary tables for one charge point whose log begins at `first`. Make it inside a transaction."""

    def __init__(self, charge_point_id: int, first: datetime) -> None:
        self.charge_point_id, self.first = charge_point_id, first
        self._since = first
        self._real: str = sql.rows("SELECT quote_ident(current_schema())")[0][0]
        self._passed = 0
        self._wrong: list[str] = []
        self._missing: list[str] = []
        self._changes_differ = False
        names = {"real": self._real, "pk": int(charge_point_id), "ids": _BEYOND_ALL_IDS}
        with connection.cursor() as cursor:
            for statement in _SCRATCH.format(since=f"'{first.isoformat(' ')}'::timestamptz", **names).split(";\n"):
                cursor.execute(statement)

    def calls(self, actions: Sequence[str]) -> Iterator[StoredCall]:
        """The charger's stored calls of these actions, and the charges that checks have closed, in the log's order."""
        raw: psycopg.Connection[TupleRow] = connection.connection
        with psycopg.ServerCursor(raw, "stored_calls") as cursor:
            # A sequence is given later than a call is received, but may lag by as many µs as its batch has lines.
            begin = int(self.first.timestamp() * 1_000_000) - 1_000_000
            statement = _CALLS.format(real=self._real)
            ours = (LOST_STOP, f"%{CHECKED}")
            cursor.execute(statement.encode(), [self.charge_point_id, begin, self.first, list(actions), *ours])
            for row in cursor:
                yield StoredCall(*row)

    def passed(self, seq: int) -> None:
        """The log shall be as it was before the line `seq`: what is derived sees no more of it."""
        sql.execute(_PASSED.format(real=self._real), self.charge_point_id, self._passed, seq)
        self._passed = seq - 1

    def compare(self, since: datetime) -> Compared:
        """What is stored against what was derived, as far as it was received since then."""
        self._since = max(since, self.first)
        stored, derived = self._charges(self._real), self._charges("pg_temp")
        told: list[str] = []
        for tx in sorted(stored.keys() | derived.keys()):
            if tx not in stored:
                self._missing.append(tx)
                told.append(f"charge {tx} is missing")
            elif tx not in derived:
                told.append(f"charge {tx} is not in the frames")
            elif differing := _differing(stored[tx], derived[tx]):
                self._wrong.append(tx)
                told += [f"charge {tx}: {difference}" for difference in differing]
        were, are = self._changes(self._real), self._changes("pg_temp")
        self._changes_differ = were != are
        told += [f"status change is missing: {_words(row)}" for row in sorted((are - were).elements(), key=repr)]
        told += [
            f"status change is not in the frames: {_words(row)}" for row in sorted((were - are).elements(), key=repr)
        ]
        return Compared(len(derived), are.total(), told)

    def apply(self) -> None:
        """Store what was derived, after `compare`. A charge that is not in the frames is left as it is."""
        # What is put right is no news (the triggers of migration 0017).
        sql.rows("SELECT set_config('hub.untold', 'on', true)")
        words = {
            "real": self._real,
            "columns": ", ".join(_CHARGE),
            "derived": ", ".join(f"d.{name}" for name in _CHARGE),
        }
        sql.execute(_CORRECT.format(**words), self.charge_point_id, self._wrong)
        if self._missing:
            sql.execute(_CONNECTORS.format(**words))
            sql.execute(_INSERT.format(**words), self.charge_point_id, self._missing)
        if self._changes_differ:
            sql.execute(_REPLACE_CHANGES.format(**words), self.charge_point_id, self._since)
            sql.execute(_INSERT_CHANGES.format(real=self._real, columns=", ".join(_CHANGE)), self._since)

    def _charges(self, schema: str) -> dict[str, _Row]:
        statement = _CHARGES.format(real=self._real, schema=schema, columns=", ".join(_CHARGE))
        return {row[0]: row[1:] for row in sql.rows(statement, self.charge_point_id, self._since)}

    def _changes(self, schema: str) -> Counter[_Row]:
        statement = _CHANGES.format(schema=schema, columns=", ".join(_CHANGE))
        return Counter(sql.rows(statement, self.charge_point_id, self._since))


def _differing(stored: _Row, derived: _Row) -> list[str]:
    names = ("connector", *_CHARGE)
    return [
        f"{name} is {_word(was)}, the frames say {_word(now)}"
        for name, was, now in zip(names, stored, derived, strict=True)
        if was != now
    ]


def _words(row: _Row) -> str:
    return f"{_word(row[0])} connector {row[1]} {row[2]}{f' {row[4]}' if row[4] else ''}"


def _word(value: object) -> str:
    if value is None or value == "":
        return "empty"
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
