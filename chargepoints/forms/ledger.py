"""The filters of the ledger, as they stand in its address."""

from django import forms

from chargepoints.choices import LedgerAccountKind, MovementKind
from chargepoints.selectors.ledger import LedgerFilters

_BIGGEST = 2**62


class LedgerForm(forms.Form):
    """Lenient: a value that makes no sense is left out, never an error."""

    q = forms.CharField(required=False, max_length=100)
    kind = forms.ChoiceField(choices=MovementKind, required=False)
    account = forms.ChoiceField(choices=LedgerAccountKind, required=False)
    payment = forms.IntegerField(required=False, min_value=0, max_value=_BIGGEST)
    driver = forms.IntegerField(required=False, min_value=0, max_value=_BIGGEST)
    before = forms.CharField(required=False, max_length=40)

    def filters(self) -> LedgerFilters:
        """What was asked for."""
        self.is_valid()
        given = self.cleaned_data
        return LedgerFilters(
            words=tuple(given.get("q", "").split()),
            kind=given.get("kind", ""),
            account=given.get("account", ""),
            payment=given.get("payment"),
            driver=given.get("driver"),
        )

    def before_cursor(self) -> str:
        """The end of the page before this one."""
        self.is_valid()
        return str(self.cleaned_data.get("before", ""))
