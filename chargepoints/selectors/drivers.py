"""Drivers: the list with its figures, and one driver's page."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from chargepoints.choices import LedgerAccountKind
from chargepoints.models import Bill, ChargeKey, Driver, HomeCharger, LedgerAccount, PaymentMethod
from chargepoints.permissions import (
    Person,
    bills_for,
    charge_points_for,
    drivers_managed_by,
    organisations_for,
    organisations_of,
    payment_methods_for,
)
from hub.teams.choices import Right
from hub.teams.models import Organisation

PAGE = 50
CHARGES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class DriverFilters:
    """What a person asked to see; everything empty is every driver who is not archived."""

    words: tuple[str, ...] = ()
    state: str = ""

    def __bool__(self) -> bool:
        return self != DriverFilters()


@dataclass(slots=True)
class DriverFigures:
    """The figures of a driver; charges and energy (Wh) of the month that the person may see."""

    keys: int = 0
    charges: int = 0
    energy_wh: int = 0
    wallets: list[tuple[Decimal, str]] = field(default_factory=list)


def drivers_seen(person: Person, right: Right = Right.VIEW) -> QuerySet[Driver]:
    """The drivers for whom `person` has `right`, archived or not."""
    return Driver.objects.filter(organisation__in=organisations_of(person, right)).select_related("organisation")


def drivers_find(person: Person, filters: DriverFilters) -> QuerySet[Driver]:
    """The drivers of `person` that match every filter."""
    found = drivers_managed_by(person, archived=filters.state == "archived")
    for word in filters.words:
        held = ChargeKey.objects.filter(driver=OuterRef("pk"), id_tag__icontains=word)
        found = found.filter(
            Q(name__icontains=word) | Q(user_id__icontains=word) | Q(email__icontains=word) | Exists(held)
        )
    if filters.state in {"active", "blocked"}:
        found = found.filter(is_blocked=filters.state == "blocked")
    return found


def drivers_page(found: QuerySet[Driver], after: int | None, size: int = PAGE) -> tuple[list[Driver], int | None]:
    """One page in order of the name, and the key of the next page. `after` is the last driver before it."""
    last = Driver.objects.values("name", "pk").filter(pk=after or 0).first()
    if last is not None:
        found = found.filter(Q(name__gt=last["name"]) | Q(name=last["name"], pk__gt=last["pk"]))
    rows = list(found.select_related("organisation").order_by("name", "pk")[: size + 1])
    return rows[:size], rows[size - 1].pk if len(rows) > size else None


def driver_figures(person: Person, ids: Iterable[int], now: datetime | None = None) -> dict[int, DriverFigures]:
    """The figures of these drivers: three queries, however many. Wallets only where `person` sees money."""
    found = {pk: DriverFigures() for pk in ids}
    for pk, count in _counted(ChargeKey.objects.filter(driver__in=found), "driver"):
        found[pk].keys = count
    bills = bills_for(person, Right.VIEW).filter(driver__in=found, started_at__gte=month_begin(now))
    sums = bills.order_by().values_list("driver").annotate(Count("pk"), Sum("energy_wh"))
    for pk, count, energy in sums:
        found[pk].charges, found[pk].energy_wh = count, energy or 0
    methods = payment_methods_for(person).filter(driver__in=found, is_active=True)
    accounts = LedgerAccount.objects.filter(payment_method__in=methods, kind=LedgerAccountKind.WALLET)
    balances = accounts.order_by("currency").values_list("payment_method__driver", "currency")
    for pk, currency, balance in balances.annotate(Sum("balance")):
        found[pk].wallets.append((balance, currency))
    return found


def month_begin(now: datetime | None = None) -> datetime:
    """The begin of this month, UTC."""
    return (now or timezone.now()).astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def driver_bills(person: Person, driver: Driver) -> list[Bill]:
    """The driver's last charges that `person` may see, each with its charge."""
    mine = bills_for(person, Right.VIEW).filter(driver=driver)
    return list(mine.select_related("charge__charge_point", "site").order_by("-started_at", "-pk")[:CHARGES_SHOWN])


def bills_with_amounts(person: Person, bills: Iterable[Bill]) -> set[int]:
    """Those of the bills whose amounts `person` may read."""
    return set(bills_for(person).filter(pk__in=[bill.pk for bill in bills]).values_list("pk", flat=True))


def driver_methods(person: Person, driver: Driver) -> list[PaymentMethod] | None:
    """The driver's payment methods, the default first; None where `person` may not see money."""
    if not sees_money_of(person, driver.organisation_id):
        return None
    mine = payment_methods_for(person).filter(driver=driver)
    return list(mine.order_by("-is_active", "-is_default", "name", "pk"))


def driver_homes(person: Person, driver: Driver) -> list[tuple[HomeCharger, bool]]:
    """The chargers at the driver's home, the newest first, and whether `person` may open them."""
    homes = list(HomeCharger.objects.filter(driver=driver).select_related("charge_point").order_by("-valid_from"))
    mine = charge_points_for(person).filter(pk__in=[home.charge_point_id for home in homes])
    open_to = set(mine.values_list("pk", flat=True))
    return [(home, home.charge_point_id in open_to) for home in homes]


def sees_money_of(person: Person, organisation_id: int) -> bool:
    """Whether `person` sees the wallets and payment methods of an organisation."""
    return organisations_for(person, Right.MONEY).filter(pk=organisation_id).exists()


def organisations_with_drivers(person: Person) -> QuerySet[Organisation]:
    """The organisations in which `person` may add drivers and keys."""
    return organisations_of(person, Right.EDIT).order_by("name")


def _counted(rows: QuerySet[ChargeKey], path: str) -> Iterable[tuple[int, int]]:
    return rows.order_by().values_list(path).annotate(Count("pk"))
