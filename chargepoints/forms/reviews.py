"""What people decide about bills and charges: each decision as a form."""

from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet

from chargepoints.forms.fields import DeskForm
from chargepoints.models import PaymentMethod

MOST_KWH = Decimal(100_000)


class NoteForm(DeskForm):
    """A decision that needs no more than a word why."""

    reason = forms.CharField(
        label="Note", max_length=200, required=False, help_text="Kept with the bill and on record."
    )


class WhyForm(DeskForm):
    """A decision that has to say why."""

    reason = forms.CharField(
        label="Reason",
        max_length=200,
        error_messages={"required": "Say why: it is kept on record."},
        help_text="Kept with the bill and on record.",
    )


class ReleaseForm(NoteForm):
    """Which energy to bill."""

    field_order = ["energy", "reason"]
    energy = forms.DecimalField(
        label="Energy (kWh)",
        min_value=0,
        max_value=MOST_KWH,
        decimal_places=3,
        error_messages={
            "required": "Say how many kWh to bill.",
            "invalid": "Write the energy as a number of kWh, such as 12.5.",
            "min_value": "Energy is never negative. Cancel the bill if nothing is to be paid.",
            "max_value": "This is more than any charge can be. Write kWh, not Wh.",
            "max_decimal_places": "Three decimals are enough: that is one Wh.",
        },
    )

    def energy_wh(self) -> int:
        """The energy in Wh; of a valid form."""
        return int(self.cleaned_data["energy"] * 1000)


class RefundForm(WhyForm):
    """How much to give back. `key` makes a doubled request one refund."""

    field_order = ["amount", "reason"]
    amount = forms.DecimalField(
        max_digits=12,
        decimal_places=2,
        error_messages={
            "required": "Say how much to give back.",
            "invalid": "Write the amount as a number, such as 12.50.",
            "max_decimal_places": "Two decimals are enough.",
        },
    )
    key = forms.RegexField(r"^[0-9a-f]{32}$", widget=forms.HiddenInput, error_messages={"invalid": "Open this again."})

    def __init__(self, *arguments: Any, currency: str = "", **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["amount"].label = f"Amount ({currency})"


class RetryForm(DeskForm):
    """From where to take the money this time."""

    method = forms.ModelChoiceField(
        PaymentMethod.objects.none(),
        label="Payment method",
        required=False,
        empty_label="As it was",
        error_messages={"invalid_choice": "This payment method cannot be used for this bill. Choose another one."},
    )

    def __init__(self, *arguments: Any, methods: QuerySet[PaymentMethod] | None = None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        field = self.fields["method"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = PaymentMethod.objects.none() if methods is None else methods
        field.label_from_instance = method_label  # type: ignore[method-assign,assignment]


def method_label(method: PaymentMethod) -> str:
    """A payment method as it stands in the list to choose from; `driver` must be loaded."""
    whose = f", {method.driver.name}" if method.driver else ""
    return f"{method.name} ({method.get_kind_display()}{whose}, {method.currency})"
