"""Monthly partitions of the two tables that grow without end: log lines and meter samples."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection


@dataclass(frozen=True, slots=True)
class Partitioned:
    """A partitioned table; `by_seq` ones are cut in microseconds since the epoch, others in timestamps."""

    table: str
    by_seq: bool

    def bound(self, month: datetime) -> str:
        """The SQL literal of the first instant of `month`."""
        return str(int(month.timestamp()) * 1_000_000) if self.by_seq else f"'{month.isoformat()}'"


TABLES = (
    Partitioned("chargepoints_logline", by_seq=True),
    Partitioned("chargepoints_metersample", by_seq=False),
)


def month_after(month: datetime, count: int = 1) -> datetime:
    """The first instant of the month `count` months after `month`, UTC."""
    index = month.year * 12 + month.month - 1 + count
    return datetime(index // 12, index % 12 + 1, 1, tzinfo=UTC)


def statements(now: datetime, ahead: int = 3) -> list[str]:
    """The DDL for the partitions of this month and the next `ahead`; harmless where they exist."""
    first = datetime(now.year, now.month, 1, tzinfo=UTC)
    months = [month_after(first, count) for count in range(-1, ahead + 1)]
    return [
        f"CREATE TABLE IF NOT EXISTS {table.table}_{month:y%Ym%m} PARTITION OF {table.table} "
        f"FOR VALUES FROM ({table.bound(month)}) TO ({table.bound(month_after(month))})"
        for table in TABLES
        for month in months
    ]


def partitions_ensure(now: datetime) -> None:
    """Make sure that the coming months have their partitions. Runs in its own statements, takes brief locks."""
    with connection.cursor() as cursor:
        for statement in statements(now):
            cursor.execute(statement)
