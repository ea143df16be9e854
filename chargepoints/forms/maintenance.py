"""Planning maintenance."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from chargepoints.forms.fields import DeskForm


class MomentField(forms.DateTimeField):
    """A moment of the time zone that is active while the form is read."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            required=False,
            widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
            error_messages={"invalid": "Type a date and a time, such as 2026-11-20 14:30."},
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


class MaintenanceForm(DeskForm):
    """A maintenance: now or later, until an end or until somebody ends it."""

    starts_at = MomentField(label="Start", help_text="Empty: now.")
    ends_at = MomentField(label="End", help_text="Empty: until somebody ends it.")
    reason = forms.CharField(required=False, max_length=200)
