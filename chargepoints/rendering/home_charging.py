"""Charging at home for people and for files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from zoneinfo import ZoneInfo

from chargepoints.models import Driver, HomeCharger
from chargepoints.pricing import ZERO
from chargepoints.rendering.reports import money_words
from chargepoints.selectors.home_charging import HomeCharge, HomeUse, summed
from chargepoints.services.home_chargers import home_span

COLUMNS = (
    *("charger", "begin", "end", "time_zone", "key", "driver", "energy_kwh", "per_kwh", "currency", "amount", "note"),
)


@dataclass(frozen=True, slots=True)
class RateLine:
    """One rate of one charger: what was used and what it comes to."""

    use: HomeUse
    span: str
    rate: str
    amount: str


@dataclass(frozen=True, slots=True)
class DriverLine:
    """A driver with all rates of a month; `to_pay` is in words, one for each currency."""

    driver: Driver
    rates: Sequence[RateLine]
    own_wh: int
    waiting: int
    to_pay: Sequence[str]


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """One charge of a statement; times are local to its site."""

    charge: HomeCharge
    amount: str


def driver_lines(uses: Sequence[HomeUse]) -> list[DriverLine]:
    """The uses by driver; they stand in the order of drivers."""
    return [driver_line(list(found)) for _, found in groupby(uses, key=lambda use: use.home.driver_id)]


def driver_line(uses: Sequence[HomeUse]) -> DriverLine:
    """All uses of one driver."""
    paid = [(use.home.currency, use.amount) for use in uses]
    return DriverLine(
        driver=uses[0].home.driver,
        rates=[rate_line(use) for use in uses],
        own_wh=sum(use.own_wh for use in uses),
        waiting=sum(use.waiting for use in uses),
        to_pay=[money_words(amount, currency) for currency, amount in summed(paid)],
    )


def rate_line(use: HomeUse) -> RateLine:
    """One rate in words."""
    return RateLine(use, home_span(use.home), rate_words(use.home), four_words(use.amount, use.home.currency))


def rate_words(home: HomeCharger) -> str:
    """`1.35 NOK per kWh`."""
    return f"{_plain(home.per_kwh)}\u00a0{home.currency} per kWh"


def four_words(amount: Decimal, currency: str) -> str:
    """A part of a sum, with four decimals: only the sum is rounded to coins."""
    return f"{amount.quantize(Decimal('0.0001')):,}".replace(",", "\u202f") + f"\u00a0{currency}"


def charge_lines(charges: Sequence[HomeCharge]) -> list[ChargeLine]:
    """The charges of a statement."""
    return [
        ChargeLine(each, "" if each.amount is None else four_words(each.amount, each.home.currency)) for each in charges
    ]


def statement_table(charges: Sequence[HomeCharge]) -> Iterator[Sequence[object]]:
    """The statement as rows of a file: every charge, then what is to be paid."""
    yield COLUMNS
    for each in charges:
        zone = ZoneInfo(each.zone)
        yield (
            str(each.home.charge_point),
            each.started_at.astimezone(zone).isoformat(timespec="seconds"),
            each.ended_at.astimezone(zone).isoformat(timespec="seconds") if each.ended_at else "",
            each.zone,
            each.key,
            each.driver,
            Decimal(each.energy_wh) / 1000,
            each.home.per_kwh,
            each.home.currency,
            None if each.amount is None else each.amount.quantize(Decimal("0.0001")),
            each.why_not or ("" if each.is_own else "another's key"),
        )
    for currency, amount in summed([(each.home.currency, each.amount or ZERO) for each in charges]):
        yield ("To pay back", *([""] * 7), currency, amount, "")


def _plain(amount: Decimal) -> str:
    """Without noughts at the end, but for coins."""
    text = f"{amount:f}"
    whole, _, rest = text.partition(".")
    return f"{whole}.{rest.rstrip('0').ljust(2, '0')}"
