"""Price groups: the list with its figures, what one said and will say, where it counts, and what charges would cost."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from chargepoints.models import Bill, ChargePoint, Price, PriceGroup, Site
from chargepoints.permissions import Person, organisations_of, price_groups_for
from chargepoints.pricing import Cost, Usage, cost_of
from chargepoints.selectors.billing import price_at, tariff_of
from chargepoints.selectors.spot import last_hour
from hub.teams.choices import Right

PAST_SHOWN = 50
LISTED = 500


@dataclass(frozen=True, slots=True)
class PriceGroupRow:
    """A price group in the list: what it says now, and how much it is used."""

    group: PriceGroup
    price: Price | None
    sites: int
    charge_points: int
    charges: int


@dataclass(frozen=True, slots=True)
class PriceEntry:
    """A price in the timeline: `state` is now, planned or past; only a planned one that no bill has may be changed."""

    price: Price
    state: str
    is_used: bool

    @property
    def may_change(self) -> bool:
        """Whether it can be edited and deleted."""
        return self.state == "planned" and not self.is_used


@dataclass(frozen=True, slots=True)
class Example:
    """What a charge would cost."""

    title: str
    cost: Cost


def price_groups_seen(person: Person) -> QuerySet[PriceGroup]:
    """Those of the organisations in which `person` is anybody, archived or not: to tell 403 from 404."""
    return PriceGroup.objects.filter(organisation__in=organisations_of(person, Right.VIEW)).select_related(
        "organisation"
    )


def price_group_rows(person: Person, *, archived: bool = False, now: datetime | None = None) -> list[PriceGroupRow]:
    """The price groups of `person` by name: five queries, however many they are."""
    now = now or timezone.now()
    found = price_groups_for(person, archived=archived).select_related("organisation")
    groups = list(found.order_by("organisation__name", "name")[:LISTED])
    ids = [group.pk for group in groups]
    valid = Price.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=now), valid_from__lte=now)
    prices = {
        price.price_group_id: price
        for price in valid.filter(price_group__in=ids)
        .select_related("price_group", "spot_source")
        .order_by("valid_from")
    }
    sites, points = (
        dict(
            model._default_manager.filter(price_group__in=ids, archived_at__isnull=True)
            .order_by()
            .values_list("price_group")
            .annotate(many=Count("pk"))
        )
        for model in (Site, ChargePoint)
    )
    begin = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    organisations = {group.organisation_id for group in groups}
    bills = dict(
        Bill.objects.filter(organisation__in=organisations, started_at__gte=begin, price_group__in=ids)
        .order_by()
        .values_list("price_group")
        .annotate(many=Count("pk"))
    )
    return [
        PriceGroupRow(
            group, prices.get(group.pk), sites.get(group.pk, 0), points.get(group.pk, 0), bills.get(group.pk, 0)
        )
        for group in groups
    ]


def price_timeline(group: PriceGroup, now: datetime) -> list[PriceEntry]:
    """What the group will say, says and said, the latest first; of the past the last PAST_SHOWN."""
    rows = (
        group.prices.select_related("price_group", "spot_source")
        .annotate(billed=Exists(Bill.objects.filter(price=OuterRef("pk"))))
        .order_by("-valid_from")
    )
    ahead = rows.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=now))
    past = rows.filter(valid_to__lte=now)[:PAST_SHOWN]
    return [PriceEntry(price, _state(price, now), bool(getattr(price, "billed", False))) for price in (*ahead, *past)]


def _state(price: Price, now: datetime) -> str:
    if price.valid_from > now:
        return "planned"
    return "now" if price.valid_to is None or price.valid_to > now else "past"


def sites_of_group(group: PriceGroup) -> list[Site]:
    """The sites that chose the group."""
    return list(group.sites.filter(archived_at__isnull=True).select_related("team").order_by("name"))


def charge_points_of_group(group: PriceGroup) -> list[ChargePoint]:
    """The charge points that chose the group for themselves."""
    rows = group.charge_points.filter(archived_at__isnull=True).select_related("site__team")
    return list(rows.order_by("site__name", "name"))


def price_group_of(site: Site, charge_point: ChargePoint | None = None) -> PriceGroup | None:
    """The price group that counts there: the charge point's, else the site's, else the organisation's default."""
    chosen = (charge_point.price_group if charge_point else None) or site.price_group
    if chosen is not None:
        return chosen
    return PriceGroup.objects.filter(organisation=site.team.organisation_id, is_default=True).first()


def usage_of(begin: datetime, wh: int, seconds: int, idle_seconds: int = 0) -> Usage:
    """A charge with constant power for `seconds`, and then none for `idle_seconds`."""
    full = begin + timedelta(seconds=seconds)
    end = full + timedelta(seconds=idle_seconds)
    curve = [(begin, 0), (full, wh)] + ([(end, wh)] if idle_seconds else [])
    return Usage(begin, end, curve, full if idle_seconds else None)


def cost_would_be(price: Price, usage: Usage, zone: ZoneInfo) -> Cost:
    """What a charge would cost under a price, stored or not; its price group must be set."""
    return cost_of(tariff_of(price, usage.started_at, usage.ended_at), usage, zone)


def price_examples(price: Price, zone: ZoneInfo, now: datetime) -> tuple[date, list[Example]]:
    """Three charges under a price, and their day: today, or the last day of which hourly prices are known."""
    day = now.astimezone(zone).date()
    last = last_hour(price.spot_source_id) if price.spot_source_id else None
    if last is not None:
        # The night runs into the morning after.
        day = min(day, last.astimezone(zone).date() - timedelta(days=1))
    noon, evening = (datetime.combine(day, time(hour), zone).astimezone(UTC) for hour in (12, 22))
    usages = [
        ("20 kWh in 1 h at noon", usage_of(noon, 20_000, 3600)),
        ("50 kWh in 8 h overnight, from 22:00", usage_of(evening, 50_000, 8 * 3600)),
        ("20 kWh in 1 h at noon, then 2 h idle", usage_of(noon, 20_000, 3600, 2 * 3600)),
    ]
    return day, [Example(title, cost_would_be(price, usage, zone)) for title, usage in usages]


def price_for(group: PriceGroup | None, at: datetime) -> Price | None:
    """What counts at a moment, with its group and source loaded."""
    found = price_at(group, at)
    if found is not None and group is not None:
        found.price_group = group
    return found
