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
    """The SQL for Django's `flush`: without triggers, which guard the audit log and the ledger against all deleting.

    All tables are locked first, as TRUNCATE does: what a server is still writing is deleted as well, not left over.
    """
    names = [self.quote_name(table) for table in sorted(tables) if table not in KEPT]
    deletions = "; ".join(f"DELETE FROM {name}" for name in names)
    return [
        f"SET LOCAL session_replication_role = replica; LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE; {deletions}"
    ]
