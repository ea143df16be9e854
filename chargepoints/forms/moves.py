"""Change site: where to, and the proof that the consequences were shown."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from chargepoints.models import Site


class MoveForm(forms.Form):
    """`shown` is the site whose consequences stood on the page when the person decided."""

    site = forms.ModelChoiceField(
        Site.objects.none(),
        error_messages={"required": "Choose a site.", "invalid_choice": "Choose a site of the list."},
    )
    shown = forms.CharField(required=False, max_length=20)
    reason = forms.CharField(required=False, max_length=200)

    def __init__(self, *arguments: Any, targets: QuerySet[Site], **options: Any) -> None:
        super().__init__(*arguments, **options)
        chooser = self.fields["site"]
        assert isinstance(chooser, forms.ModelChoiceField)
        chooser.queryset = targets

    def clean(self) -> dict[str, Any]:
        """Nobody moves a charge point before they have read what follows."""
        cleaned = super().clean() or self.cleaned_data
        site = cleaned.get("site")
        if site is not None and cleaned.get("shown") != str(site.pk):
            raise ValidationError("Read what changes, then confirm.")
        return cleaned
