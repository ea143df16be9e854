"""What can happen to the database of the servers."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psycopg
from django.db import connection

from chargepoints.models import ChargePoint
from tests.stage import environment, eventually


class Database:
    """What can happen to the database of the servers. The test itself stays connected."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self._spared = int(cursor.fetchone()[0])
        self._url = environment({})["DATABASE_URL"]

    def cut(self) -> int:
        """End the connections of everybody else; how many."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid NOT IN (pg_backend_pid(), %s)",
                [self._spared],
            )
            return int(cursor.fetchone()[0])

    @contextmanager
    def held(self, charge_point: ChargePoint) -> Iterator[None]:
        """Nobody else can write for this charger: the database neither answers nor refuses."""
        with psycopg.connect(self._url) as outside:
            statement = "SELECT FROM chargepoints_connection WHERE charge_point_id = %s FOR UPDATE"
            outside.execute(statement, [charge_point.pk])
            yield

    def waits(self) -> int:
        """How many connections wait for a lock."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            return int(cursor.fetchone()[0])

    def lock_both(self, first: ChargePoint, second: ChargePoint, begun: Callable[[], None]) -> None:
        """Take one charger, say so, and then, once somebody waits for it, another. Either side may be broken up."""
        statement = "SELECT FROM chargepoints_connection WHERE charge_point_id = %s FOR UPDATE"
        with psycopg.connect(self._url) as outside, suppress(psycopg.errors.DeadlockDetected):
            outside.execute(statement, [first.pk])
            begun()
            eventually(lambda: _waits_for(outside), what="somebody waits")
            outside.execute(statement, [second.pk])

    def gone(self) -> None:
        """PostgreSQL as good as gone: nobody is connected and nobody can connect."""
        connection.ensure_connection()  # this thread's own, while it can be made
        self._allow("false")
        self.cut()

    def back(self) -> None:
        """It can be used again."""
        self._allow("true")

    @staticmethod
    def _allow(word: str) -> None:
        name = connection.ops.quote_name(str(connection.settings_dict["NAME"]))
        # From outside: nobody can lock the door of the room they are in.
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as outside:
            outside.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {word}".encode())


def _waits_for(outside: psycopg.Connection) -> bool:
    found = outside.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))"
    ).fetchone()
    return bool(found and found[0])
