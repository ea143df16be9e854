"""Sources of hourly prices, and tables of them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet

from chargepoints.forms.fields import DeskForm, dress, offer
from chargepoints.forms.prices import CurrencyField
from chargepoints.hourly import Hours, hours_read
from chargepoints.models import SpotSource
from chargepoints.models.site import validate_time_zone
from hub.spreadsheets import MOST_BYTES, TableError, table_read
from hub.teams.models import Organisation

KEPT_SECONDS = 3600
_SALT = "hourly-prices"
_TOO_BIG = f"The file is larger than {MOST_BYTES // 1024 // 1024} MB. Split it into several files."


class SpotSourceForm(forms.ModelForm[SpotSource]):
    """A new source."""

    currency = CurrencyField(help_text="Of its prices. Price groups of the same currency can use it.")

    class Meta:
        model = SpotSource
        fields = ("organisation", "name", "currency")

    def __init__(self, *arguments: Any, organisations: QuerySet[Organisation], **options: Any) -> None:
        options.setdefault("label_suffix", "")
        super().__init__(*arguments, **options)
        offer(self.fields["organisation"], organisations.order_by("name"))
        for field in self.fields.values():
            dress(field)

    def validate_constraints(self) -> None:
        """The service tells, which knows for sure."""


class HoursForm(DeskForm):
    """A file with hourly prices. `hours` is what it says once the form is valid."""

    file = forms.FileField(
        label="CSV file or Excel workbook",
        error_messages={"required": "Choose a file.", "empty": "The file is empty."},
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xlsx", "class": "in file"}),
    )
    unit = forms.ChoiceField(label="Prices are", choices=[("kwh", "per kWh"), ("mwh", "per MWh")], initial="kwh")
    zone = forms.CharField(
        label="Times are of",
        max_length=64,
        validators=[validate_time_zone],
        help_text="Where a time carries its own offset, that counts.",
        error_messages={"required": "Give the time zone of the times."},
    )
    hours: Hours

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["zone"].widget.attrs |= {"list": "zones", "spellcheck": "false"}

    def clean(self) -> dict[str, Any]:
        """A table with a time and a price in each row."""
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        given: UploadedFile[Any] = cleaned["file"]
        if (given.size or 0) > MOST_BYTES:
            self.add_error("file", _TOO_BIG)
            return cleaned
        try:
            rows = table_read(given.read())
        except TableError as error:
            self.add_error("file", str(error))
            return cleaned
        self.hours = hours_read(rows, zone=ZoneInfo(cleaned["zone"]), per_mwh=cleaned["unit"] == "mwh")
        if not self.hours.prices and not self.hours.wrong:
            self.add_error("file", "There is no row with a time and a price in it.")
        return cleaned


class StoreForm(forms.Form):
    """The hours that were looked at, as the page before has signed them."""

    hours = forms.CharField(max_length=2_000_000)


def hours_sign(source: SpotSource, hours: Hours) -> str:
    """The good hours, to be sent back within an hour and for this source only."""
    told = {str(int(at.timestamp())): f"{price:f}" for at, price in hours.prices.items()}
    return signing.dumps({"source": source.pk, "hours": told}, salt=_SALT, compress=True)


def hours_signed(source: SpotSource, text: str) -> dict[datetime, Decimal] | None:
    """The same read again; None when it is too old, of another source, or not ours."""
    try:
        told = signing.loads(text, salt=_SALT, max_age=KEPT_SECONDS)
    except signing.BadSignature:
        return None
    if told["source"] != source.pk:
        return None
    return {datetime.fromtimestamp(int(at), UTC): Decimal(price) for at, price in told["hours"].items()}
