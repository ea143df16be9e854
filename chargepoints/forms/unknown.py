"""Accepting a charger that nobody has registered."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware

from chargepoints.models import ConnectionAttempt, Site
from chargepoints.permissions import Person
from chargepoints.selectors.strangers import sites_to_accept
from chargepoints.services.unknown import MOST_CONNECTORS, Proof, proofs_of

_LABELS = {
    Proof.OFFERED: "With the password it offered",
    Proof.NEW: "With a new password",
    Proof.NONE: "Without a password",
}


class WaitingForm(forms.Form):
    """Where it belongs and what it is called; of a charger that was let in to wait, no more is asked."""

    site = forms.ModelChoiceField(
        queryset=Site.objects.none(),
        error_messages={"required": "Choose a site.", "invalid_choice": "Choose one of your sites."},
    )
    name = forms.CharField(
        max_length=60,
        error_messages={"required": "Give the charger a name.", "max_length": "A name has 60 characters at most."},
    )
    connectors = forms.IntegerField(
        min_value=1,
        max_value=MOST_CONNECTORS,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"), f"Give the number of connectors, 1 to {MOST_CONNECTORS}."
        ),
    )

    def __init__(self, *arguments: Any, person: Person, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["site"].queryset = sites_to_accept(person)  # type: ignore[attr-defined]


class AcceptForm(WaitingForm):
    """For a charger that was refused also: how it proves itself from now on."""

    proof = forms.ChoiceField(error_messages={"required": "Choose how it proves itself."})

    def __init__(self, *arguments: Any, attempt: ConnectionAttempt, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["proof"].choices = [(proof, _LABELS[proof]) for proof in proofs_of(attempt)]  # type: ignore[attr-defined]


class ListForm(forms.Form):
    """What the inbox shows. Lenient: what makes no sense is left out."""

    q = forms.CharField(required=False, max_length=100)
    show = forms.CharField(required=False, max_length=10)
    after = forms.CharField(required=False, max_length=400)
    undo = forms.CharField(required=False, max_length=255)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.is_valid()

    @property
    def words(self) -> Sequence[str]:
        """The words that are searched for."""
        return tuple(self.cleaned_data.get("q", "").split())

    @property
    def ignored(self) -> bool:
        """Whether the ignored ones are asked for."""
        return bool(self.cleaned_data.get("show") == "ignored")

    @property
    def undo_of(self) -> str:
        """The identity that was just ignored."""
        return str(self.cleaned_data.get("undo", ""))

    @property
    def page_after(self) -> tuple[datetime, str] | None:
        """The last row of the page before this one: moment and identity."""
        moment, _, key = str(self.cleaned_data.get("after", "")).partition("~")
        try:
            at = parse_datetime(moment)
        except ValueError:
            return None
        return (at, key) if at is not None and is_aware(at) else None
