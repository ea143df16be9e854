"""What the forms of the desk share: the look of their fields, sites found by name, and what changed meanwhile."""

import json
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from chargepoints.models import Site


class DeskForm(forms.Form):
    """A form whose fields look like those of the desk."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        options.setdefault("label_suffix", "")
        super().__init__(*arguments, **options)
        for field in self.fields.values():
            dress(field)


class MomentField(forms.DateTimeField):
    """A moment, typed by the clock of the site."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("required", False)
        super().__init__(
            widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
            error_messages={
                "invalid": "Type a date and a time, such as 2026-11-20 14:30.",
                "required": "Type a date and a time.",
            },
            **options,
        )

    def clean(self, value: Any) -> datetime | None:
        """As a moment; a time that the clocks skip is refused in words."""
        try:
            found: datetime | None = super().clean(value)
        except ValidationError as error:
            if "time zone" in str(error):
                raise ValidationError("The clocks change at this time. Choose another.") from error
            raise
        return found


def day_begin(day: date | None, zone: str) -> datetime | None:
    """When the first day that was asked for begins, by the clocks of a time zone."""
    return datetime.combine(day, time.min, ZoneInfo(zone)) if day else None


def day_end(day: date | None, zone: str) -> datetime | None:
    """When the last day that was asked for is over; None for none, and for the last day there is."""
    return day_begin(day + timedelta(days=1), zone) if day and day < date.max else None


def offer(field: forms.Field, choices: QuerySet[Any]) -> None:
    """Let a field choose among these; where there is only one, nobody is asked."""
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = choices
    if len(choices) == 1:
        field.initial, field.widget = choices[0].pk, forms.HiddenInput()


def dress(field: forms.Field) -> None:
    """Give a field the classes of the desk."""
    if not isinstance(field.widget, forms.CheckboxInput | forms.RadioSelect | forms.HiddenInput):
        field.widget.attrs.setdefault("class", "in")
    if isinstance(field.widget, forms.Textarea):
        field.widget.attrs["rows"] = 3
    if isinstance(field.widget, forms.TextInput):
        field.widget.attrs.setdefault("autocomplete", "off")


def site_label(site: Site) -> str:
    """A site as it stands in the list to choose from; `team` must be loaded."""
    return f"{site.name} ({site.team.name})"


class SiteField(forms.CharField):
    """A site out of `sites`, typed or chosen from a list; its name alone will do where it is the only one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=250, error_messages={"required": "Choose a site."}, **options)
        self.widget.attrs |= {"list": "sites", "placeholder": "Type a part of its name"}
        self.sites: QuerySet[Site] = Site.objects.none()

    def site(self, text: str) -> Site:
        """The site that was meant. Raises ValidationError."""
        wanted = text.strip().lower()
        known = list(self.sites.select_related("team"))
        found = [site for site in known if site_label(site).lower() == wanted]
        found = found or [site for site in known if site.name.lower() == wanted]
        found = found or [site for site in known if wanted in site_label(site).lower()]
        if not found:
            raise ValidationError("There is no site of this name that you may change. Choose one from the list.")
        if len(found) > 1:
            raise ValidationError(f"{len(found)} sites match. Choose one from the list.")
        return found[0]


def opened_text(values: dict[str, object]) -> str:
    """What a form was opened with, as its hidden field carries it."""
    return json.dumps(values, default=str, sort_keys=True)


def opened_read(text: str) -> dict[str, object]:
    """The same, read again; nothing when it makes no sense."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
