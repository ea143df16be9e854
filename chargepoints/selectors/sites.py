"""Sites: the list with its figures, and what one site's page shows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from chargepoints.choices import Integration, State
from chargepoints.models import ChargePoint, ConnectionAttempt, Connector, MaintenancePeriod, Site
from chargepoints.permissions import Person, attempts_for, audit_for, charge_points_for, rights_on_site, sites_for
from chargepoints.selectors.attention import attention_counts
from chargepoints.selectors.overview import power_now
from hub.audit.models import AuditEntry
from hub.teams.choices import Right
from hub.teams.models import Team

PAGE_SITES = 100
KNOCKS_SHOWN = 20
ENTRIES_SHOWN = 10
MAINTENANCE_SHOWN = 20
BUSY = tuple(state for state in State if state.value.startswith("busy"))
# Nobody can start a charge there: "other" has nothing reported, or everything out of service.
NOT_OPERATIONAL = (State.ERROR, State.DISCONNECTED, State.MAINTENANCE, State.PASSIVE, State.OTHER)


@dataclass(frozen=True, slots=True)
class SiteFilters:
    """What a person asked to see; everything empty is every site that is not archived."""

    words: tuple[str, ...] = ()
    team: int | None = None
    archived: bool = False

    def __bool__(self) -> bool:
        """Whether anything is filtered at all."""
        return self != SiteFilters()


@dataclass(frozen=True, slots=True)
class SiteFigures:
    """The figures of a site; power in W. `total` is `in_use`, `not_operational` and what is free."""

    total: int = 0
    in_use: int = 0
    not_operational: int = 0
    connected: int = 0
    power_w: int = 0
    attention: int = 0

    @property
    def free(self) -> int:
        """Charge points at which a charge can be started now."""
        return self.total - self.in_use - self.not_operational


def sites_seen(person: Person, right: Right = Right.VIEW) -> QuerySet[Site]:
    """The sites in which `person` has `right`, archived or not, with team and organisation."""
    mine = Q(pk__in=sites_for(person, right)) | Q(pk__in=sites_for(person, right, archived=True))
    return Site.objects.filter(mine).select_related("team__organisation")


def sites_find(person: Person, filters: SiteFilters) -> QuerySet[Site]:
    """The sites of `person` that match every filter."""
    found = sites_for(person, archived=filters.archived)
    for word in filters.words:
        found = found.filter(
            Q(name__icontains=word)
            | Q(city__icontains=word)
            | Q(address__icontains=word)
            | Q(team__name__icontains=word)
            | Q(team__organisation__name__icontains=word)
        )
    return found.filter(team=filters.team) if filters.team is not None else found


def sites_page(
    found: QuerySet[Site], after: int | None = None, size: int = PAGE_SITES
) -> tuple[list[Site], int | None]:
    """One page in order of the name, and the key of the next page. `after` is the last site before it."""
    last = Site.objects.values("name", "pk").filter(pk=after or 0).first()
    if last is not None:
        found = found.filter(Q(name__gt=last["name"]) | Q(name=last["name"], pk__gt=last["pk"]))
    rows = list(found.select_related("team__organisation").order_by("name", "pk")[: size + 1])
    return rows[:size], rows[size - 1].pk if len(rows) > size else None


def site_figures(person: Person, site_ids: Iterable[int], now: datetime | None = None) -> dict[int, SiteFigures]:
    """The figures of these sites, as far as `person` may see them: three queries, however many sites."""
    ids = list(site_ids)
    now = now or timezone.now()
    mine = charge_points_for(person).filter(site__in=ids)
    broken = Q(is_active=False) | Q(state__in=NOT_OPERATIONAL)
    counts = (
        mine.order_by()
        .values_list("site")
        .annotate(
            total=Count("pk"),
            in_use=Count("pk", filter=Q(state__in=BUSY) & ~broken),
            not_operational=Count("pk", filter=broken),
            connected=Count("pk", filter=Q(integration=Integration.CONNECTED)),
        )
    )
    watts = dict(
        Connector.objects.filter(power_now(now), charge_point__in=mine)
        .order_by()
        .values_list("charge_point__site")
        .annotate(watts=Sum("power_w"))
    )
    needy = attention_counts(mine, now)
    found = {site: SiteFigures() for site in ids}
    for site, total, in_use, not_operational, connected in counts:
        found[site] = SiteFigures(total, in_use, not_operational, connected, watts.get(site) or 0, needy.get(site, 0))
    return found


def teams_seen(person: Person) -> list[Team]:
    """The teams whose sites `person` sees, with their organisation: one query."""
    inside = Q(sites__in=sites_for(person)) | Q(sites__in=sites_for(person, archived=True))
    return list(Team.objects.filter(inside).select_related("organisation").distinct().order_by("name", "pk"))


def site_charge_points(person: Person, site: Site) -> QuerySet[ChargePoint]:
    """The charge points of a site."""
    return charge_points_for(person).filter(site=site)


def site_knocks(person: Person, site: Site) -> list[ConnectionAttempt]:
    """The newest refused handshakes of a site's charge points."""
    knocks = attempts_for(person).filter(charge_point__site=site).select_related("charge_point")
    return list(knocks.order_by("-last_at")[:KNOCKS_SHOWN])


def site_maintenance(site: Site, now: datetime | None = None) -> list[MaintenancePeriod]:
    """Maintenance of a site's charge points that runs or is planned, the next first."""
    still = Q(ends_at__isnull=True) | Q(ends_at__gt=now or timezone.now())
    periods = MaintenancePeriod.objects.filter(
        still, charge_point__site=site, charge_point__archived_at__isnull=True
    ).select_related("charge_point")
    return list(periods.order_by("starts_at")[:MAINTENANCE_SHOWN])


def site_entries(person: Person, site: Site) -> list[AuditEntry] | None:
    """What was changed lately on a site; None where `person` may not read the audit log."""
    if Right.AUDIT not in rights_on_site(person, site):
        return None
    return list(audit_for(person).filter(site_id=site.pk).order_by("-at", "-id")[:ENTRIES_SHOWN])


def charge_points_left(site: Site) -> list[ChargePoint]:
    """The charge points that are not archived, which keep a site from being archived."""
    return list(ChargePoint.objects.filter(site=site, archived_at__isnull=True).order_by("name"))
