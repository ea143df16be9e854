"""Plain psycopg cursors on Django's connection, for the statements that the ORM has no words for.

They bind on the server and take part in Django's transaction. Django's own cursor binds on the client and cannot COPY.
Nothing is prepared but where `keep_plans` was called.
"""

import threading
import time
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

import psycopg
from django.db import connection
from psycopg.rows import TupleRow

_QUOTE, _BACKSLASH = '"', "\\"
_ESCAPES = str.maketrans({_QUOTE: '\\"', _BACKSLASH: "\\\\"})

# Plans of small batches on big tables are always the same: by index, row by row. Which index is seen from the tables'
# sizes, so that a plan for an empty table is not good for long.
_PLANS_GOOD_SECONDS = 5.0
_PLANS = b"""
SELECT set_config(name, value, false) FROM (VALUES ('plan_cache_mode', 'force_generic_plan'), ('jit', 'off'),
    ('enable_seqscan', 'off'), ('enable_hashjoin', 'off'), ('enable_mergejoin', 'off')) AS v (name, value)
"""
_ONLY_WHEN_ASKED = 2**31

NULL = "\\N"
_COPIED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\x00": "\ufffd"})


def cursor() -> psycopg.Cursor[TupleRow]:
    """A server-binding cursor inside the current transaction."""
    connection.ensure_connection()
    raw: psycopg.Connection[TupleRow] = connection.connection
    return psycopg.Cursor(raw)


class _Plans(threading.local):
    connection: object = None
    good_until = 0.0


_plans = _Plans()


def keep_plans() -> None:
    """Let this thread's connection keep the plans of `rows` and `execute`; call it before each transaction begins.

    For a connection that runs the same statements over and over: planning costs more than a small batch itself. Not
    for one that makes temporary tables: a plan that is kept does not see that they hide others.
    """
    connection.ensure_connection()
    if connection.in_atomic_block:
        return
    raw: psycopg.Connection[TupleRow] = connection.connection
    now = time.monotonic()
    if _plans.connection is not raw:
        psycopg.Cursor(raw).execute(_PLANS)
        raw.prepare_threshold = _ONLY_WHEN_ASKED
        _plans.connection = raw
    elif now >= _plans.good_until:
        psycopg.Cursor(raw).execute(b"DISCARD PLANS")
    else:
        return
    _plans.good_until = now + _PLANS_GOOD_SECONDS


def rows(statement: str, *parameters: Any) -> list[TupleRow]:
    """Run one statement and fetch what it returns. Lists become arrays, whose type the statement must tell."""
    return _run(statement, parameters).fetchall()


def execute(statement: str, *parameters: Any) -> int:
    """Run one statement, with parameters as in `rows`; how many rows it touched."""
    return _run(statement, parameters).rowcount


def copy(statement: str, lines: Sequence[str]) -> None:
    """COPY these lines, of COPY's text format and without their ends: columns are divided by tabs, `NULL` is none."""
    with cursor() as cur, cur.copy(_encoded(statement)) as out:
        out.write("\n".join(lines) + "\n")


def columns(*texts: str) -> str:
    """Texts as columns of a line for `copy`. PostgreSQL's text refuses NUL: it is replaced."""
    told = "\t".join(texts)
    odd = "\\" in told or "\n" in told or "\r" in told or "\x00" in told or told.count("\t") >= len(texts)
    return "\t".join([text.translate(_COPIED) for text in texts]) if odd else told


def _run(statement: str, parameters: Sequence[Any]) -> psycopg.Cursor[TupleRow]:
    # Not prepared unless the connection keeps plans: psycopg then overrules `prepare`.
    return cursor().execute(_encoded(statement), [_bound(value) for value in parameters], prepare=True)


@cache
def _encoded(statement: str) -> bytes:
    return statement.encode()


def _bound(parameter: Any) -> Any:
    return array(parameter) if type(parameter) is list else parameter


def array(values: Sequence[Any]) -> str:
    """A one-dimensional array as PostgreSQL reads it; many times faster than psycopg's general way."""
    kinds = {type(value) for value in values}
    if kinds == {int}:
        return "{" + ",".join(map(str, values)) + "}"
    if kinds == {datetime}:
        return '{"' + '","'.join(map(str, values)) + '"}'
    if kinds == {str}:
        told = '","'.join(values)
        if _BACKSLASH not in told and told.count(_QUOTE) == 2 * (len(values) - 1):
            return f'{{"{told}"}}'
    return "{" + ",".join(["NULL" if value is None else _element(str(value)) for value in values]) + "}"


def _element(text: str) -> str:
    return f'"{text.translate(_ESCAPES) if _QUOTE in text or _BACKSLASH in text else text}"'
