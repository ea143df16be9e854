"""Plain psycopg cursors on Django's connection, for the statements that the ORM has no words for.

They bind on the server and take part in Django's transaction. Django's own cursor binds on the client and cannot COPY.
Nothing is prepared: with prepared statements the database's CPU per batch grew as the tables did.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import psycopg
from django.db import connection
from psycopg.rows import TupleRow

_QUOTE, _BACKSLASH = '"', "\\"
_ESCAPES = str.maketrans({_QUOTE: '\\"', _BACKSLASH: "\\\\"})


def cursor() -> psycopg.Cursor[TupleRow]:
    """A server-binding cursor inside the current transaction."""
    connection.ensure_connection()
    raw: psycopg.Connection[TupleRow] = connection.connection
    return psycopg.Cursor(raw)


def rows(statement: str, *parameters: Any) -> list[TupleRow]:
    """Run one statement and fetch what it returns. Lists become arrays, whose type the statement must tell."""
    with cursor() as cur:
        return cur.execute(statement.encode(), [_bound(value) for value in parameters]).fetchall()


def execute(statement: str, *parameters: Any) -> int:
    """Run one statement, with parameters as in `rows`; how many rows it touched."""
    with cursor() as cur:
        return cur.execute(statement.encode(), [_bound(value) for value in parameters]).rowcount


def _bound(parameter: Any) -> Any:
    return array(parameter) if type(parameter) is list else parameter


def array(values: Iterable[Any]) -> str:
    """A one-dimensional array as PostgreSQL reads it; several times faster than psycopg's general way."""
    return "{" + ",".join([str(value) if type(value) is int else _element(value) for value in values]) + "}"


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    text = value.isoformat(" ") if isinstance(value, datetime) else str(value)
    return f'"{text.translate(_ESCAPES) if _QUOTE in text or _BACKSLASH in text else text}"'
