"""Reports for people and for files."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from chargepoints.pricing import minor_unit
from chargepoints.selectors.reports import Figures, Money
from hub.templatetags.desk import NO_VALUE, thousands

_MINUS = "\u2212"
# Narrow, and no place to break a line.
_NARROW = "\u202f"
# Money stands last, so that who may not see it gets the same columns without it.
COLUMNS = (
    *("group", "detail", "charges", "energy_kwh", "mean_energy_kwh", "mean_duration_min", "with_charge_h"),
    *("charging_h", "paused_h", "connector_h", "maintenance_h", "with_charge_percent", "charging_percent"),
)
MONEY_COLUMNS = ("currency", "net", "vat", "total", "of_which_refunded", "to_review", "unpaid")
_HOUR = 3600

Cell = str | int | Decimal | None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table: its figures, and how long its bar is."""

    figures: Figures
    most_wh: int

    @property
    def kwh(self) -> str:
        """Energy, to be compared with others."""
        return f"{self.figures.energy_wh / 1000:,.1f}".replace(",", _NARROW)

    @property
    def paused(self) -> str:
        """Hours without energy at the ends of charges."""
        return hours_words(self.figures.paused)

    @property
    def money(self) -> list[dict[str, str]]:
        """Each currency's amounts in words."""
        return money_list(self.figures.money)

    @property
    def used(self) -> str:
        """Share of the connector time with a charge."""
        return share_words(self.figures.used_share)

    @property
    def charging(self) -> str:
        """Share of the connector time with energy."""
        return share_words(self.figures.charging_share)


def lines(groups: Sequence[Figures]) -> list[Line]:
    """The lines of a table; bars are measured by the one with most energy."""
    most = max((each.energy_wh for each in groups), default=0)
    return [Line(each, most) for each in groups]


def money_words(amount: Decimal, currency: str) -> str:
    """`1 234.50 NOK`, with as many decimals as the currency has."""
    return f"{amount_words(amount, currency)}\u00a0{currency}"


def amount_words(amount: Decimal, currency: str) -> str:
    """The same without its currency, for columns beside one that names it."""
    exact = amount.quantize(minor_unit(currency))
    return f"{_MINUS if exact < 0 else ''}{abs(exact):,}".replace(",", _NARROW)


def money_list(money: Sequence[Money]) -> list[dict[str, str]]:
    """Each currency's amounts in words."""
    return [
        {
            "net": amount_words(each.net, each.currency),
            "vat": amount_words(each.vat, each.currency),
            "total": money_words(each.total, each.currency),
            "refunded": amount_words(each.refunded, each.currency) if each.refunded else "",
        }
        for each in money
    ]


def share_words(share: float | None) -> str:
    """A share in percent."""
    return NO_VALUE if share is None else f"{100 * share:.1f}\u00a0%"


def hours_words(seconds: int) -> str:
    """Hours for a column of figures."""
    hours = seconds / _HOUR
    return thousands(round(hours)) if hours >= 100 else f"{hours:.1f}"


def table(groups: Iterable[Figures], *, with_money: bool) -> Iterator[Sequence[Cell]]:
    """The report as rows of a file, head first and the total last; a line more for each further currency."""
    yield (*COLUMNS, *(MONEY_COLUMNS if with_money else ()))
    before: Figures | None = None
    for figures in groups:
        if before is not None:
            yield from _rows(before, before.name, with_money)
        before = figures
    if before is not None:
        yield from _rows(before, "Total", with_money)


def _rows(figures: Figures, name: str, with_money: bool) -> Iterator[Sequence[Cell]]:
    told: tuple[Cell, ...] = (
        name,
        figures.detail,
        figures.charges,
        Decimal(figures.energy_wh) / 1000,
        None if figures.mean_wh is None else Decimal(figures.mean_wh) / 1000,
        None if figures.mean_seconds is None else _ratio(figures.mean_seconds, 60),
        *(_ratio(each, _HOUR) for each in (figures.connected, figures.charging, figures.paused)),
        *(_ratio(each, _HOUR) for each in (figures.capacity, figures.maintenance)),
        *(_percent(each) for each in (figures.used_share, figures.charging_share)),
    )
    if not with_money:
        yield told
        return
    counts = (figures.review, figures.unpaid)
    money = list(figures.money)
    first = money[0] if money else None
    yield (*told, *_amounts(first), *counts)
    for each in money[1:]:
        # What is summed up in a spreadsheet must stand there once.
        yield (name, figures.detail, *(None for _ in COLUMNS[2:]), *_amounts(each), None, None)


def _amounts(money: Money | None) -> tuple[Cell, ...]:
    if money is None:
        return ("", None, None, None, None)
    return (money.currency, money.net, money.vat, money.total, money.refunded)


def _ratio(value: int, unit: int) -> Decimal:
    return (Decimal(value) / unit).quantize(Decimal("0.01"))


def _percent(share: float | None) -> Decimal | None:
    return None if share is None else Decimal(100 * share).quantize(Decimal("0.01"))
