"""A command for many chargers: which are chosen, how fast it goes, and what the action itself asks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.http import QueryDict

from chargepoints.action import Action
from chargepoints.actions import ACTIONS
from chargepoints.forms.action_table import FORMS
from chargepoints.forms.actions import ActionForm
from chargepoints.forms.fields import DeskForm, MomentField, dress
from chargepoints.forms.filters import FilterForm
from chargepoints.models import ChargePoint
from chargepoints.pacing import Pace
from chargepoints.selectors.overview import Filters

BIGGEST = 2**62
MOST_IDS = 1000
MINUTE = 60
# More than so many are confirmed by typing how many.
TYPED_ABOVE = 50
KEEPS = (
    ("0", "No, leave them out"),
    ("3600", "For an hour"),
    ("28800", "For 8 hours"),
    ("86400", "For a day"),
    ("604800", "For a week"),
)
BULK_ACTIONS = tuple(action for action in ACTIONS.values() if action.in_bulk and action.kind in FORMS)
# What begins with a restart waits for the end of a charge, unless a person decides otherwise.
_GENTLE = frozenset({"reboot"})
WAVE = Pace(at_once=20, canaries=2, step=10, skip_busy=True, watch_s=10 * MINUTE, halt_percent=10)

_WORDS: dict[tuple[str, str], tuple[str, str]] = {
    ("reboot", "type"): ("Kind of reboot", "Hard is as if the power was cut: only if soft does not help."),
    ("availability", "type"): ("Set to", "A running charge goes on to its end."),
    ("availability", "connector"): ("Connector", "Chargers without a connector of this number are left out."),
    ("trigger", "message"): ("Message", ""),
    ("trigger", "connector"): ("Of", "Chargers without a connector of this number are left out."),
    ("read_configuration", "keys"): ("Settings", "By name, separated by spaces; empty for all."),
    ("configure", "key"): ("Setting", "As the charger calls it, such as HeartbeatInterval."),
    ("configure", "value"): ("New value", ""),
    ("clear_profile", "which"): ("Which profiles", "One needs its id; some need a connector, a purpose or a level."),
    ("clear_profile", "profile_id"): ("Id of the profile", ""),
    ("clear_profile", "connector"): ("Of", "Chargers without a connector of this number are left out."),
    ("clear_profile", "purpose"): ("For", ""),
    ("clear_profile", "stack_level"): ("Stack level", ""),
    ("clear_profile", "confirm"): ("Confirm", "The limits on these chargers end; restart each by hand afterwards."),
}


class SelectionForm(FilterForm):
    """Lenient: which action, and which chargers, by id (`cp`, several) or all that match the filters (`all`)."""

    kind = forms.CharField(required=False, max_length=32)
    all = forms.BooleanField(required=False)

    def __init__(self, given: QueryDict) -> None:
        super().__init__(given)
        self.given = given

    def action(self) -> Action | None:
        """The action that was asked for; None when there is none of this name for many chargers."""
        self.is_valid()
        kind = self.cleaned_data.get("kind", "")
        return next((action for action in BULK_ACTIONS if action.kind == kind), None)

    def ids(self) -> list[int]:
        """The chosen ids; what is no number is left out."""
        found = [text for text in self.given.getlist("cp")[:MOST_IDS] if text.isascii() and text.isdecimal()]
        return [int(text) for text in found if len(text) < 19]

    def everything(self) -> Filters | None:
        """The filters, when all that match are meant."""
        self.is_valid()
        return self.filters() if self.cleaned_data.get("all") else None

    def told(self) -> list[tuple[str, str]]:
        """The same again, as hidden fields."""
        names = ("all", "q", "site", "team", "status", "version") if self.everything() is not None else ()
        fields = [("kind", self.given.get("kind", ""))] + [(name, self.given.get(name, "")) for name in names]
        return [field for field in fields if field[1]] + ([] if names else [("cp", str(pk)) for pk in self.ids()])


class PaceForm(DeskForm):
    """How fast it goes, and when it halts itself. `seen` are the chargers that the page showed.

    It is sent together with the action's own form, so no name of a field is in both.
    """

    offline = forms.ChoiceField(label="Wait for chargers that are offline", choices=KEEPS, required=False)
    skip_busy = forms.BooleanField(
        label="Wait while a charge is running", required=False, help_text="The others go on meanwhile."
    )
    not_before = MomentField(label="Begin", help_text="Empty: now.")
    at_once = forms.IntegerField(label="At once", min_value=1, max_value=500, help_text="So many go together.")
    per_minute = forms.IntegerField(
        label="Per minute", required=False, min_value=1, max_value=100_000, help_text="Empty: as fast as it goes."
    )
    jitter_s = forms.IntegerField(
        label="Spread over (s)", required=False, min_value=0, max_value=86_400, help_text="Each begins by chance in it."
    )
    canaries = forms.IntegerField(
        label="First, as a trial", required=False, min_value=0, max_value=1000, help_text="If one fails, it halts."
    )
    step = forms.IntegerField(
        label="Then in steps of",
        required=False,
        min_value=0,
        max_value=10_000,
        help_text="The next when those before have ended. Empty: no steps.",
    )
    watch = forms.IntegerField(
        label="Watch each for (min)",
        required=False,
        min_value=0,
        max_value=1440,
        help_text="A fault after it, or staying away, counts as failed.",
    )
    halt_percent = forms.IntegerField(
        label="Halt above (% failed)", required=False, min_value=0, max_value=100, help_text="Empty: never."
    )
    seen = forms.CharField(required=False, max_length=16, widget=forms.HiddenInput)
    count = forms.IntegerField(required=False, min_value=0, widget=forms.TextInput(attrs={"inputmode": "numeric"}))

    def __init__(self, given: QueryDict, *, usual: Pace, can_wait: bool, zone: str) -> None:
        super().__init__(given if "at_once" in given else None, initial=_shown(usual))
        self.usual = usual
        self.fields["not_before"].help_text = f"Empty: now. In the time of {zone}."
        if not can_wait:
            del self.fields["offline"]
            del self.fields["not_before"]

    def pace(self) -> Pace:
        """What was chosen; the usual one while the form is not filled in, or not rightly."""
        if not self.is_bound or not self.is_valid():
            return self.usual
        given = self.cleaned_data
        begin: datetime | None = given.get("not_before")
        return Pace(
            at_once=given["at_once"],
            per_minute=given["per_minute"] or 0,
            jitter_s=given["jitter_s"] or 0,
            canaries=given["canaries"] or 0,
            step=given["step"] or 0,
            skip_busy=given["skip_busy"],
            watch_s=(given["watch"] or 0) * MINUTE,
            halt_percent=given["halt_percent"] or 0,
            keep_s=int(given.get("offline") or 0),
            not_before=begin,
        )


def _shown(pace: Pace) -> dict[str, object]:
    names = ("at_once", "per_minute", "jitter_s", "canaries", "step", "halt_percent")
    shown: dict[str, object] = {name: getattr(pace, name) or None for name in names}
    return shown | {"skip_busy": pace.skip_busy, "watch": pace.watch_s // MINUTE or None, "offline": str(pace.keep_s)}


def usual_pace(action: Action) -> Pace:
    """What a bulk action begins with."""
    return Pace(skip_busy=action.kind in _GENTLE)


def bulk_action_form(action: Action, point: ChargePoint, given: Mapping[str, Any], *, is_sent: bool) -> ActionForm:
    """What the action itself asks, once for all; `point` says which connectors there are to choose from."""
    form = FORMS[action.kind](
        **({"data": given} if is_sent else {"initial": {name: given[name] for name in given}}), charge_point=point
    )
    form.label_suffix = ""
    for name, field in form.fields.items():
        words = _WORDS.get((action.kind, name))
        if words:
            field.label, field.help_text = words
        dress(field)
    return form


class WaveForm(ActionForm):
    """What an update of the firmware asks beside its file."""

    retries = forms.IntegerField(
        label="Tries of the download",
        required=False,
        min_value=0,
        max_value=10,
        initial=3,
        help_text="How often a charger may try to fetch the file.",
    )

    def __init__(self, *arguments: Any, firmware_id: str, **options: Any) -> None:
        super().__init__(*arguments, label_suffix="", **options)
        self.firmware_id = firmware_id
        for field in self.fields.values():
            dress(field)

    def parameters(self) -> dict[str, object]:
        """`{"firmware": id, "retries": 3}`."""
        retries = self.cleaned_data["retries"]
        return {"firmware": self.firmware_id} | ({"retries": retries} if retries is not None else {})


class WaveFilterForm(forms.Form):
    """Lenient: of which site or team."""

    site = forms.IntegerField(required=False, min_value=0, max_value=BIGGEST)
    team = forms.IntegerField(required=False, min_value=0, max_value=BIGGEST)

    def chosen(self) -> tuple[int | None, int | None]:
        """Site and team; None for any."""
        self.is_valid()
        return self.cleaned_data.get("site"), self.cleaned_data.get("team")


class BatchListForm(forms.Form):
    """Lenient: the page of the list, or of a batch's rows."""

    before = forms.CharField(required=False, max_length=60)
    state = forms.CharField(required=False, max_length=10)
    after = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1)

    def asked(self) -> tuple[str, str, int]:
        """`before`, `state`, `after`; what does not validate is left out."""
        self.is_valid()
        given = self.cleaned_data
        return given.get("before", ""), given.get("state", ""), given.get("after") or 0
