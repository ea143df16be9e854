"""What the forms of the rarer remote actions share: the look of their fields, the site's clock, spans of time."""

import re
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from chargepoints.forms.actions import ActionForm
from chargepoints.forms.fields import dress

_SPAN = re.compile(r"(\d{1,4})(?::([0-5]\d))?")


class SiteForm(ActionForm):
    """An action whose times are those of the site's clock, and whose mistakes stand at their fields."""

    has_own_errors = True

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{"auto_id": "f-%s", "label_suffix": ""} | options)
        self.zone = ZoneInfo(self.charge_point.site.time_zone)
        for field in self.fields.values():
            dress(field)

    def full_clean(self) -> None:
        """Times are read by the site's clock."""
        with timezone.override(self.zone):
            super().full_clean()

    def asked(self, name: str) -> str:
        """What a field was filled with, whether the form was sent or only opened."""
        return str(self[name].value() or "").strip()


class SpanField(forms.CharField):
    """A span of time as hours and minutes, `6:30` or `6`; cleaned, it is seconds, and None when it is empty."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("required", False)
        super().__init__(max_length=7, **options)
        self.widget.attrs |= {"placeholder": "0:00"}

    def clean(self, value: Any) -> int | None:
        """Seconds."""
        given = str(super().clean(value))
        seconds = span_read(given)
        if given and seconds is None:
            raise ValidationError(f"{self.label}: write hours and minutes, such as 6:30.")
        return seconds


def span_read(text: str) -> int | None:
    """Seconds of `6:30` or `6`; None when it is neither."""
    found = _SPAN.fullmatch(text.strip())
    return int(found[1]) * 3600 + int(found[2] or 0) * 60 if found else None
