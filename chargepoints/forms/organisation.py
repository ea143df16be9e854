"""Organisations and teams."""

from typing import Any

from django import forms

from hub.teams.models import Organisation, Team

_NAME = forms.TextInput(attrs={"class": "in", "autocomplete": "off"})


class OrganisationForm(forms.ModelForm[Organisation]):
    """Its name, and whether its people need a second factor."""

    class Meta:
        model = Organisation
        fields = ("name", "requires_second_factor")
        labels = {"requires_second_factor": "Second factor required"}
        help_texts = {
            "requires_second_factor": "Everybody, you too, must set up a second factor before they see anything of it."
        }
        widgets = {"name": _NAME}


class TeamForm(forms.ModelForm[Team]):
    """Its name, once in an organisation."""

    class Meta:
        model = Team
        fields = ("name",)
        widgets = {"name": _NAME}

    def __init__(self, *arguments: Any, organisation: Organisation, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.organisation = organisation

    def clean_name(self) -> str:
        """Nobody else's in the organisation, in any case of the letters."""
        name: str = self.cleaned_data["name"]
        others = Team.objects.filter(organisation=self.organisation, name__iexact=name).exclude(pk=self.instance.pk)
        if others.exists():
            raise forms.ValidationError("There is a team of that name already. Choose another name.")
        return name
