"""Hourly prices out of a table that somebody uploaded: time and price, as markets and spreadsheets write them. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from zoneinfo import ZoneInfo

from hub.spreadsheets import Row

HOUR = timedelta(hours=1)
PARTS = Decimal("0.000001")
LARGEST = Decimal(100_000)
_DOTTED = ("%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y")


@dataclass(frozen=True, slots=True)
class Wrong:
    """A row that cannot be used, what stands in it, and what to do."""

    row: int
    value: str
    advice: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Hours without a price, from `begin` to before `end`, UTC."""

    begin: datetime
    end: datetime

    @property
    def hours(self) -> int:
        """How many."""
        return (self.end - self.begin) // HOUR


@dataclass(frozen=True, slots=True)
class Hours:
    """What a table says: hour (UTC) to price per kWh; what is wrong; hours that came again with the same price."""

    prices: Mapping[datetime, Decimal]
    wrong: Sequence[Wrong] = ()
    doubles: Sequence[datetime] = ()

    @property
    def gaps(self) -> list[Gap]:
        """Stretches between the first and the last hour that have no price."""
        return gaps_of(self.prices)


def gaps_of(hours: Iterable[datetime]) -> list[Gap]:
    """Stretches without an hour, between the first and the last one."""
    return [Gap(a + HOUR, b) for a, b in pairwise(sorted(hours)) if b - a > HOUR]


def hours_read(rows: Sequence[Row], *, zone: ZoneInfo, per_mwh: bool) -> Hours:
    """The prices of a table of two columns. Times without an offset are those of `zone`; a header is left out.

    When clocks are put back an hour comes twice: its second row is the second one. A time that clocks skip is wrong.
    """
    prices: dict[datetime, Decimal] = {}
    wrong: list[Wrong] = []
    doubles: list[datetime] = []
    for index, row in enumerate(rows):
        cells = _cells(row)
        try:
            at = _hour(cells[0], zone, prices)
        except ValueError as error:
            if index or _number(cells[-1]) is not None:
                wrong.append(Wrong(row.number, cells[0], str(error)))
            continue
        price = _number(cells[1]) if len(cells) > 1 else None
        if price is None:
            wrong.append(Wrong(row.number, cells[1] if len(cells) > 1 else "", "Write a price such as 0,4512."))
            continue
        price = (price / 1000 if per_mwh else price).quantize(PARTS)
        if abs(price) >= LARGEST:
            wrong.append(Wrong(row.number, cells[1], "This price is too large to be true. Check the unit."))
        elif at in prices and prices[at] != price:
            wrong.append(Wrong(row.number, cells[0], f"This hour has another price above: {prices[at].normalize():f}."))
        elif at in prices:
            doubles.append(at)
        else:
            prices[at] = price
    return Hours(prices, wrong, doubles)


def _cells(row: Row) -> Sequence[str]:
    # With tabs between and a decimal comma within, the comma looked like the mark between cells.
    return ",".join(row.cells).split("\t") if any("\t" in cell for cell in row.cells) else row.cells


def _hour(text: str, zone: ZoneInfo, seen: Mapping[datetime, Decimal]) -> datetime:
    """The begin of an hour, UTC. Raises ValueError with what to do."""
    found = _moment(text)
    if found.minute or found.second or found.microsecond:
        raise ValueError("This is no whole hour. Hub bills by hourly prices.")
    try:
        if found.tzinfo is not None:
            return found.astimezone(UTC)
        first, second = (found.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        if first.astimezone(zone).replace(tzinfo=None) != found:
            raise ValueError(f"This hour does not exist in {zone.key}: clocks are put forward over it.")
    except OverflowError:
        raise ValueError("This year is not possible.") from None
    return second if first != second and first in seen else first


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    for form in _DOTTED:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - the zone is the caller's
        except ValueError:
            continue
    raise ValueError("Write a time such as 2026-11-20 14:00 or 20.11.2026 14:00.")


def _number(text: str) -> Decimal | None:
    """A number with a decimal comma or point, thousands apart by blanks or by the other one of the two."""
    plain = "".join(text.split()).replace("\u2212", "-")
    comma, point = plain.rfind(","), plain.rfind(".")
    if comma > point:
        plain = plain.replace(".", "").replace(",", ".")
    elif comma >= 0:
        plain = plain.replace(",", "")
    try:
        found = Decimal(plain)
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found) < LARGEST * 1000 * 1000 else None
