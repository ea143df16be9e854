"""The forms of charging profiles: set one, clear some, ask what they come to."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any, Self

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone

from chargepoints.forms.action_fields import SiteForm, SpanField, span_read
from chargepoints.forms.actions import Parameters
from chargepoints.forms.fields import MomentField
from chargepoints.forms.periods import periods_bound, periods_changed, periods_read, periods_sent, periods_shown
from chargepoints.models import ChargePoint, ChargingProfile
from chargepoints.moments import moment_write

PURPOSES = [
    ("TxDefaultProfile", "Each charge"),
    ("TxProfile", "The running charge"),
    ("ChargePointMaxProfile", "The whole charger"),
]
KINDS = [("Absolute", "Once"), ("Recurring", "Again and again"), ("Relative", "From the begin of the charge")]
RECURRENCIES = [("Daily", "Daily"), ("Weekly", "Weekly")]
UNITS = [("A", "A"), ("W", "W")]
DAY = timedelta(days=1)
LEVEL_ERRORS = {"invalid": "Stack level: write a whole number.", "min_value": "Stack level: 0 is the lowest."}


class PlaceForm(SiteForm):
    """A connector, or the whole charger."""

    connector = forms.ChoiceField(error_messages={"required": "Choose a connector, or the whole charger."})

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["connector"].choices = [("0", "The whole charger"), *self.connector_choices()]  # type: ignore[attr-defined]

    def parameters(self) -> Parameters:
        """`{"connector": 0}`."""
        return {"connector": int(self.cleaned_data["connector"])}


class SetProfileForm(PlaceForm):
    """A whole charging profile but its ids, which Hub gives."""

    template = "chargepoints/actions/kinds/_set_profile.html"

    purpose = forms.ChoiceField(label="For", choices=PURPOSES, initial="TxDefaultProfile")
    stack_level = forms.IntegerField(
        label="Stack level",
        min_value=0,
        initial=0,
        help_text="Of two profiles for the same, the higher level counts.",
        error_messages={"required": "Stack level: write a number, 0 or more.", **LEVEL_ERRORS},
    )
    kind = forms.ChoiceField(label="When", choices=KINDS, initial="Absolute")
    recurrency = forms.ChoiceField(label="Every", choices=RECURRENCIES, initial="Daily", required=False)
    unit = forms.ChoiceField(label="Limits in", choices=UNITS, initial="A")
    starts_at = MomentField(label="Begins", help_text="Empty: now, or the last midnight of a schedule that recurs.")
    duration = SpanField(label="Lasts", help_text="Hours and minutes. Empty: until another profile takes its place.")
    valid_from = MomentField(label="Valid from", help_text="Empty: at once.")
    valid_to = MomentField(label="Valid until", help_text="Empty: for ever.")

    def __init__(self, *arguments: Any, rows: Sequence[Mapping[str, object]] | None = None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._rows = rows if rows is not None else [{"start": "0:00", "limit": "", "phases": ""}]
        self.periods = periods_bound(self.data) if self.is_bound else periods_shown(self._rows)

    @classmethod
    def unsent(cls, data: QueryDict, charge_point: ChargePoint) -> Self | None:
        """The same form to go on with, after a row was added or removed or its drawing was asked for; else None."""
        if not data.keys() & {"add_period", "remove_period", "preview"}:
            return None
        return cls(initial=data.dict(), charge_point=charge_point, rows=periods_changed(data))

    def typed(self) -> list[tuple[int, float]]:
        """Start (s) and limit of each period as far as it is typed, for a drawing; empty when it makes no sense."""
        return periods_read(periods_sent(self.data) if self.is_bound else self._rows)

    def typed_span(self) -> int | None:
        """The seconds that a drawing shows, where the form says so."""
        repeats = {"Daily": DAY, "Weekly": 7 * DAY}[self.asked("recurrency") or "Daily"]
        given = span_read(self.asked("duration"))
        return given or (int(repeats.total_seconds()) if self.asked("kind") == "Recurring" else None)

    def clean(self) -> dict[str, Any]:
        """What belongs together."""
        cleaned = super().clean() or self.cleaned_data
        if not self.periods.is_valid():
            raise ValidationError("Look at the periods again.")
        begin, end = cleaned.get("valid_from"), cleaned.get("valid_to")
        if end is not None and end <= (begin or timezone.now()):
            self.add_error("valid_to", "Valid until: choose a time after its begin, in the future.")
        if cleaned.get("kind") == "Relative" and cleaned.get("starts_at"):
            self.add_error("starts_at", "Begins: leave it empty, this schedule begins with the charge.")
        if cleaned.get("duration") == 0:
            self.add_error("duration", "Lasts: write more than 0:00, or nothing.")
        is_box = cleaned.get("connector") == "0"
        if cleaned.get("purpose") == "ChargePointMaxProfile" and cleaned.get("connector") and not is_box:
            self.add_error("connector", "A limit of the whole charger belongs to the whole charger: choose All.")
        if cleaned.get("purpose") == "TxProfile" and is_box:
            self.add_error("connector", "A profile of the running charge needs its connector.")
        return cleaned

    def parameters(self) -> Parameters:
        """`{"connector": 1, "profile": csChargingProfiles without id}`."""
        given = self.cleaned_data
        schedule: dict[str, object] = {"chargingRateUnit": given["unit"]}
        schedule["chargingSchedulePeriod"] = self.periods.periods()
        if given["kind"] != "Relative":
            schedule["startSchedule"] = moment_write(given["starts_at"] or self._begin())
        if given["duration"]:
            schedule["duration"] = given["duration"]
        profile: dict[str, object] = {
            "stackLevel": given["stack_level"],
            "chargingProfilePurpose": given["purpose"],
            "chargingProfileKind": given["kind"],
            "chargingSchedule": schedule,
        }
        if given["kind"] == "Recurring":
            profile["recurrencyKind"] = given["recurrency"] or "Daily"
        for name, field in (("validFrom", "valid_from"), ("validTo", "valid_to")):
            if given[field]:
                profile[name] = moment_write(given[field])
        return {**super().parameters(), "profile": profile}

    def _begin(self) -> datetime:
        """Now; for what recurs the last midnight of the site, or that of its Monday."""
        local = timezone.now().astimezone(self.zone)
        if self.cleaned_data["kind"] != "Recurring":
            return local
        days = local.weekday() if self.cleaned_data["recurrency"] == "Weekly" else 0
        return datetime.combine(local.date() - days * DAY, time(), self.zone)


ALL, BY_ID, SOME = "all", "id", "some"


class ClearProfileForm(SiteForm):
    """All, one by its id, or those of a connector, a purpose or a level; a box must be ticked."""

    template = "chargepoints/actions/kinds/_clear_profile.html"

    which = forms.ChoiceField(choices=[(ALL, "All"), (BY_ID, "One"), (SOME, "Some")], initial=ALL)
    profile_id = forms.IntegerField(
        label="Id of the profile", required=False, min_value=0, error_messages={"invalid": "Id: write a whole number."}
    )
    connector = forms.ChoiceField(required=False)
    purpose = forms.ChoiceField(label="For", required=False, choices=[("", "Anything"), *PURPOSES])
    stack_level = forms.IntegerField(label="Stack level", required=False, min_value=0, error_messages=LEVEL_ERRORS)
    confirm = forms.BooleanField(error_messages={"required": "Tick Confirm: the limits on this charger end."})

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        places = [("", "Any"), ("0", "The whole charger"), *self.connector_choices()]
        self.fields["connector"].choices = places  # type: ignore[attr-defined]
        self.fields["profile_id"].widget.attrs["list"] = "known-profiles"

    def known(self) -> list[ChargingProfile]:
        """The profiles that the charger has accepted."""
        return list(ChargingProfile.objects.filter(charge_point=self.charge_point))

    def clean(self) -> dict[str, Any]:
        """What was chosen must be told."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("which") == BY_ID and cleaned.get("profile_id") is None and "profile_id" not in self.errors:
            self.add_error("profile_id", "Id: write the number of the profile.")
        if cleaned.get("which") == SOME and not self.errors and not self._chosen():
            self.add_error("connector", "Choose a connector, a purpose or a stack level; else clear all.")
        return cleaned

    def _chosen(self) -> Parameters:
        given = self.cleaned_data
        chosen: Parameters = {"connector": int(given["connector"])} if given.get("connector") else {}
        chosen |= {"purpose": given["purpose"]} if given.get("purpose") else {}
        return chosen | ({} if given.get("stack_level") is None else {"stack_level": given["stack_level"]})

    def parameters(self) -> Parameters:
        """`{}` for all, `{"profile_id": 7}`, or any of connector, purpose and stack_level."""
        if self.cleaned_data["which"] == BY_ID:
            return {"profile_id": self.cleaned_data["profile_id"]}
        return self._chosen() if self.cleaned_data["which"] == SOME else {}


class CompositeForm(PlaceForm):
    """Of what, for how long, in which unit."""

    template = "chargepoints/actions/kinds/_composite_schedule.html"
    send = "Ask for it"

    duration = SpanField(
        label="For the next",
        required=True,
        initial="24:00",
        help_text="Hours and minutes.",
        error_messages={"required": "For the next: write hours and minutes, such as 24:00."},
    )
    unit = forms.ChoiceField(label="Limits in", required=False, choices=[("", "as the charger likes"), *UNITS])

    def clean_duration(self) -> int:
        """Some time at least."""
        seconds: int = self.cleaned_data["duration"]
        if not seconds:
            raise ValidationError("For the next: write more than 0:00.")
        return seconds

    def parameters(self) -> Parameters:
        """`{"connector": 0, "duration": 86400, "unit": "A"}`."""
        unit = {"unit": self.cleaned_data["unit"]} if self.cleaned_data["unit"] else {}
        return {**super().parameters(), "duration": self.cleaned_data["duration"], **unit}
