"""The commands of a charge point."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils import timezone

from chargepoints.choices import OPEN_COMMAND_STATUSES, Effect
from chargepoints.models import ChargePoint, Command

TODAY_SHOWN = 20


def day_start(charge_point: ChargePoint, now: datetime) -> datetime:
    """Midnight at the site."""
    local = now.astimezone(ZoneInfo(charge_point.site.time_zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def commands_today(charge_point: ChargePoint, now: datetime | None = None) -> tuple[list[Command], int]:
    """The newest commands since midnight at the site, and how many there are: two queries."""
    since = day_start(charge_point, now or timezone.now())
    found = Command.objects.filter(charge_point=charge_point, created_at__gte=since, parent=None)
    found = found.select_related("author")
    return list(found.order_by("-created_at")[:TODAY_SHOWN]), found.count()


def commands_running(charge_point: ChargePoint) -> dict[str, Command]:
    """By kind, the newest command that is on its way or whose effect is awaited: one query."""
    recent = timezone.now() - timedelta(hours=1)
    running = Command.objects.filter(
        Q(status__in=OPEN_COMMAND_STATUSES) | Q(effect=Effect.AWAITED),
        charge_point=charge_point,
        parent=None,
        created_at__gte=recent,
    )
    return {command.kind: command for command in running.order_by("created_at")}
