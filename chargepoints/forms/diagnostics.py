"""What is asked before a charger uploads its diagnostics or a log."""

from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

from chargepoints.forms.actions import ActionForm, Parameters
from chargepoints.forms.fields import MomentField
from chargepoints.moments import moment_write
from chargepoints.services.security_commands import LOG_TYPES

LOGS = {"SecurityLog": "Security log", "DiagnosticsLog": "Diagnostics log"}


class DiagnosticsForm(ActionForm):
    """A period, in the site's time; where to, if not to us; and how often to try again."""

    template = "chargepoints/actions/kinds/_diagnostics.html"
    period = ("start", "stop")

    since = MomentField()
    until = MomentField()
    location = forms.CharField(required=False, max_length=512)
    retries = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=10,
        error_messages={
            "invalid": "Retries: type a number from 0 to 10.",
            "min_value": "Retries: type a number from 0 to 10.",
            "max_value": "Retries: type a number from 0 to 10.",
        },
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for name, label in (("since", "From"), ("until", "To")):
            told = self.fields[name].error_messages
            told["invalid"] = f"{label}: type a date and a time, such as 2026-11-20 14:30."

    def full_clean(self) -> None:
        """Times are those of the site."""
        with timezone.override(ZoneInfo(self.charge_point.site.time_zone)):
            super().full_clean()

    def clean(self) -> dict[str, Any]:
        """A period has its begin before its end."""
        given = super().clean() or self.cleaned_data
        since, until = given.get("since"), given.get("until")
        if since and until and since >= until:
            self.add_error("until", "To: choose a time after the begin of the period.")
        return given

    @property
    def location_shown(self) -> str:
        """The address as it is shown back: with a password in it, it must be typed again."""
        told = str(self["location"].value() or "")
        try:
            return "" if "@" in urlsplit(told).netloc else told
        except ValueError:
            return ""

    def parameters(self) -> Parameters:
        """`{"own": True, "start": "2026-11-20T12:00:00Z"}`, or with `location` instead of `own`."""
        given = self.cleaned_data
        made: Parameters = {"location": given["location"]} if given["location"] else {"own": True}
        for name, field in zip(self.period, ("since", "until"), strict=True):
            if given[field]:
                made[name] = moment_write(given[field])
        if given["retries"] is not None:
            made["retries"] = given["retries"]
        return made


class LogUploadForm(DiagnosticsForm):
    """Which log as well."""

    period = ("oldest", "latest")
    type = forms.ChoiceField(choices=[(name, LOGS[name]) for name in LOG_TYPES], initial=LOG_TYPES[0])

    def parameters(self) -> Parameters:
        """`{"type": "SecurityLog", "own": True}`."""
        return {"type": self.cleaned_data["type"], **super().parameters()}


class DeletionForm(forms.Form):
    """Why the bytes go."""

    reason = forms.CharField(
        max_length=160, error_messages={"required": "Say why: the reason stays when the file is gone."}
    )
