"""Reports: energy, charges, revenue and utilisation of a period, by site, charger, driver or month."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db import connection
from django.utils import timezone

from chargepoints.models import Site
from chargepoints.periods import Period
from chargepoints.permissions import Person
from chargepoints.selectors.report_statement import Grouping, statement
from chargepoints.selectors.sites import sites_seen
from hub.teams.choices import Right

ZERO = Decimal(0)
SHOWN, BATCH = 200, 500
# A group has a line for each currency; more than a few is nobody's.
_LINES_A_GROUP = 4
_NO_LIMIT = 2**62


@dataclass(frozen=True, slots=True)
class ReportFilters:
    """What is asked for: days of each site's own time zone."""

    period: Period
    grouping: Grouping = Grouping.SITE
    site: int | None = None
    team: int | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """The sites of a report, those of them whose money the person may see, and all that can be chosen."""

    sites: Sequence[Site]
    priced: Sequence[int]
    seen: Sequence[Site]

    @property
    def shows_money(self) -> bool:
        """Whether there is any money to show."""
        return bool(self.priced)


@dataclass(frozen=True, slots=True)
class Money:
    """Revenue in one currency: what charges of the period cost, less what was refunded in it (both beside it)."""

    currency: str
    net: Decimal
    vat: Decimal
    refunded: Decimal

    @property
    def total(self) -> Decimal:
        """With VAT."""
        return self.net + self.vat


@dataclass(frozen=True, slots=True)
class Figures:
    """One line of a report, or all of them together. Energy in Wh, times in seconds."""

    key: int
    name: str = ""
    detail: str = ""
    charges: int = 0
    energy_wh: int = 0
    ended: int = 0
    lasted: int = 0
    connected: int = 0
    charging: int = 0
    review: int = 0
    unpaid: int = 0
    capacity: int = 0
    maintenance: int = 0
    money: Sequence[Money] = field(default=())

    @property
    def mean_wh(self) -> int | None:
        """Energy of a charge, on average."""
        return round(self.energy_wh / self.charges) if self.charges else None

    @property
    def mean_seconds(self) -> int | None:
        """How long a charge lasted that has ended, on average."""
        return round(self.lasted / self.ended) if self.ended else None

    @property
    def paused(self) -> int:
        """Time at the end of charges in which no energy came any more."""
        return self.connected - self.charging

    @property
    def available(self) -> int:
        """Connector time without maintenance."""
        return self.capacity - self.maintenance

    @property
    def used_share(self) -> float | None:
        """The share of the connector time during which there was a charge."""
        return self.connected / self.available if self.available > 0 else None

    @property
    def charging_share(self) -> float | None:
        """The share of the connector time during which energy came."""
        return self.charging / self.available if self.available > 0 else None


@dataclass(frozen=True, slots=True)
class Report:
    """The total and the groups, those with most energy first; `is_cut` when there are more than are shown."""

    total: Figures
    groups: Sequence[Figures]
    is_cut: bool


def report_sites(person: Person) -> list[Site]:
    """The sites whose figures the person may see, by name, archived ones too. One query."""
    return sorted(sites_seen(person), key=lambda site: (site.name.casefold(), site.pk))


def report_scope(person: Person, filters: ReportFilters, seen: Sequence[Site]) -> Scope:
    """What of the sites is asked for, and whose money may be shown. One query."""
    wanted = [
        site
        for site in seen
        if (filters.site is None or site.pk == filters.site) and (filters.team is None or site.team_id == filters.team)
    ]
    priced = set(sites_seen(person, Right.MONEY).values_list("pk", flat=True))
    return Scope(wanted, [site.pk for site in wanted if site.pk in priced], seen)


def report(filters: ReportFilters, scope: Scope, *, most: int = SHOWN) -> Report:
    """The report with at most so many groups. One query."""
    with connection.cursor() as cursor:
        cursor.execute(statement(filters.grouping), _parameters(filters, scope, (most + 1) * _LINES_A_GROUP))
        total, groups = _read(filters, iter(cursor.fetchall()))
        found = list(groups)
    return Report(total, found[:most], len(found) > most)


def report_stream(filters: ReportFilters, scope: Scope) -> Iterator[Figures]:
    """Every group, and the total after them, read in batches from the database's own cursor."""
    with closing(connection.chunked_cursor()) as cursor:
        cursor.execute(statement(filters.grouping), _parameters(filters, scope, _NO_LIMIT))
        total, groups = _read(filters, _batches(cursor))
        yield from groups
        yield total


def _batches(cursor: Any) -> Iterator[Sequence[Any]]:
    while batch := cursor.fetchmany(BATCH):
        yield from batch


def _parameters(filters: ReportFilters, scope: Scope, most: int) -> dict[str, Any]:
    now = timezone.now()
    spans = list(_spans(filters, {site.time_zone for site in scope.sites}))
    return {
        "zones": [zone for zone, _, _, _ in spans],
        "buckets": [bucket for _, bucket, _, _ in spans],
        "begins": [since for _, _, since, _ in spans],
        "ends": [until for _, _, _, until in spans],
        "since": min((since for _, _, since, _ in spans), default=now),
        "until": max((until for _, _, _, until in spans), default=now),
        "now": now,
        "sites": [site.pk for site in scope.sites],
        "priced": list(scope.priced),
        "organisations": sorted({site.team.organisation_id for site in scope.sites}),
        "most": most,
    }


def _spans(filters: ReportFilters, zones: set[str]) -> Iterator[tuple[str, int, datetime, datetime]]:
    by_month = filters.grouping is Grouping.MONTH
    parts = list(filters.period.months()) if by_month else [filters.period]
    for zone in sorted(zones):
        for bucket, part in enumerate(parts):
            yield zone, bucket, *part.instants(zone)


def _read(filters: ReportFilters, rows: Iterator[Sequence[Any]]) -> tuple[Figures, Iterator[Figures]]:
    """The total, which comes first, and the groups as they are read."""
    together = groupby(rows, key=lambda row: (row[0], row[1]))
    is_total, lines = next(together, ((1, None), iter(())))
    total = _figures(0, lines) if is_total[0] else Figures(0)
    months = list(filters.period.months()) if filters.grouping is Grouping.MONTH else []
    return total, (_named(_figures(key, found), filters, months) for (_, key), found in together)


def _named(figures: Figures, filters: ReportFilters, months: Sequence[Period]) -> Figures:
    if filters.grouping is Grouping.MONTH:
        return replace(figures, name=f"{months[figures.key].first:%B %Y}")
    if filters.grouping is Grouping.DRIVER and not figures.key:
        return replace(figures, name="Without a driver")
    return figures


def _figures(key: int, lines: Iterator[Sequence[Any]]) -> Figures:
    """Adds up the lines of one group, which differ in their currency."""
    sums = [ZERO] * 10
    money: list[Money] = []
    name = detail = ""
    for line in lines:
        name, detail, currency = line[2] or "", line[3] or "", line[4]
        charges, energy, ended, lasted, connected, charging, net, vat, back_net, back_vat, *rest = line[5:]
        told = (charges, energy, ended, lasted, connected, charging, *rest)
        sums = [have + more for have, more in zip(sums, told, strict=True)]
        if currency:
            money.append(Money(currency, net - back_net, vat - back_vat, back_net + back_vat))
    whole: Any = [round(each) for each in sums]
    figures = Figures(key, name, detail, *whole)
    return replace(figures, money=sorted(money, key=lambda each: each.currency))
