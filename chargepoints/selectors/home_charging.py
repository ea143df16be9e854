"""Charging at home: which charger is whose and when, and what of its energy is paid back in a month."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from chargepoints.models import ChargePoint, Driver, HomeCharger, PriceGroup, Site
from chargepoints.periods import Period
from chargepoints.permissions import Person, charge_points_for, organisations_for, organisations_of
from chargepoints.pricing import rounded
from hub.teams.choices import Right

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class HomeUse:
    """What was charged at one rate in a month, in Wh: by the driver, by others, and not yet to be paid back."""

    home: HomeCharger
    own_wh: int = 0
    own_charges: int = 0
    others_wh: int = 0
    others_charges: int = 0
    waiting: int = 0

    @property
    def amount(self) -> Decimal:
        """To pay back, not rounded."""
        return amount_of(self.own_wh, self.home.per_kwh)


@dataclass(frozen=True, slots=True)
class HomeCharge:
    """One charge at a home: `paid` says whether its energy is paid back, `why_not` why it is not."""

    pk: int
    home: HomeCharger
    started_at: datetime
    ended_at: datetime | None
    zone: str
    key: str
    driver: str
    is_own: bool
    energy_wh: int
    why_not: str

    @property
    def amount(self) -> Decimal | None:
        """To pay back, not rounded; None when it is not paid back."""
        return None if self.why_not or not self.is_own else amount_of(self.energy_wh, self.home.per_kwh)


def amount_of(energy_wh: int, per_kwh: Decimal) -> Decimal:
    """Exactly what so much energy comes to; it is rounded once, in the sum."""
    return Decimal(energy_wh) * per_kwh / 1000


def summed(amounts: Sequence[tuple[str, Decimal]]) -> list[tuple[str, Decimal]]:
    """Currency and amount to pay, rounded once for each currency."""
    sums: dict[str, Decimal] = {}
    for currency, amount in amounts:
        sums[currency] = sums.get(currency, ZERO) + amount
    return [(currency, rounded(amount, currency)) for currency, amount in sorted(sums.items())]


def home_chargers_for(person: Person, right: Right = Right.MONEY) -> QuerySet[HomeCharger]:
    """The home chargers of the organisations in the whole of which `person` has `right`."""
    mine = HomeCharger.objects.filter(driver__organisation__in=organisations_for(person, right))
    return mine.select_related("driver__organisation", "charge_point__site__team")


def home_chargers_seen(person: Person) -> QuerySet[HomeCharger]:
    """The home chargers that are there for `person`, whatever they may do with them."""
    return HomeCharger.objects.filter(driver__organisation__in=organisations_of(person, Right.VIEW))


def home_drivers_seen(person: Person) -> QuerySet[Driver]:
    """The drivers that are there for `person`, archived ones too: what they are owed stays owed."""
    return Driver.objects.filter(organisation__in=organisations_of(person, Right.VIEW)).select_related("organisation")


def home_find(person: Person, period: Period, driver: Driver | None = None) -> list[HomeCharger]:
    """The home chargers that were a driver's in a period, or will be later; by driver and time. One query."""
    # A day more on either side: months begin at different moments in different zones.
    since, _ = period.instants("Etc/GMT-14")
    homes = home_chargers_for(person).filter(Q(valid_to__isnull=True) | Q(valid_to__gt=since))
    if driver is not None:
        homes = homes.filter(driver=driver)
    return list(homes.order_by("driver__name", "driver_id", "charge_point__name", "valid_from"))


def home_charge_points(person: Person, text: str) -> list[ChargePoint]:
    """The charge points that `text` can mean, by name or identity."""
    mine = charge_points_for(person, Right.MONEY).filter(site__team__organisation__in=_managed(person))
    named = mine.filter(Q(identity__iexact=text) | Q(name__iexact=text))
    return list(named.select_related("site__team").order_by("site__name", "name")[:5])


def home_drivers(person: Person, text: str) -> list[Driver]:
    """The drivers that `text` can mean: by user id, else by name or e-mail."""
    mine = Driver.objects.filter(organisation__in=_managed(person), archived_at__isnull=True)
    by_id = list(mine.filter(user_id__iexact=text)[:5])
    return by_id or list(mine.filter(Q(name__iexact=text) | Q(email__iexact=text)).order_by("user_id")[:5])


def home_currency(person: Person) -> str:
    """The currency to offer: of the newest assignment, else of a default price; empty where there is none."""
    last = home_chargers_for(person).order_by("-pk").values_list("currency", flat=True).first()
    usual = PriceGroup.objects.filter(organisation__in=_managed(person), is_default=True)
    return last or usual.values_list("currency", flat=True).first() or ""


def _managed(person: Person) -> QuerySet[Any]:
    return organisations_for(person, Right.MONEY)


