"""When a remote action is sent: now, at a time, or when the charger is back."""

from datetime import datetime, timedelta
from typing import Any, TypedDict

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from chargepoints.forms.fields import MomentField

NOW, AT, BACK = "now", "at", "back"
# What was typed as this minute has passed when it arrives.
JUST_NOW = timedelta(minutes=1)
KEEPS = (("1", "1 hour"), ("8", "8 hours"), ("24", "24 hours"), ("72", "3 days"), ("168", "7 days"))


class Timing(TypedDict):
    """What `command_create` takes of it."""

    not_before: datetime | None
    keep_until: datetime | None


class WhenForm(forms.Form):
    """What every action that may wait asks besides; what is left out means now."""

    when = forms.ChoiceField(choices=[(NOW, "Now"), (BACK, "When it reconnects"), (AT, "At a time")], required=False)
    at = forms.CharField(required=False, max_length=40)
    keep = forms.ChoiceField(choices=KEEPS, required=False)

    def zone_name(self) -> str:
        """The time zone of what is typed."""
        return "UTC"

    def clean(self) -> dict[str, Any]:
        """`at` becomes a moment ahead of now, where it is asked for."""
        cleaned = super().clean() or {}
        moment: datetime | None = None
        if cleaned.get("when") == AT and "at" in cleaned:
            try:
                moment = self._moment(cleaned["at"])
            except ValidationError as error:
                self.add_error("at", error)
        cleaned["at"] = moment
        return cleaned

    def _moment(self, text: str) -> datetime:
        with timezone.override(self.zone_name()):
            moment: datetime | None = MomentField().clean(text)
        if moment is None:
            raise ValidationError("Type the date and the time at which it is sent.")
        if moment < timezone.now() - JUST_NOW:
            raise ValidationError("This time has passed. Type a later one, or send it now.")
        return moment

    def timing(self) -> Timing:
        """From a valid form."""
        given = self.cleaned_data
        hours = int(given.get("keep") or "24") if given.get("when") == BACK else 0
        return {"not_before": given["at"], "keep_until": timezone.now() + timedelta(hours=hours) if hours else None}
