"""Assigning a charger to a driver, and the month that a page is about."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError

from chargepoints.forms.fields import DeskForm
from chargepoints.models import ChargePoint, Driver, HomeCharger
from chargepoints.periods import Period, midnight, month_of
from chargepoints.permissions import Person
from chargepoints.selectors.home_charging import home_charge_points, home_drivers
from hub.currencies import THOUSANDTHS

_DAY = timedelta(days=1)
_EARLIEST, _LATEST = date(2000, 1, 1), date(2100, 1, 1)


class RateForm(DeskForm):
    """The rate and the days for which it holds; days are those of the charger's site."""

    per_kwh = forms.DecimalField(
        label="Paid back per kWh",
        min_value=Decimal(0),
        max_digits=12,
        decimal_places=6,
        help_text="What electricity costs the driver, such as 1.35.",
    )
    currency = forms.RegexField(
        r"^[A-Z]{3}$",
        label="Currency",
        error_messages={"invalid": "Use the three letters of ISO 4217, such as NOK or EUR."},
    )
    first = forms.DateField(label="First day", widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(
        label="Last day",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Empty: until somebody ends it. For a new rate end this one and assign the charger again.",
    )

    def clean_currency(self) -> str:
        """Not one whose coins are thousandths."""
        currency: str = self.cleaned_data["currency"]
        if currency in THOUSANDTHS:
            raise ValidationError(f"{currency} has coins of a thousandth, which Hub does not count in.")
        return currency

    def clean_first(self) -> date:
        """Within a century."""
        return _sensible(self.cleaned_data["first"])

    def clean_last(self) -> date | None:
        """Within a century, too."""
        last: date | None = self.cleaned_data.get("last")
        return None if last is None else _sensible(last)

    def clean(self) -> dict[str, Any]:
        """The days are in their order."""
        given = self.cleaned_data
        first, last = given.get("first"), given.get("last")
        if first and last and last < first:
            self.add_error("last", "The last day must not be before the first one.")
        return given

    def span(self, zone: str) -> tuple[datetime, datetime | None]:
        """From when until when, as instants."""
        first, last = self.cleaned_data["first"], self.cleaned_data["last"]
        return midnight(first, zone), midnight(last + _DAY, zone) if last else None


class AssignForm(RateForm):
    """The charger and the driver as well, typed."""

    charge_point = forms.CharField(label="Charger", max_length=80, help_text="Its name or identity.")
    driver = forms.CharField(label="Driver", max_length=254, help_text="User id, name or e-mail address.")
    field_order = ("charge_point", "driver", "per_kwh", "currency", "first", "last")

    def __init__(self, *arguments: Any, person: Person, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.person = person

    def clean_charge_point(self) -> ChargePoint:
        """The one charger that is meant."""
        text = self.cleaned_data["charge_point"].strip()
        found = home_charge_points(self.person, text)
        if not found:
            raise ValidationError(f"There is no charger called {text!r}. Type its whole name or identity.")
        if len(found) > 1:
            raise ValidationError("Several chargers have this name. Type the identity.")
        return found[0]

    def clean_driver(self) -> Driver:
        """The one driver who is meant."""
        text = self.cleaned_data["driver"].strip()
        found = home_drivers(self.person, text)
        if not found:
            raise ValidationError(f"There is no driver {text!r}. Type the whole name, user id or e-mail address.")
        if len(found) > 1:
            raise ValidationError("Several drivers have this name. Type the user id.")
        return found[0]


def rate_initial(home_charger: HomeCharger) -> dict[str, object]:
    """What the form of an assignment is opened with; `charge_point.site` must be loaded."""
    zone = ZoneInfo(home_charger.charge_point.site.time_zone)
    until = home_charger.valid_to
    return {
        "per_kwh": home_charger.per_kwh.normalize() if home_charger.per_kwh else Decimal(0),
        "currency": home_charger.currency,
        "first": home_charger.valid_from.astimezone(zone).date(),
        "last": (until.astimezone(zone) - timedelta(microseconds=1)).date() if until else None,
    }


def month_read(text: str, today: date) -> Period:
    """The month of an address, `2026-11`; the one before this for anything else: that is the one to pay."""
    try:
        day = date.fromisoformat(f"{text}-01")
    except ValueError:
        day = _LATEST
    return month_of(day) if _EARLIEST <= day < _LATEST else month_of(today.replace(day=1) - _DAY)


def month_write(period: Period) -> str:
    """The month as it stands in an address."""
    return f"{period.first:%Y-%m}"


def _sensible(day: date) -> date:
    if not _EARLIEST <= day < _LATEST:
        raise ValidationError("Choose a day between 2000 and 2099.")
    return day
