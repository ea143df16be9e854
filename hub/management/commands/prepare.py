"""`manage.py prepare`: bring the database up to date, in one quick process."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from chargepoints.partitions import partitions_ensure
from hub.management.commands.seed_demo import refuse_unless_private

LOCK = 0x4875_6221


class Command(BaseCommand):
    """Migrate when something is to be migrated, make the coming partitions, seed the demo where it is on."""

    help = "Migrates the database if needed, makes the coming partitions and, with HUB_DEMO=1, the demo."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """The options of the command."""
        parser.add_argument("--fleet-file", type=Path, help="Where to write the simulated chargers (JSON).")

    def handle(self, *args: object, fleet_file: Path | None = None, **options: object) -> None:
        """Prepare. Raises CommandError where the demo would be reachable by others."""
        if settings.DEMO:
            refuse_unless_private()
        with alone():
            if migrations_pending():
                call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
            partitions_ensure(datetime.now(UTC))
            if settings.DEMO:
                call_command("seed_demo", fleet_file=fleet_file)


@contextmanager
def alone() -> Iterator[None]:
    """Hold the database's lock for preparing, so that two starts at once do it one after the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def migrations_pending() -> bool:
    """Whether the database lacks a migration of the code."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
