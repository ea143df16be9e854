"""Hourly prices: their sources, days of them, and which hours are missing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Count, Max, Q, QuerySet

from chargepoints.hourly import HOUR, Gap, gaps_of
from chargepoints.models import Price, Site, SpotPrice, SpotSource
from chargepoints.permissions import Person, spot_sources_for

HOME = "UTC"


@dataclass(frozen=True, slots=True)
class SpotDay:
    """A day of a zone: its hours (UTC) in order, each with its price or None."""

    day: date
    hours: list[tuple[datetime, Decimal | None]]

    @property
    def missing(self) -> int:
        """How many of its 23, 24 or 25 hours have no price."""
        return sum(price is None for _, price in self.hours)


@dataclass(frozen=True, slots=True)
class Difference:
    """What storing these hours would do: how many are new, changed (hour, before, after), and the same."""

    new: int
    changed: list[tuple[datetime, Decimal, Decimal]]
    same: int


def zone_usual(organisation_id: int) -> str:
    """The time zone that most sites of an organisation have; UTC where there is none."""
    return _usual(Site.objects.filter(team__organisation=organisation_id, archived_at__isnull=True))


def zone_of_group(price_group_id: int, organisation_id: int) -> str:
    """The time zone of most sites that use a price group, else of most sites of the organisation."""
    mine = Q(price_group=price_group_id) | Q(charge_points__price_group=price_group_id)
    found = _usual(Site.objects.filter(mine, archived_at__isnull=True), "")
    return found or zone_usual(organisation_id)


def _usual(sites: QuerySet[Site], otherwise: str = HOME) -> str:
    counted = sites.order_by().values("time_zone").annotate(many=Count("pk")).order_by("-many", "time_zone")
    first = counted.first()
    return str(first["time_zone"]) if first else otherwise


def spot_sources_seen(person: Person) -> QuerySet[SpotSource]:
    """The sources that `person` manages, with their last hour and how many price groups use them now or will."""
    return (
        spot_sources_for(person)
        .select_related("organisation")
        .annotate(
            last_hour=Max("prices__starts_at"),
        )
        .order_by("organisation__name", "name")
    )


def price_groups_of_source(source_ids: Iterable[int], now: datetime) -> dict[int, int]:
    """How many price groups use each source, now or from a planned moment on: one query."""
    valid = Q(valid_to__isnull=True) | Q(valid_to__gt=now)
    rows = Price.objects.filter(valid, spot_source__in=list(source_ids), price_group__archived_at__isnull=True)
    counted = rows.order_by().values_list("spot_source").annotate(many=Count("price_group", distinct=True))
    return {source: many for source, many in counted if source is not None}


def hours_between(source_id: int, begin: datetime, end: datetime) -> dict[datetime, Decimal]:
    """The stored hours that begin from `begin` to before `end`."""
    rows = SpotPrice.objects.filter(source=source_id, starts_at__gte=begin, starts_at__lt=end)
    return dict(rows.values_list("starts_at", "per_kwh"))


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When a day begins and ends by the clocks of a zone, UTC."""
    begin, end = (datetime(at.year, at.month, at.day, tzinfo=zone) for at in (day, day + timedelta(days=1)))
    return begin.astimezone(UTC), end.astimezone(UTC)


def spot_days(source_id: int, first: date, count: int, zone: ZoneInfo) -> list[SpotDay]:
    """So many days from `first` on: one query."""
    bounds = [day_bounds(first + timedelta(days=index), zone) for index in range(count)]
    known = hours_between(source_id, bounds[0][0], bounds[-1][1])
    return [
        SpotDay(
            first + timedelta(days=index),
            [(at, known.get(at)) for at in (begin + HOUR * each for each in range((end - begin) // HOUR))],
        )
        for index, (begin, end) in enumerate(bounds)
    ]


def hours_missing(source_id: int, now: datetime, zone: ZoneInfo) -> list[Gap]:
    """Stretches without a price from yesterday's begin to today's end, by the clocks of a zone."""
    today = now.astimezone(zone).date()
    begin, _ = day_bounds(today - timedelta(days=1), zone)
    _, end = day_bounds(today, zone)
    # Both ends stand for what is known there, so that a gap at either of them is one.
    return gaps_of([begin - HOUR, *hours_between(source_id, begin, end), end])


def hours_compare(source_id: int, hours: Mapping[datetime, Decimal]) -> Difference:
    """What would change if these hours were stored."""
    if not hours:
        return Difference(0, [], 0)
    known = hours_between(source_id, min(hours), max(hours) + HOUR)
    changed = [(at, known[at], hours[at]) for at in sorted(hours) if at in known and known[at] != hours[at]]
    new = sum(at not in known for at in hours)
    return Difference(new, changed, len(hours) - new - len(changed))


def last_hour(source_id: int) -> datetime | None:
    """The last hour that has a price."""
    return SpotPrice.objects.filter(source=source_id).order_by("-starts_at").values_list("starts_at", flat=True).first()
