"""The form that starts a charge."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from chargepoints.forms.actions import ConnectorForm, Parameters
from chargepoints.selectors.keys import key_exists
from chargepoints.selectors.starts import start_forbidden
from chargepoints.services.start_choices import MOST_AMOUNT, MOST_S, MOST_WH


def _wrong(name: str, most: object) -> dict[str, str]:
    sentence = f"{name} is a number above 0 and up to {most}, or empty."
    return dict.fromkeys(
        ("invalid", "min_value", "max_value", "max_digits", "max_decimal_places", "max_whole_digits"), sentence
    )


class StartForm(ConnectorForm):
    """A connector, the key to charge with, who pays at which price, and where the charge shall end."""

    template = "chargepoints/actions/kinds/_start.html"
    id_tag = forms.CharField(max_length=255, error_messages={"required": "Choose a driver or a key."})
    payment_method = forms.IntegerField(required=False, error_messages={"invalid": "Choose who pays."})
    price_group = forms.IntegerField(required=False, error_messages={"invalid": "Choose a price group."})
    limit_kwh = forms.DecimalField(
        required=False,
        min_value=Decimal("0.001"),
        max_value=Decimal(MOST_WH // 1000),
        decimal_places=3,
        error_messages=_wrong("The limit of energy (kWh)", MOST_WH // 1000),
    )
    limit_minutes = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_S // 60,
        error_messages=_wrong("The limit of time (min)", MOST_S // 60),
    )
    limit_amount = forms.DecimalField(
        required=False,
        min_value=Decimal("0.01"),
        max_value=MOST_AMOUNT,
        decimal_places=2,
        error_messages=_wrong("The limit of cost", MOST_AMOUNT),
    )

    def clean_id_tag(self) -> str:
        """A key that the operator knows."""
        tag: str = self.cleaned_data["id_tag"]
        if not key_exists(self.charge_point, tag):
            raise ValidationError("This key is not known. Choose one from the list.")
        return tag

    def clean(self) -> dict[str, Any]:
        """What the person may not decide is refused."""
        cleaned = super().clean()
        if self.errors or self.person is None:
            return cleaned
        if forbidden := start_forbidden(self.person, self.charge_point, self.parameters()):
            raise ValidationError(forbidden)
        return cleaned

    def parameters(self) -> Parameters:
        """`{"connector": 1, "id_tag": "…", "payment_method": 7, "limit_wh": 10000}`; what is empty is left out."""
        given = self.cleaned_data
        kwh, minutes, amount = given["limit_kwh"], given["limit_minutes"], given["limit_amount"]
        chosen: Parameters = {
            "payment_method": given["payment_method"],
            "price_group": given["price_group"],
            "limit_wh": None if kwh is None else int(kwh * 1000),
            "limit_s": None if minutes is None else minutes * 60,
            "limit_amount": None if amount is None else f"{amount:f}",
        }
        told = {name: value for name, value in chosen.items() if value is not None}
        return {**super().parameters(), "id_tag": given["id_tag"], **told}
