"""What a report is asked for, as it stands in its address."""

from datetime import date

from django import forms
from django.db.models import TextChoices

from chargepoints.periods import MOST_MONTHS, Period, month_before, month_of, year_of
from chargepoints.selectors.report_statement import Grouping
from chargepoints.selectors.reports import ReportFilters

_EARLIEST, _LATEST = date(2000, 1, 1), date(2100, 1, 1)
_BIGGEST = 2**62


class PeriodChoice(TextChoices):
    """The periods that can be chosen with one click."""

    THIS_MONTH = "this-month", "This month"
    LAST_MONTH = "last-month", "Last month"
    YEAR = "year", "This year"
    RANGE = "range", "From to"


GROUPINGS = {
    Grouping.SITE: "By site",
    Grouping.CHARGER: "By charger",
    Grouping.DRIVER: "By driver",
    Grouping.MONTH: "By month",
}


class ReportForm(forms.Form):
    """Lenient: a value that makes no sense is left out; days that make no period are told in `trouble`."""

    by = forms.ChoiceField(choices=[(each, each) for each in Grouping], required=False)
    period = forms.ChoiceField(choices=PeriodChoice, required=False)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)
    site = forms.IntegerField(required=False, min_value=0, max_value=_BIGGEST)
    team = forms.IntegerField(required=False, min_value=0, max_value=_BIGGEST)
    trouble = ""

    def filters(self, today: date) -> ReportFilters:
        """What was asked for."""
        self.is_valid()
        given = self.cleaned_data
        return ReportFilters(
            period=self._period(today),
            grouping=Grouping(given.get("by") or Grouping.SITE),
            site=given.get("site"),
            team=given.get("team"),
        )

    def chosen(self) -> str:
        """The choice of period: the days that were given count without it."""
        self.is_valid()
        given = self.cleaned_data
        has_days = bool(given.get("since") or given.get("until"))
        return str(given.get("period") or (PeriodChoice.RANGE if has_days else PeriodChoice.THIS_MONTH))

    def _period(self, today: date) -> Period:
        chosen = self.chosen()
        if chosen == PeriodChoice.LAST_MONTH:
            return month_before(today)
        if chosen == PeriodChoice.YEAR:
            return year_of(today)
        if chosen == PeriodChoice.RANGE:
            return self._range(today)
        return month_of(today)

    def _range(self, today: date) -> Period:
        first = self.cleaned_data.get("since") or month_of(today).first
        last = self.cleaned_data.get("until") or max(today, first)
        if not _EARLIEST <= first <= last < _LATEST:
            self.trouble = (
                "The first day must not be after the last one, and both between 2000 and 2099. This month is shown."
            )
            return month_of(today)
        period = Period(first, date.fromordinal(last.toordinal() + 1))
        if (last.year - first.year) * 12 + last.month - first.month >= MOST_MONTHS:
            self.trouble = f"A report covers {MOST_MONTHS // 12} years at most. This month is shown."
            return month_of(today)
        return period
