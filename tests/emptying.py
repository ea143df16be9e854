"""Emptying the database between tests: as thorough as TRUNCATE, which makes new files for every table and index."""

from collections.abc import Sequence
from typing import Any

from django.db.backends.postgresql.operations import DatabaseOperations

# What `migrate` has filled, and no test changes.
KEPT = frozenset({"django_content_type", "auth_permission"})

# All or none of the locks: a server that is writing holds some of its own and wants others, and would be met half way.
_LOCK = """
DO $$ BEGIN
    FOR turn IN 1..1000 LOOP
        BEGIN LOCK TABLE {} IN ACCESS EXCLUSIVE MODE NOWAIT; RETURN;
        EXCEPTION WHEN lock_not_available THEN PERFORM pg_sleep(0.01); END;
    END LOOP;
    RAISE 'Somebody has been writing for ten seconds.';
END $$
"""


def nothing_to_make(*_: object, **__: object) -> None:
    """What Django does after a flush instead of making again what is in KEPT."""


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
    # Foreign keys are triggers as well: all that refers to something is deleted with it.
    alone = f"SET LOCAL session_replication_role = replica; {_LOCK.format(', '.join(names))}"
    return [f"{alone}; {deletions}"]
