"""Price groups and their prices as people type them."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from chargepoints.forms.fields import dress, offer
from chargepoints.models import Price, PriceGroup, SpotSource
from chargepoints.pricing import rounded
from chargepoints.services.prices import GROUP_FIELDS
from hub.currencies import THOUSANDTHS
from hub.teams.models import Organisation

NOW, LATER = "now", "later"
MOMENT = "%Y-%m-%dT%H:%M"
_YES_NO = [("True", "Amounts include VAT"), ("False", "VAT comes on top")]
_SPOT = ("spot_factor", "spot_fallback", "spot_minimum", "spot_maximum")


class CurrencyField(forms.CharField):
    """Three letters of ISO 4217 whose smallest unit Hub can count."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=3, min_length=3, **options)
        self.error_messages |= {
            "required": "Give the currency.",
            "max_length": "Use three letters, such as NOK.",
            "min_length": "Use three letters, such as NOK.",
        }
        self.widget.attrs |= {"list": "currencies", "autocomplete": "off", "spellcheck": "false"}

    def clean(self, value: Any) -> str:
        """In capitals."""
        found = str(super().clean(str(value or "").strip().upper()))
        if not (found.isascii() and found.isalpha()):
            raise ValidationError("Use the three letters of ISO 4217, such as NOK or EUR.")
        return currency_checked(found)


def currency_checked(currency: str) -> str:
    """The currency. Raises ValidationError for those with thousandths."""
    if currency in THOUSANDTHS:
        raise ValidationError(f"{currency} is counted in thousandths, and Hub counts in hundredths. Choose another.")
    return currency


class PriceGroupForm(forms.ModelForm[PriceGroup]):
    """A price group without its prices; its currency is chosen once."""

    currency = CurrencyField(help_text="Three letters, such as NOK. It cannot be changed later.")

    class Meta:
        model = PriceGroup
        fields = ("organisation", "name", "currency", "description", "authorise_amount", "is_default")
        labels = {"is_default": "Default", "authorise_amount": "Hold while charging"}
        help_texts = {
            "name": "As it stands in lists, such as Public.",
            "description": "For colleagues.",
            "authorise_amount": "Held on wallets and cards while a charge runs; 0 holds nothing.",
            "is_default": "For sites that chose none. There is one default: another one is none any more.",
        }

    def __init__(self, *arguments: Any, organisations: QuerySet[Organisation], **options: Any) -> None:
        options.setdefault("label_suffix", "")
        super().__init__(*arguments, **options)
        if self.instance.pk:
            del self.fields["organisation"], self.fields["currency"]
        else:
            offer(self.fields["organisation"], organisations.order_by("name"))
        for field in self.fields.values():
            dress(field)
            field.widget.attrs.setdefault("step", "any")

    def clean(self) -> dict[str, Any]:
        """Money comes in whole smallest units."""
        cleaned = super().clean() or self.cleaned_data
        currency, amount = cleaned.get("currency") or self.instance.currency, cleaned.get("authorise_amount")
        if amount is not None and amount != rounded(amount, currency):
            self.add_error("authorise_amount", f"{currency} has no such small amounts.")
        return cleaned

    def facts(self) -> dict[str, object]:
        """What was typed, under the names of GROUP_FIELDS."""
        return {name: self.cleaned_data[name] for name in GROUP_FIELDS}

    def _get_validation_exclusions(self) -> set[str]:
        """What is taken already is told by the service, which knows for sure."""
        return {*super()._get_validation_exclusions(), "organisation"}  # type: ignore[misc]

    def validate_constraints(self) -> None:
        """See above: a default that another group has is taken over, which no constraint can know."""


