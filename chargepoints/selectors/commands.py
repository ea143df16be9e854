"""The commands of a charge point, and of everything that a person may see; never by OFFSET."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.utils import timezone

from chargepoints.actions import ACTIONS
from chargepoints.choices import KEPT_COMMAND_STATUSES, OPEN_COMMAND_STATUSES, CommandStatus, Effect
from chargepoints.models import ChargePoint, Command, Site
from chargepoints.permissions import Person, sites_for

TODAY_SHOWN = 20
PAGE, BATCH = 50, 500
# So many charge points stand in the query itself, which the planner can judge; more are asked for by a subquery.
FEW = 500
NEWEST = ("-created_at", "-id")
# The longest that a command is planned ahead, kept and on its way, and some more.
_OLDEST_OPEN = timedelta(days=45)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_KEPT_ONCE = Q(not_before__isnull=False) | Q(keep_until__isnull=False)
# What can be asked of how commands ended, in one word each, and what that means.
OUTCOMES: dict[str, tuple[str, Q]] = {
    "kept": ("Kept for later", Q(status__in=KEPT_COMMAND_STATUSES)),
    "open": ("On its way", Q(status__in=OPEN_COMMAND_STATUSES)),
    "awaited": ("Effect awaited", Q(effect=Effect.AWAITED)),
    "seen": ("Effect seen", Q(effect=Effect.SEEN)),
    "missing": ("Accepted, no effect", Q(status=CommandStatus.ACCEPTED, effect=Effect.MISSING)),
    **{
        str(status): (label, Q(status=status))
        for status, label in (
            (CommandStatus.ACCEPTED, "Accepted"),
            (CommandStatus.REJECTED, "Rejected"),
            (CommandStatus.FAILED, "Failed"),
            (CommandStatus.EXPIRED, "No answer or not sent"),
            (CommandStatus.CANCELLED, "Taken back"),
        )
    },
}


@dataclass(frozen=True, slots=True)
class CommandMark:
    """A place in a list of commands: right after this one."""

    at: datetime
    pk: UUID

    @classmethod
    def read(cls, text: str) -> "CommandMark | None":
        """From an address; None when it is none."""
        micros, _, pk = text.partition("-")
        if not (text.isascii() and micros.isdigit() and len(micros) < 18 and len(pk) == 32):
            return None
        try:
            return cls(_EPOCH + int(micros) * _MICROSECOND, UUID(hex=pk))
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // _MICROSECOND}-{self.pk.hex}"


@dataclass(frozen=True, slots=True)
class CommandFilters:
    """What of the list is asked for; an empty value asks for nothing."""

    words: tuple[str, ...] = ()
    site: int | None = None
    charge_point: int | None = None
    kind: str = ""
    outcome: str = ""
    status: str = ""
    effect: str = ""
    author: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def __bool__(self) -> bool:
        return self != CommandFilters()

    def told(self) -> dict[str, object]:
        """The filters that are set."""
        return {name: value for name, value in dataclasses.asdict(self).items() if value not in ((), "", None)}


def day_start(charge_point: ChargePoint, now: datetime) -> datetime:
    """Midnight at the site."""
    local = now.astimezone(ZoneInfo(charge_point.site.time_zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def commands_today(charge_point: ChargePoint, now: datetime | None = None) -> tuple[list[Command], int]:
    """The newest commands since midnight at the site, without those that are kept, and how many: two queries."""
    since = day_start(charge_point, now or timezone.now())
    todays = Q(created_at__gte=since) | Q(_KEPT_ONCE, sent_at__gte=since)
    found = Command.objects.filter(todays, charge_point=charge_point, parent=None)
    found = found.exclude(status__in=KEPT_COMMAND_STATUSES)
    return list(found.select_related("author").order_by("-created_at")[:TODAY_SHOWN]), found.count()


def commands_kept(charge_point: ChargePoint) -> list[Command]:
    """What is kept for it, in the order in which it will go: one query."""
    found = Command.objects.filter(charge_point=charge_point, status__in=KEPT_COMMAND_STATUSES)
    rows = list(found.select_related("author"))
    return sorted(rows, key=lambda command: (command.not_before or command.created_at, command.created_at))


def commands_running(charge_point: ChargePoint) -> dict[str, Command]:
    """By kind, the newest command that is on its way or whose effect is awaited: one query."""
    running = Command.objects.filter(
        Q(status__in=OPEN_COMMAND_STATUSES) | Q(effect=Effect.AWAITED),
        charge_point=charge_point,
        parent=None,
        created_at__gte=timezone.now() - _OLDEST_OPEN,
    )
    return {command.kind: command for command in running.order_by("created_at")}


def command_sites(person: Person) -> list[Site]:
    """The sites whose commands a person may see, archived ones too."""
    mine = Q(pk__in=sites_for(person)) | Q(pk__in=sites_for(person, archived=True))
    return list(Site.objects.filter(mine).order_by("name"))


def commands_find(person: Person, filters: CommandFilters) -> QuerySet[Command]:
    """The commands that the person may see and asked for, in no order."""
    # The steps of a check stand on its page.
    rows = Command.objects.filter(charge_point__in=_points(person, filters), parent=None)
    for word in filters.words:
        kinds = [kind for kind, action in ACTIONS.items() if word.lower() in action.label.lower()]
        rows = rows.filter(
            Q(charge_point__name__icontains=word)
            | Q(charge_point__identity__icontains=word)
            | Q(author_name__icontains=word)
            | Q(reason__icontains=word)
            | Q(kind__in=kinds)
        )
    if filters.outcome in OUTCOMES:
        rows = rows.filter(OUTCOMES[filters.outcome][1])
    exact = {
        "kind": filters.kind,
        "status": filters.status,
        "effect": filters.effect,
        "author_name__icontains": filters.author,
        "created_at__gte": filters.since,
        "created_at__lt": filters.until,
    }
    return rows.filter(**{name: value for name, value in exact.items() if value not in ("", None)})


def _points(person: Person, filters: CommandFilters) -> list[int] | QuerySet[ChargePoint]:
    mine = Q(site__in=sites_for(person)) | Q(site__in=sites_for(person, archived=True))
    points = ChargePoint.objects.filter(mine)
    if filters.site is not None:
        points = points.filter(site=filters.site)
    if filters.charge_point is not None:
        points = points.filter(pk=filters.charge_point)
    found: list[int] = list(points.order_by().values_list("pk", flat=True)[: FEW + 1])
    return found if len(found) <= FEW else points.order_by()


def commands_page(
    rows: QuerySet[Command], after: CommandMark | None, size: int = PAGE
) -> tuple[list[Command], CommandMark | None]:
    """`size` commands after the mark, newest first, with charger and site, and the mark of the next page. One query."""
    if after is not None:
        rows = rows.filter(created_at__lte=after.at).exclude(created_at=after.at, id__gte=after.pk)
    found = list(rows.select_related("charge_point__site__team", "author", "api_key").order_by(*NEWEST)[: size + 1])
    last = found[size - 1] if len(found) > size else None
    return found[:size], CommandMark(last.created_at, last.pk) if last else None


def commands_batches(rows: QuerySet[Command]) -> Iterator[list[Command]]:
    """All of them in batches by mark: constant memory here and in the database."""
    after: CommandMark | None = None
    while True:
        found, following = commands_page(rows, after, BATCH)
        if found:
            yield found
        if following is None:
            return
        after = following
