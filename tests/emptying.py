"""Emptying the database between tests: as thorough as TRUNCATE, which makes new files for every table and index."""

from collections.abc import Sequence
from typing import Any

from django.db.backends.postgresql.operations import DatabaseOperations

# What `migrate` has filled, and no test changes.
KEPT = frozenset({"django_content_type", "auth_permission"})


def sql_flush(
    self: DatabaseOperations,
    style: Any,
    tables: Sequence[str],
    *,
    reset_sequences: bool = False,
    allow_cascade: bool = False,
) -> list[str]:
    """The SQL for Django's `flush`: foreign keys are looked at when all is deleted.

    All tables are locked first, as TRUNCATE does: what a server is still writing is deleted as well, not left over.
    Triggers that keep the audit log and the books from being changed are not asked.
    """
    names = [self.quote_name(table) for table in sorted(tables) if table not in KEPT]
    deletions = "; ".join(f"DELETE FROM {name}" for name in names)
    alone = "SET LOCAL session_replication_role = replica"
    return [f"{alone}; LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE; {deletions}"]
