"""Plain psycopg cursors on Django's connection, for the statements that the ORM has no words for.

They bind on the server and take part in Django's transaction. Django's own cursor binds on the client and cannot COPY.
"""

from typing import Any

import psycopg
from django.db import connection
from psycopg.rows import TupleRow


def cursor() -> psycopg.Cursor[TupleRow]:
    """A server-binding cursor inside the current transaction."""
    connection.ensure_connection()
    raw: psycopg.Connection[TupleRow] = connection.connection
    return psycopg.Cursor(raw)


def rows(statement: str, *parameters: Any) -> list[TupleRow]:
    """Run one statement and fetch what it returns."""
    with cursor() as cur:
        return cur.execute(statement.encode(), parameters).fetchall()


def execute(statement: str, *parameters: Any) -> int:
    """Run one statement; how many rows it touched."""
    with cursor() as cur:
        return cur.execute(statement.encode(), parameters).rowcount