def home_clash(
    charge_point: ChargePoint, since: datetime, until: datetime | None, besides: int | None
) -> HomeCharger | None:
    """Another time in which this charger is somebody's home charger, if it overlaps this one."""
    found = HomeCharger.objects.filter(charge_point=charge_point)
    if besides is not None:
        found = found.exclude(pk=besides)
    found = found.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=since))
    if until is not None:
        found = found.filter(valid_from__lt=until)
    return found.select_related("driver", "charge_point__site").order_by("valid_from").first()


# A charge is the driver's when its bill says so; before there is one, its key does. Energy that runs, is held, or was
# cancelled in a review is not known for sure.
_CHARGES = """
SELECT h.id, c.id, c.started_at, c.ended_at, s.time_zone, c.id_tag, COALESCE(d.name, ''),
    COALESCE(d.id = h.driver_id, false) AS own,
    CASE WHEN b.id IS NULL OR b.state = 'open' THEN c.energy_wh ELSE b.energy_wh END AS energy_wh,
    CASE WHEN b.id IS NULL OR b.state IN ('open', 'held') THEN COALESCE(b.state, 'open')
        WHEN b.state = 'cancelled'
            AND jsonb_path_exists(b.holds, '$[*] ? (@.rule != "payment")') THEN 'cancelled' ELSE '' END AS why_not
FROM chargepoints_homecharger h
JOIN chargepoints_charge c ON c.charge_point_id = h.charge_point_id AND c.started_at >= h.valid_from
    AND (h.valid_to IS NULL OR c.started_at < h.valid_to)
JOIN chargepoints_chargepoint cp ON cp.id = c.charge_point_id
LEFT JOIN chargepoints_bill b ON b.charge_id = c.id
LEFT JOIN chargepoints_chargekey k ON k.id = c.charge_key_id
LEFT JOIN chargepoints_driver d ON d.id = CASE WHEN b.id IS NULL THEN k.driver_id ELSE b.driver_id END
JOIN chargepoints_site s ON s.id = COALESCE(b.site_id, cp.site_id)
JOIN unnest(%(zones)s::text[], %(begins)s::timestamptz[], %(ends)s::timestamptz[]) AS t (zone, since, until)
    ON t.zone = s.time_zone AND c.started_at >= t.since AND c.started_at < t.until
WHERE h.id = ANY(%(homes)s::bigint[])"""

_SUMS = """
SELECT id, COALESCE(sum(energy_wh) FILTER (WHERE own AND why_not = ''), 0),
    count(*) FILTER (WHERE own AND why_not = ''),
    COALESCE(sum(energy_wh) FILTER (WHERE NOT own), 0), count(*) FILTER (WHERE NOT own),
    count(*) FILTER (WHERE own AND why_not <> '')
FROM (<charges>) x (id, charge_id, started_at, ended_at, zone, id_tag, driver, own, energy_wh, why_not)
GROUP BY 1
""".replace("<charges>", _CHARGES)

_IN_ORDER = f"{_CHARGES} ORDER BY c.started_at, c.id"
WHY_NOT = {
    "open": "still running",
    "held": "its bill is held for review",
    "cancelled": "its bill was cancelled in a review",
}


def home_uses(homes: Sequence[HomeCharger], period: Period) -> list[HomeUse]:
    """What was used of each in a period of local days. Two queries."""
    sums = {row[0]: row[1:] for row in _run(_SUMS, homes, period)}
    return [HomeUse(home, *(int(each) for each in sums.get(home.pk, (0, 0, 0, 0, 0)))) for home in homes]


def home_charges(homes: Sequence[HomeCharger], period: Period) -> list[HomeCharge]:
    """Every charge of a period of local days, in their order. Two queries."""
    known = {home.pk: home for home in homes}
    return [
        HomeCharge(pk, known[home], begin, end, zone, key, driver, is_own, energy, WHY_NOT.get(why_not, ""))
        for home, pk, begin, end, zone, key, driver, is_own, energy, why_not in _run(_IN_ORDER, homes, period)
    ]


def _run(statement: str, homes: Sequence[HomeCharger], period: Period) -> list[Any]:
    # The site of a charge may be another than that of its charger now, so each zone there is counts.
    zones = sorted(zones_of(homes))
    spans = [period.instants(zone) for zone in zones]
    values: dict[str, Any] = {
        "homes": [home.pk for home in homes],
        "zones": zones,
        "begins": [since for since, _ in spans],
        "ends": [until for _, until in spans],
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def zones_of(homes: Sequence[HomeCharger]) -> set[str]:
    """The time zones of the sites of these organisations' charge points."""
    organisations = {home.driver.organisation_id for home in homes}
    sites = Site.objects.filter(team__organisation__in=organisations)
    return set(sites.order_by().values_list("time_zone", flat=True).distinct())
