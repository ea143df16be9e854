"""Lists for programs: by key, never by OFFSET, so that what comes and goes meanwhile moves no page."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet

from chargepoints.choices import Integration
from chargepoints.models import ChargePoint, Connection, ConnectionAttempt, Site, StatusChange
from chargepoints.permissions import Person, attempts_for, charge_points_for, sites_for, unknown_attempts_for
from chargepoints.selectors.overview import Filters, overview_find, overview_rows

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a list that is in order of time, newest first."""

    at: datetime
    pk: int

    @classmethod
    def read(cls, text: str) -> "Mark":
        """The mark that `str` wrote. Raises ValueError."""
        micros, _, pk = text.partition("-")
        return cls(EPOCH + int(micros) * _MICROSECOND, int(pk))

    def __str__(self) -> str:
        return f"{(self.at - EPOCH) // _MICROSECOND}-{self.pk}"

    def older(self, field: str) -> Q:
        """What comes after this mark in a list by `field`."""
        return Q(**{f"{field}__lt": self.at}) | Q(**{field: self.at}, pk__lt=self.pk)


@dataclass(frozen=True, slots=True)
class PointFilters:
    """Which charge points are wanted; empty is all of them."""

    shared: Filters = field(default_factory=Filters)
    integration: str | None = None
    state: str | None = None
    updated_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class SiteCounts:
    """The charge points of a site, and those that are connected."""

    charge_points: int = 0
    connected: int = 0


def sites_page(person: Person, after: int, limit: int) -> tuple[list[Site], bool]:
    """Sites in order of their id, and whether there are more."""
    found = sites_for(person).filter(pk__gt=after).select_related("team__organisation").order_by("pk")
    return _cut(found, limit)


def site_counts(person: Person, sites: list[Site]) -> dict[int, SiteCounts]:
    """What is on each of these sites: one query."""
    mine = charge_points_for(person).filter(site__in=[site.pk for site in sites]).order_by()
    rows = mine.values("site").annotate(
        total=Count("pk"), connected=Count("pk", filter=Q(integration=Integration.CONNECTED))
    )
    return {row["site"]: SiteCounts(row["total"], row["connected"]) for row in rows}


def charge_points_page(person: Person, wanted: PointFilters, after: int, limit: int) -> tuple[list[ChargePoint], bool]:
    """Charge points with all that their rows show, in order of their id, and whether there are more: three queries."""
    found = overview_find(person, wanted.shared)
    if wanted.integration is not None:
        found = found.filter(integration=wanted.integration)
    if wanted.state is not None:
        found = found.filter(state=wanted.state)
    if wanted.updated_since is not None:
        seq = (wanted.updated_since - EPOCH) // _MICROSECOND
        found = found.filter(Q(created_at__gte=wanted.updated_since) | Q(connection__last_seq__gte=seq))
    return _cut(overview_rows(found).filter(pk__gt=after).order_by("pk"), limit)


def charge_points_shown(person: Person) -> QuerySet[ChargePoint]:
    """Charge points with all that their rows show."""
    return overview_rows(charge_points_for(person))


def updated_at(charge_point: ChargePoint, connection: Connection) -> datetime:
    """When something was last written into its log; its making, if that is later."""
    return max(charge_point.created_at, EPOCH + connection.last_seq * _MICROSECOND)


def status_changes_page(charge_point: ChargePoint, after: Mark | None, limit: int) -> tuple[list[StatusChange], bool]:
    """What a charge point reported, newest first, and whether there is more."""
    found = StatusChange.objects.filter(charge_point=charge_point).order_by("-received_at", "-pk")
    return _cut(found.filter(after.older("received_at")) if after else found, limit)


def attempts_page(
    person: Person, *, unknown: bool | None, after: Mark | None, limit: int, charge_point: ChargePoint | None = None
) -> tuple[list[ConnectionAttempt], bool]:
    """Refused handshakes, the last seen first: of charge points, of unknown chargers where allowed, or of both."""
    if charge_point is not None:
        found = attempts_for(person).filter(charge_point=charge_point)
    elif unknown is None:
        found = attempts_for(person) | unknown_attempts_for(person)
    else:
        found = unknown_attempts_for(person) if unknown else attempts_for(person)
    found = found.order_by("-last_at", "-pk")
    return _cut(found.filter(after.older("last_at")) if after else found, limit)


def _cut(found: QuerySet[Any], limit: int) -> tuple[list[Any], bool]:
    rows = list(found[: limit + 1])
    return rows[:limit], len(rows) > limit