class PriceForm(forms.ModelForm[Price]):
    """One price of a group, from a moment on. Units stand beside the names."""

    when = forms.ChoiceField(choices=[(NOW, "Now"), (LATER, "Later")], initial=NOW, widget=forms.RadioSelect)
    starts_at = forms.DateTimeField(
        label="From",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT),
        error_messages={"invalid": "Type a date and a time, such as 2026-11-20 14:30."},
    )
    includes_vat = forms.TypedChoiceField(label="VAT is", choices=_YES_NO, coerce=lambda text: text == "True")

    class Meta:
        model = Price
        fields = (
            *("per_kwh", "per_minute", "free_minutes", "start_fee", "minimum", "includes_vat", "vat_percent"),
            *("idle_per_minute", "idle_grace_minutes", "idle_maximum"),
            *("spot_source", "spot_factor", "spot_fallback", "spot_minimum", "spot_maximum"),
        )

    def __init__(self, *arguments: Any, group: PriceGroup, **options: Any) -> None:
        options.setdefault("label_suffix", "")
        super().__init__(*arguments, **options)
        self.instance.price_group = group
        self.instance.valid_from = timezone.now()
        self.words = _labels(group.currency)
        for name, (label, help_text) in self.words.items():
            self.fields[name].label, self.fields[name].help_text = label, help_text
        sources = self.fields["spot_source"]
        assert isinstance(sources, forms.ModelChoiceField)
        sources.queryset = SpotSource.objects.filter(organisation=group.organisation_id, currency=group.currency)
        sources.empty_label = "None: the price per kWh is fixed"
        for name, field in self.fields.items():
            dress(field)
            if isinstance(field, forms.DecimalField | forms.IntegerField):
                field.widget.attrs["step"] = "any"
                if name not in self.Meta.fields[-5:]:
                    field.required = False
        self.fields["spot_factor"].required = False

    def clean(self) -> dict[str, Any]:
        """What is left empty is 0; without a source there is no hourly part."""
        cleaned = super().clean() or self.cleaned_data
        for name in self.Meta.fields:
            field = self.fields[name]
            if (
                cleaned.get(name) is None
                and name in cleaned
                and isinstance(field, forms.DecimalField | forms.IntegerField)
            ):
                cleaned[name] = None if name in {"idle_maximum", *_SPOT[1:]} else Decimal(name == "spot_factor")
        if cleaned.get("when") == LATER and not cleaned.get("starts_at") and "starts_at" not in self.errors:
            self.add_error("starts_at", "Say from when on, or choose Now.")
        if cleaned.get("spot_source") is None:
            cleaned |= {"spot_factor": Decimal(1), "spot_fallback": None, "spot_minimum": None, "spot_maximum": None}
        least, most = cleaned.get("spot_minimum"), cleaned.get("spot_maximum")
        if least is not None and most is not None and least > most:
            self.add_error("spot_maximum", "The most is below the least.")
        return cleaned

    def facts(self, windows: list[dict[str, object]]) -> dict[str, object]:
        """What the service wants of a valid form."""
        return {**{name: self.cleaned_data[name] for name in self.Meta.fields}, "windows": windows}

    def moment(self) -> Any:
        """From when on; None is now."""
        return self.cleaned_data["starts_at"] if self.cleaned_data["when"] == LATER else None

    def price(self, windows: list[dict[str, object]]) -> Price:
        """An unsaved price of what was typed, to see what it costs."""
        found = self.instance
        for name, value in self.facts(windows).items():
            setattr(found, name, value)
        return found

    def validate_constraints(self) -> None:
        """Moments are the service's."""


def _labels(currency: str) -> dict[str, tuple[str, str]]:
    return {
        "per_kwh": (f"Energy ({currency} per kWh)", ""),
        "per_minute": (f"Time ({currency} per minute)", "While energy flows."),
        "free_minutes": ("Free time (minutes)", "Of the price per minute."),
        "start_fee": (f"Start fee ({currency})", ""),
        "minimum": (f"Minimum ({currency})", "The least that a charge with energy costs."),
        "vat_percent": ("VAT (%)", ""),
        "idle_per_minute": (f"Idle fee ({currency} per minute)", "When the car takes no energy any more."),
        "idle_grace_minutes": ("After (minutes)", "Idle for free so long."),
        "idle_maximum": (f"At most ({currency})", "Empty: no limit."),
        "spot_source": ("Hourly prices of", "Their price per kWh is added to the energy price."),
        "spot_factor": ("Times", "Such as 1.25 to add VAT."),
        "spot_fallback": (f"If an hour is missing ({currency} per kWh)", "Empty: its charges are held for review."),
        "spot_minimum": (f"At least ({currency} per kWh)", "Empty: it may be negative."),
        "spot_maximum": (f"At most ({currency} per kWh)", "Empty: no limit."),
    }


class ChooseForm(forms.Form):
    """Which price group counts somewhere; none is what is wider than that."""

    price_group = forms.ModelChoiceField(PriceGroup.objects.none(), required=False)

    def __init__(self, *arguments: Any, groups: QuerySet[PriceGroup], **options: Any) -> None:
        super().__init__(*arguments, **options)
        chooser = self.fields["price_group"]
        assert isinstance(chooser, forms.ModelChoiceField)
        chooser.queryset = groups
