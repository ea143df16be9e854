"""Stretches of whole local days: which instants they are in a time zone. Pure; dates are a site's, instants UTC."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

# More would be no report that anybody reads, and a month is a row of it.
MOST_MONTHS = 120


@dataclass(frozen=True, slots=True)
class Period:
    """Local days from `first` up to, not including, `after`."""

    first: date
    after: date

    @property
    def last(self) -> date:
        """The last day in it."""
        return self.after - timedelta(days=1)

    def months(self) -> Iterator["Period"]:
        """The calendar months that it touches, the first and the last one cut to it."""
        begin = self.first
        while begin < self.after:
            end = min(month_after(begin), self.after)
            yield Period(begin, end)
            begin = end

    def instants(self, zone: str) -> tuple[datetime, datetime]:
        """Its begin and its end as instants in a time zone; a day of 23 or 25 hours is as long as it is."""
        return midnight(self.first, zone), midnight(self.after, zone)


def midnight(day: date, zone: str) -> datetime:
    """When a day begins in a time zone. Where clocks skip midnight, the moment at which they do."""
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)


def month_of(day: date) -> Period:
    """The calendar month with this day in it."""
    first = day.replace(day=1)
    return Period(first, month_after(first))


def month_before(day: date) -> Period:
    """The calendar month before the one with this day in it."""
    return month_of(day.replace(day=1) - timedelta(days=1))


def year_of(day: date) -> Period:
    """The calendar year with this day in it."""
    return Period(date(day.year, 1, 1), date(day.year + 1, 1, 1))


def month_after(day: date) -> date:
    """The first day of the next month."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
