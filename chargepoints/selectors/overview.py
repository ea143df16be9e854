"""What the overview shows: the rows found by the filters, and what each row needs beside itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Sum
from django.utils import timezone

from chargepoints.choices import OPEN_CHARGE_STATES, ConnectorStatus, Integration, State
from chargepoints.models import Charge, ChargePoint, Connector, Site
from chargepoints.permissions import Person, charge_points_for, sites_for
from chargepoints.selectors.identity import conflicts_told

PAGE_ROWS = 100
METERED_FRESH = timedelta(minutes=15)

# What people filter by and the summary counts, in the order of the split bar.
CONNECTOR_GROUPS: dict[str, tuple[ConnectorStatus, ...]] = {
    "charging": (ConnectorStatus.CHARGING,),
    "occupied": (
        ConnectorStatus.PREPARING,
        ConnectorStatus.FINISHING,
        ConnectorStatus.RESERVED,
        ConnectorStatus.OCCUPIED,
    ),
    "paused": (ConnectorStatus.SUSPENDED_EV, ConnectorStatus.SUSPENDED_EVSE),
    "ready": (ConnectorStatus.AVAILABLE,),
    "unavailable": (ConnectorStatus.UNAVAILABLE, ConnectorStatus.UNKNOWN),
    "faulted": (ConnectorStatus.FAULTED,),
}
POWER_STATUSES = (ConnectorStatus.CHARGING, ConnectorStatus.OCCUPIED)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a person asked to see; everything empty is everything."""

    words: tuple[str, ...] = ()
    status: str = ""
    version: str = ""
    site: int | None = None
    team: int | None = None

    def __bool__(self) -> bool:
        """Whether anything is filtered at all."""
        return self != Filters()


def overview_find(user: Person, filters: Filters) -> QuerySet[ChargePoint]:
    """The charge points of `user` that match every filter."""
    found = charge_points_for(user)
    for word in filters.words:
        found = found.filter(_word(word))
    if filters.site is not None:
        found = found.filter(site=filters.site)
    if filters.team is not None:
        found = found.filter(site__team=filters.team)
    if filters.version:
        found = found.filter(connection__subprotocol=filters.version)
    return found.filter(_status(filters.status)) if filters.status else found


def _word(word: str) -> Q:
    fields = ("name", "identity", "wanted_identity", "serial", "sticker", "model", "vendor", "site__name", "site__city")
    matches = Q()
    for field in fields:
        matches |= Q(**{f"{field}__icontains": word})
    return matches


def _status(status: str) -> Q:
    """Connector groups count only where the charger is there to vouch for them."""
    if status in CONNECTOR_GROUPS:
        inside = Connector.objects.filter(charge_point=OuterRef("pk"), status__in=CONNECTOR_GROUPS[status])
        return Q(Exists(inside), integration=Integration.CONNECTED)
    return {
        "offline": ~Q(integration=Integration.CONNECTED),
        "disconnected": Q(integration=Integration.DISCONNECTED),
        "refused": Q(integration=Integration.ERROR),
        "pending": Q(integration__in=(Integration.PENDING, Integration.NO_INTEGRATION)),
        "maintenance": Q(state=State.MAINTENANCE),
    }.get(status, Q(pk__in=()))


def overview_page(
    found: QuerySet[ChargePoint], after: int | None = None, size: int = PAGE_ROWS
) -> tuple[list[ChargePoint], int | None]:
    """One page in order of site and name, and the key of the next page. `after` is the last row before it."""
    last = ChargePoint.objects.values("site__name", "site_id", "name").filter(pk=after or 0).first()
    if last is not None:
        site, site_id, name = last["site__name"], last["site_id"], last["name"]
        found = found.filter(
            Q(site__name__gt=site)
            | Q(site__name=site, site_id__gt=site_id)
            | Q(site__name=site, site_id=site_id, name__gt=name)
        )
    ordered = overview_rows(found).order_by("site__name", "site_id", "name")
    rows = list(ordered[: size + 1])
    return rows[:size], rows[size - 1].pk if len(rows) > size else None


def overview_rows(found: QuerySet[ChargePoint]) -> QuerySet[ChargePoint]:
    """Charge points with site, connection, connectors and (as `open_charges`) what runs: three queries."""
    running = Charge.objects.filter(state__in=OPEN_CHARGE_STATES).order_by("connector_id")
    return (
        conflicts_told(found)
        .select_related("site__team", "connection")
        .prefetch_related(
            Prefetch("connectors", Connector.objects.order_by("number")),
            Prefetch("charges", running, to_attr="open_charges"),
        )
    )


def overview_by_id(charge_point_ids: Iterable[int]) -> list[ChargePoint]:
    """The rows with these ids; whoever asks has checked who may see them."""
    return list(overview_rows(ChargePoint.objects.filter(pk__in=list(charge_point_ids))))


@dataclass(frozen=True, slots=True)
class SiteTotal:
    """The head of a site's group; power in W."""

    charge_points: int
    power_w: int


def site_totals(user: Person, site_ids: Iterable[int], now: datetime | None = None) -> dict[int, SiteTotal]:
    """Charge points and power of whole sites, whatever is filtered: two queries."""
    mine = charge_points_for(user).filter(site__in=list(site_ids))
    counts = dict(mine.order_by().values_list("site").annotate(n=Count("pk")))
    watts = dict(
        Connector.objects.filter(power_now(now), charge_point__in=mine)
        .order_by()
        .values_list("charge_point__site")
        .annotate(watts=Sum("power_w"))
    )
    return {site: SiteTotal(number, watts.get(site) or 0) for site, number in counts.items()}


def power_now(now: datetime | None = None) -> Q:
    """The connectors whose last power reading still says something about now."""
    since = (now or timezone.now()) - METERED_FRESH
    return Q(charge_point__integration=Integration.CONNECTED, status__in=POWER_STATUSES, metered_at__gte=since)


def connector_power(connector: Connector, *, connected: bool, now: datetime) -> int | None:
    """The W of one connector by the rule of `power_now`; None when nothing is known of now."""
    fresh = connector.metered_at is not None and connector.metered_at >= now - METERED_FRESH
    if not connected or not fresh or connector.status not in POWER_STATUSES:
        return None
    return connector.power_w


def filter_choices(user: Person) -> tuple[Sequence[Site], Sequence[str]]:
    """The sites (with team) and OCPP versions that a person can filter by: two queries."""
    sites = list(sites_for(user).select_related("team").order_by("name", "pk"))
    versions = (
        charge_points_for(user)
        .exclude(connection__subprotocol="")
        .order_by()
        .values_list(F("connection__subprotocol"), flat=True)
        .distinct()
    )
    return sites, sorted(versions)
