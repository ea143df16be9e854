"""Sites: the list's filters, and the form of one site."""

import hashlib
import json
import zoneinfo
from decimal import Decimal
from functools import cache
from typing import Any

from django import forms
from django.db.models import QuerySet

from chargepoints.models import Site
from chargepoints.selectors.sites import SiteFilters
from chargepoints.services.sites import SITE_FIELDS
from hub.audit.records import facts_of
from hub.teams.models import Team

_OLD_NAMES = ("Etc/", "SystemV/", "US/", "Canada/", "Brazil/", "Chile/", "Mexico/")


class SiteFilterForm(forms.Form):
    """Lenient: an address with a value that makes no sense shows what is left of it, never an error."""

    q = forms.CharField(required=False, max_length=100)
    team = forms.IntegerField(required=False, min_value=0, max_value=2**62)
    archived = forms.BooleanField(required=False)
    after = forms.IntegerField(required=False, min_value=0, max_value=2**62)

    def filters(self) -> SiteFilters:
        """What was asked for; fields that do not validate are left out."""
        self.is_valid()
        given = self.cleaned_data
        return SiteFilters(
            words=tuple(given.get("q", "").split()), team=given.get("team"), archived=given.get("archived", False)
        )

    def page_after(self) -> int | None:
        """The last site of the page before this one."""
        self.is_valid()
        after: int | None = self.cleaned_data.get("after")
        return after


class SiteForm(forms.ModelForm[Site]):
    """A site as people type it: the limit in kW, the position in degrees."""

    power_limit_kw = forms.DecimalField(
        label="Power limit (kW)",
        required=False,
        min_value=Decimal("0.001"),
        max_value=Decimal(1_000_000),
        decimal_places=3,
        help_text="What the grid connection gives. Power now is shown against it.",
    )
    version = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Site
        fields = ("team", "name", "address", "city", "latitude", "longitude", "time_zone", "phone", "notes")
        help_texts = {
            "team": "Who works with it.",
            "name": "Short: it stands before every charger's name.",
            "time_zone": "Times of its chargers are shown in it. Type a city.",
            "latitude": "In degrees, such as 59.910300. Both or neither; without, the map is searched by address.",
            "notes": "For colleagues: keys, opening hours, whom to call.",
        }
        widgets = {
            "notes": forms.Textarea(attrs={"rows": 4}),
            "time_zone": forms.TextInput(attrs={"list": "zones", "autocomplete": "off", "spellcheck": "false"}),
            "phone": forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
        }

    def __init__(self, *arguments: Any, teams: QuerySet[Team], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.before = site_version(self.instance) if self.instance.pk else ""
        self.stored = facts_of(self.instance, *SITE_FIELDS) if self.instance.pk else {}
        chooser = self.fields["team"]
        assert isinstance(chooser, forms.ModelChoiceField)
        chooser.queryset = teams.order_by("organisation__name", "name")
        chooser.empty_label = "Choose a team" if not self.instance.pk and len(chooser.queryset) > 1 else None
        watts = self.instance.power_limit_w
        self.initial.setdefault("power_limit_kw", Decimal(watts) / 1000 if watts is not None else None)
        self.initial.setdefault("version", self.before)
        for field in self.fields.values():
            field.widget.attrs.setdefault("class", "in")

    def clean(self) -> dict[str, Any]:
        """Somebody else may have changed the site since this form was opened: then both values are shown, once."""
        cleaned = super().clean() or self.cleaned_data
        seen = self.data.get(self.add_prefix("version"), "")
        if self.before and seen and seen != self.before:
            differing = [self._both(name) for name in SITE_FIELDS if name in self.stored]
            told = " ".join(words for words in differing if words)
            message = "Somebody else changed this site while you were editing it. Save again to keep what stands here."
            self.add_error(None, f"{message} {told}".strip())
            self.data = {**{name: self.data[name] for name in self.data}, self.add_prefix("version"): self.before}
        return cleaned

    def _both(self, name: str) -> str:
        typed, stored = self.facts().get(name), self.stored[name]
        same = typed == stored or str(typed) == str(stored)
        label = str(Site._meta.get_field(name).verbose_name).capitalize()  # type: ignore[union-attr]
        return "" if same else f"{label} is now “{stored if stored is not None else ''}”."

    def facts(self) -> dict[str, object]:
        """What was typed, under the names of SITE_FIELDS; power in W."""
        found = {name: value for name, value in self.cleaned_data.items() if name in SITE_FIELDS}
        if "power_limit_kw" in self.cleaned_data:
            kilowatts: Decimal | None = self.cleaned_data["power_limit_kw"]
            found["power_limit_w"] = int(kilowatts * 1000) if kilowatts is not None else None
        return found


class ReasonForm(forms.Form):
    """Why, for the record."""

    reason = forms.CharField(required=False, max_length=200)


def site_version(site: Site) -> str:
    """A short text that is another one as soon as any fact of the site is."""
    facts = json.dumps(facts_of(site, *SITE_FIELDS), default=str)
    return hashlib.sha256(facts.encode()).hexdigest()[:16]


@cache
def zone_names() -> tuple[str, ...]:
    """IANA names by place, in order; any other valid name may be typed."""
    names = (name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith(_OLD_NAMES))
    return ("UTC", *sorted(names))
