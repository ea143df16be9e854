"""What is on its way through Hub, and how long it has been: for the page *Health*."""

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from chargepoints import sql
from chargepoints.models import GatewayProcess

_WAITING = """
SELECT
    (SELECT count(*) FROM chargepoints_command WHERE status IN ('queued', 'dispatched')),
    (SELECT min(created_at) FROM chargepoints_command WHERE status IN ('queued', 'dispatched')),
    (SELECT count(*) FROM chargepoints_command WHERE status = 'sent'),
    (SELECT min(sent_at) FROM chargepoints_command WHERE status = 'sent'),
    (SELECT count(*) FROM chargepoints_command WHERE effect = 'awaited'),
    (SELECT count(*) FROM chargepoints_command WHERE status IN ('scheduled', 'waiting')),
    (SELECT count(*) FROM chargepoints_charge WHERE bill_due),
    (SELECT count(*) FROM chargepoints_webhookdelivery WHERE state = 'waiting'),
    (SELECT min(created_at) FROM chargepoints_webhookdelivery WHERE state = 'waiting'),
    (SELECT count(*) FROM chargepoints_commandbatch WHERE state IN ('scheduled', 'running')),
    (SELECT count(*) FROM chargepoints_connection WHERE is_connected),
    pg_database_size(current_database()),
    (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()),
    current_setting('max_connections')::int,
    clock_timestamp()
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Counts, and the moments of the oldest; `now` is the database's clock. Sizes in bytes."""

    commands: int
    oldest_command: datetime | None
    unanswered: int
    oldest_unanswered: datetime | None
    effects: int
    kept: int
    bills: int
    deliveries: int
    oldest_delivery: datetime | None
    batches: int
    connected: int
    database_bytes: int
    sessions: int
    sessions_most: int
    now: datetime


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk of the files of chargers: bytes free and in all; None where it cannot be asked."""

    free: int
    total: int


def waiting_read() -> Waiting:
    """Everything that waits, in one statement over partial indexes."""
    return Waiting(*sql.rows(_WAITING)[0])


def gateways_read() -> list[GatewayProcess]:
    """The gateway processes that have not been declared dead, the oldest first."""
    return list(GatewayProcess.objects.order_by("started_at"))


def disk_read() -> Disk | None:
    """The disk on which HUB_FILES_DIR is, or will be."""
    place = Path(settings.FILES_DIR)
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        usage = shutil.disk_usage(place)
    except OSError:
        return None
    return Disk(usage.free, usage.total)
