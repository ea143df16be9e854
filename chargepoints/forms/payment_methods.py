"""Payment methods, and money that comes into wallets and leaves them."""

import uuid
from decimal import Decimal
from typing import Any

from django import forms

from chargepoints.choices import WALLETS, PaymentKind
from chargepoints.forms.fields import DeskForm
from chargepoints.models import PaymentMethod
from chargepoints.providers import PROVIDERS

OF_DRIVERS = (PaymentKind.WALLET, PaymentKind.CARD, PaymentKind.INVOICE, PaymentKind.FREE)
OF_TEAMS = (PaymentKind.TEAM_WALLET, PaymentKind.CARD, PaymentKind.INVOICE, PaymentKind.FREE)
SHORTEST_REFERENCE = 8
IN, OUT = "in", "out"


class PaymentMethodForm(DeskForm):
    """A new payment method of a driver or team; with `method` what can be changed of one."""

    kind = forms.ChoiceField(label="Kind")
    name = forms.CharField(required=False, max_length=80, help_text="Empty: as its kind is called.")
    currency = forms.RegexField(
        r"^[A-Za-z]{3}$",
        max_length=3,
        error_messages={"invalid": "Use the three letters of ISO 4217, such as NOK or EUR."},
        help_text="A wallet pays prices in its own currency only.",
    )
    provider = forms.ChoiceField(
        choices=[(name, provider.label) for name, provider in PROVIDERS.items()],
        required=False,
        help_text="Of cards: who keeps them.",
    )
    reference = forms.CharField(
        required=False,
        max_length=160,
        min_length=SHORTEST_REFERENCE,
        help_text="Of cards: the provider's token, never the number of the card. Only its last four are shown again.",
    )
    credit_limit = forms.DecimalField(
        required=False,
        min_value=Decimal(0),
        max_digits=12,
        decimal_places=2,
        initial=Decimal(0),
        help_text="Of wallets: how far below zero it may go.",
    )

    def __init__(
        self,
        *arguments: Any,
        kinds: tuple[PaymentKind, ...] = (),
        method: PaymentMethod | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self.method = method
        self.fields["kind"].choices = [(kind, kind.label) for kind in kinds]  # type: ignore[attr-defined]
        self.fields["currency"].widget.attrs |= {"maxlength": 3, "autocapitalize": "characters"}
        if method is not None:
            for name in ("kind", "currency", "provider"):
                del self.fields[name]
            self.fields["name"].required = True
            self.fields["name"].help_text = ""
            if method.kind not in WALLETS:
                del self.fields["credit_limit"]
            if method.kind == PaymentKind.CARD:
                self.fields["reference"].help_text = "Empty: the one that is kept stays."
            else:
                del self.fields["reference"]

    def clean_currency(self) -> str:
        """In capitals."""
        currency: str = self.cleaned_data["currency"]
        return currency.upper()

    def clean_credit_limit(self) -> Decimal:
        """None is none."""
        limit: Decimal | None = self.cleaned_data["credit_limit"]
        return limit if limit is not None else Decimal(0)

    def clean(self) -> dict[str, Any] | None:
        """A card needs its reference."""
        cleaned = super().clean()
        given = self.cleaned_data
        if given.get("kind") == PaymentKind.CARD and not given.get("reference") and "reference" not in self.errors:
            self.add_error("reference", "A card needs the reference that its provider gave.")
        return cleaned


class TopUpForm(DeskForm):
    """Money into a wallet or out of it; `key` is the same for a form that is sent twice."""

    key = forms.UUIDField(widget=forms.HiddenInput, error_messages={"required": "Open the form again."})
    direction = forms.ChoiceField(
        choices=[(IN, "Top up"), (OUT, "Pay out")], initial=IN, widget=forms.RadioSelect, label="What happens"
    )
    amount = forms.DecimalField(
        min_value=Decimal("0.01"),
        max_value=Decimal(1_000_000),
        max_digits=9,
        decimal_places=2,
        error_messages={"required": "Give an amount."},
    )
    reason = forms.CharField(
        max_length=200,
        error_messages={"required": "Say where the money came from or went: it stands on the statement."},
        help_text="Stands on the statement and in the audit log.",
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["key"].initial = uuid.uuid4
        self.fields["amount"].widget.attrs |= {"inputmode": "decimal"}

    def signed(self) -> Decimal:
        """The amount of a valid form, negative when it leaves."""
        amount: Decimal = self.cleaned_data["amount"]
        return -amount if self.cleaned_data["direction"] == OUT else amount
