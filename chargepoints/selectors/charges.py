"""The list of charges: what a person may see of it, filtered, in pages and in batches by cursor; newest first.

Every query walks an index: of the time, of few charge points or keys, or of what is rare. Never OFFSET.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from django.db.models.expressions import RawSQL

from chargepoints import sql
from chargepoints.choices import OPEN_CHARGE_STATES, BillState
from chargepoints.models import Bill, Charge, ChargeKey, ChargePoint, Driver, Site
from chargepoints.permissions import Person, sites_for
from chargepoints.selectors.audit import Cursor
from hub.teams.choices import Right

PAGE, BATCH, COUNTED = 50, 500, 5_000
# So many ids stand in the query itself, which the planner can judge; more are asked for by a subquery.
FEW = 500
WORDS = 5
NEWEST = ("-started_at", "-id")
HELD, UNPAID = BillState.HELD, BillState.UNPAID
SETTLED = (BillState.PAID, BillState.INVOICED)
M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class ChargeScope:
    """The sites whose charges a person sees, archived ones too, by id; `money` are those whose bills they see."""

    sites: Mapping[int, Site] = field(default_factory=dict)
    money: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class ChargeFilters:
    """What of the list is asked for; an empty value asks for nothing. Energy in Wh."""

    words: tuple[str, ...] = ()
    site: int | None = None
    charge_point: int | None = None
    driver: int | None = None
    state: str = ""
    bill: str = ""
    review: bool = False
    since: datetime | None = None
    until: datetime | None = None
    least_wh: int | None = None
    most_wh: int | None = None

    def __bool__(self) -> bool:
        return self != ChargeFilters()

    def told(self) -> dict[str, object]:
        """The filters that are set."""
        return {name: value for name, value in dataclasses.asdict(self).items() if value not in ((), "", None, False)}


@dataclass(frozen=True, slots=True)
class ChargeFigures:
    """Sums of the newest `COUNTED` charges that were found: energy in Wh, amounts taken or invoiced by currency."""

    count: int
    energy_wh: int
    amounts: Mapping[str, Decimal]

    @property
    def is_limited(self) -> bool:
        """Whether there are more than were counted."""
        return self.count > COUNTED

    @property
    def counted(self) -> int:
        """How many there are, at most `COUNTED`."""
        return min(self.count, COUNTED)


def charge_scope(person: Person) -> ChargeScope:
    """Three queries, whatever there is."""
    mine = Q(pk__in=sites_for(person)) | Q(pk__in=sites_for(person, archived=True))
    sites = Site.objects.filter(mine).select_related("team").order_by("name")
    money = [
        pk
        for archived in (False, True)
        for pk in sites_for(person, Right.MONEY, archived=archived).values_list("pk", flat=True)
    ]
    return ChargeScope({site.pk: site for site in sites}, frozenset(money))


def charges_find(scope: ChargeScope, filters: ChargeFilters) -> QuerySet[Charge]:
    """The charges that are in scope and asked for, in no order."""
    wanted = [pk for pk in scope.sites if filters.site in {None, pk}]
    points = ChargePoint.objects.filter(site__in=wanted)
    if filters.charge_point is not None:
        points = points.filter(pk=filters.charge_point)
    rows = Charge.objects.filter(charge_point__in=_few(points))
    for word in filters.words[:WORDS]:
        rows = rows.filter(_about(scope, word))
    if filters.driver is not None:
        rows = rows.filter(charge_key__in=_few(ChargeKey.objects.filter(driver=filters.driver)))
    if scope.money and filters.bill:
        rows = rows.filter(bill__state=filters.bill, bill__site__in=scope.money)
    if filters.review:
        rows = rows.filter(_to_review(scope))
    exact = {
        "state": filters.state,
        "started_at__gte": filters.since,
        "started_at__lt": filters.until,
        "energy_wh__gte": filters.least_wh,
        "energy_wh__lte": filters.most_wh,
    }
    return rows.filter(**{name: value for name, value in exact.items() if value not in {"", None}})


def _to_review(scope: ChargeScope) -> Q:
    """Bills that wait for a decision; for those who see no bills, charges that are odd."""
    if not scope.money:
        return ~Q(needs_review="")
    waiting = Bill.objects.filter(site__in=scope.money, state__in=[HELD, UNPAID])
    proposed = Bill.objects.filter(site__in=scope.money, state__in=SETTLED, proposed_wh__isnull=False)
    found = _rare("charge", waiting, proposed)
    return _either(found, Q(bill__in=waiting.values("pk")), Q(bill__in=proposed.values("pk")))


def _about(scope: ChargeScope, word: str) -> Q:
    """Charger, driver, key, or the number of the transaction."""
    points = ChargePoint.objects.filter(site__in=list(scope.sites)).filter(
        Q(name__icontains=word) | Q(identity__icontains=word) | Q(serial__icontains=word)
    )
    keys = ChargeKey.objects.filter(organisation__in={site.team.organisation_id for site in scope.sites.values()})
    keys = keys.filter(
        Q(id_tag__icontains=word)
        | Q(label__icontains=word)
        | Q(driver__name__icontains=word)
        | Q(driver__user_id__icontains=word)
    )
    tags = list({word, word.upper(), word.lower()})
    ways = [
        Q(charge_point__in=_few(points)),
        Q(charge_key__in=_few(keys)),
        *(Q(transaction_id=word), Q(id_tag__in=tags)),
    ]
    return _either(_rare("pk", *(Charge.objects.filter(way) for way in ways)), *ways)


def _rare(field: str, *ways: QuerySet[M]) -> list[int] | None:
    """The charges that any of these finds, by id, where they are rare, else None.

    Each walks an index of its own; all in one condition would read every charge there is.
    """
    first, *others = (way.order_by().values_list(field, flat=True)[: COUNTED + 1] for way in ways)
    found: list[int] = list(first.union(*others, all=True)[: COUNTED + 1])
    return found if len(found) <= COUNTED else None


def _either(found: list[int] | None, *ways: Q) -> Q:
    """The charges that were found, or what finds them: these are so many that a walk by time meets them soon."""
    if found is None:
        return reduce(or_, ways)
    return Q(pk__in=RawSQL("SELECT unnest(%s::bigint[])", [found]) if found else [])


def _few(rows: QuerySet[M]) -> list[int] | QuerySet[M, Any]:
    """Their ids where they are few, else the subquery that finds them."""
    found: list[int] = list(rows.order_by().values_list("pk", flat=True)[: FEW + 1])
    return found if len(found) <= FEW else rows.order_by().values("pk")


def charges_page(
    rows: QuerySet[Charge], after: Cursor | None, size: int = PAGE, newest: Sequence[int] = ()
) -> tuple[list[Charge], str]:
    """`size` charges after the cursor, and the cursor of the next page; empty on the last.

    Three queries; two for the first page of rows whose `newest` ids are known.
    """
    if after is not None:
        rows = rows.filter(started_at__lte=after.at).exclude(started_at=after.at, id__gte=after.pk)
        newest = ()
    keys = newest or list(rows.order_by(*NEWEST).values_list("pk", flat=True)[: size + 1])
    found = charges_loaded(keys[:size])
    return found, str(Cursor(found[-1].started_at, found[-1].pk)) if len(keys) > size and found else ""


def charges_loaded(keys: Iterable[int]) -> list[Charge]:
    """These charges, newest first, with charger, site, connector, key, driver and bill. Two queries.

    Charge and bill do not point at each other, so that a long export leaves no circles for the collector.
    """
    wanted = list(keys)
    bills = {bill.charge_id: bill for bill in Bill.objects.filter(charge__in=wanted).defer("lines", "holds")}
    related = ("charge_point__site", "connector", "charge_key__driver")
    found = list(Charge.objects.filter(pk__in=wanted).select_related(*related).order_by(*NEWEST))
    for charge in found:
        charge._state.fields_cache["bill"] = bills.get(charge.pk)
    return found


def charges_batches(rows: QuerySet[Charge]) -> Iterator[list[Charge]]:
    """All charges in batches by cursor: constant memory here and in the database, and no cursor held open there."""
    after: Cursor | None = None
    while True:
        found, following = charges_page(rows, after, BATCH)
        if found:
            yield found
        if not following:
            return
        after = Cursor.read(following)


# Arrays, because thousands of parameters take longer than the sums.
_ENERGY = "SELECT count(*), COALESCE(sum(energy_wh), 0) FROM chargepoints_charge WHERE id = ANY(%s)"
_AMOUNTS = """
SELECT currency, sum(total) FROM chargepoints_bill
WHERE charge_id = ANY(%s) AND site_id = ANY(%s) AND state = ANY(%s) GROUP BY currency ORDER BY currency
"""


def charges_newest(rows: QuerySet[Charge]) -> list[int]:
    """The ids of the newest `COUNTED` and one more: found once, for the first page and the sums. One query."""
    return list(rows.order_by(*NEWEST).values_list("pk", flat=True)[: COUNTED + 1])


def charges_figures(newest: Sequence[int], scope: ChargeScope) -> ChargeFigures:
    """Sums of the newest ones, from their ids. Two queries, one for who sees no bills."""
    count, energy = sql.rows(_ENERGY, newest)[0]
    amounts: dict[str, Decimal] = {}
    if scope.money:
        amounts.update(sql.rows(_AMOUNTS, newest, list(scope.money), [str(state) for state in SETTLED]))
    return ChargeFigures(count, int(energy), amounts)


def charges_more_than(rows: QuerySet[Charge], most: int) -> bool:
    """Whether there are more than so many."""
    return rows.order_by()[: most + 1].count() > most


_HIGHEST = """
SELECT charge_id, max(watts) FROM (
    SELECT charge_id, COALESCE(max(value) FILTER (WHERE phase = ''), sum(value)) AS watts
    FROM chargepoints_metersample
    WHERE charge_id = ANY(%s) AND measurand = 'Power.Active.Import' AND location IN ('', 'Outlet', 'EV')
    GROUP BY charge_id, at, context
) moments GROUP BY charge_id
"""


def powers_highest(charges: Iterable[Charge]) -> dict[int, int]:
    """The highest power (W) that was ever reported in each charge, phases summed; where there was any."""
    keys = [charge.pk for charge in charges]
    return {pk: int(watts) for pk, watts in sql.rows(_HIGHEST, keys) if watts is not None} if keys else {}


def driver_shown(scope: ChargeScope, pk: int | None) -> Driver | None:
    """The driver who is asked for, if one of the person's organisations has them."""
    organisations = {site.team.organisation_id for site in scope.sites.values()}
    return Driver.objects.filter(pk=pk, organisation__in=organisations).first() if pk is not None else None


def charge_point_shown(scope: ChargeScope, pk: int | None) -> ChargePoint | None:
    """The charge point that is asked for, if the person may see it."""
    return ChargePoint.objects.filter(pk=pk, site__in=list(scope.sites)).first() if pk is not None else None


def is_running(charge: Charge) -> bool:
    """Whether the charge has not ended."""
    return charge.state in OPEN_CHARGE_STATES
