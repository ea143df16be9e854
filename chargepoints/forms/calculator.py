"""What the calculator is asked; everything stands in the address."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError

from chargepoints.forms.fields import DeskForm
from chargepoints.forms.prices import MOMENT

Choices = Sequence[tuple[str, Sequence[tuple[str, str]]]]
_MOST_MINUTES = 31 * 1440


class CalculatorForm(DeskForm):
    """A charge that could be: where, from when on, how much energy, how long or with which power, how long idle."""

    of = forms.ChoiceField(label="Prices of", error_messages={"invalid_choice": "Choose a price group or a site."})
    begin = forms.DateTimeField(
        label="Begin",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT),
        error_messages={"invalid": "Type a date and a time, such as 2026-11-20 14:30.", "required": "Give the begin."},
    )
    kwh = forms.DecimalField(
        label="Energy (kWh)", min_value=Decimal("0.001"), max_value=10_000, decimal_places=3, initial=20
    )
    minutes = forms.IntegerField(
        label="Charging (minutes)", required=False, min_value=1, max_value=_MOST_MINUTES, initial=60
    )
    power = forms.DecimalField(
        label="or average power (kW)", required=False, min_value=Decimal("0.1"), max_value=1_000, decimal_places=3
    )
    idle = forms.IntegerField(
        label="Idle after it (minutes)", required=False, min_value=0, max_value=_MOST_MINUTES, initial=0
    )

    def __init__(self, *arguments: Any, choices: Choices, **options: Any) -> None:
        super().__init__(*arguments, **options)
        chooser = self.fields["of"]
        assert isinstance(chooser, forms.ChoiceField)
        chooser.choices = choices
        for name in ("kwh", "minutes", "power", "idle"):
            self.fields[name].widget.attrs["step"] = "any"

    def clean(self) -> dict[str, Any]:
        """How long it takes is told once: in minutes or by the power."""
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        if cleaned["minutes"] and cleaned["power"]:
            raise ValidationError({"power": "Give the minutes or the power, not both."})
        if not cleaned["minutes"] and not cleaned["power"]:
            raise ValidationError({"minutes": "Give the minutes or the power."})
        if self.seconds() > _MOST_MINUTES * 60:
            raise ValidationError({"power": "With this power it takes more than 31 days."})
        return cleaned

    def seconds(self) -> int:
        """How long energy flows, of a valid form."""
        given = self.cleaned_data
        if given["minutes"]:
            return int(given["minutes"]) * 60
        return max(int(given["kwh"] / given["power"] * 3600), 1)

    def begin_in(self, zone: ZoneInfo) -> datetime:
        """The begin by the clocks of a zone; what they skip is an hour later."""
        found: datetime = self.cleaned_data["begin"]
        return found.replace(tzinfo=zone)
