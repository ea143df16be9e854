"""Times of day with prices of their own, as rows that can be added and removed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import time
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.forms.formsets import BaseFormSet, formset_factory
from django.http import QueryDict

from chargepoints.forms.fields import DeskForm

PREFIX = "windows"
MOST = 12
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DAY = 1440
_FIELDS = ("label", "from_time", "to_time", "per_kwh", "per_minute")


class WindowForm(DeskForm):
    """One time of day. `to` before or at `from` runs past midnight; 00:00 as `to` is the end of the day."""

    label = forms.CharField(max_length=40, error_messages={"required": "Give it a name, such as Night."})
    weekdays = forms.MultipleChoiceField(
        choices=list(enumerate(DAYS)),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one day."},
    )
    from_time = forms.TimeField(label="From", error_messages={"required": "Say from when on."})
    to_time = forms.TimeField(label="To", error_messages={"required": "Say until when."})
    per_kwh = forms.DecimalField(label="Per kWh", required=False, min_value=0, max_digits=12, decimal_places=6)
    per_minute = forms.DecimalField(label="Per minute", required=False, min_value=0, max_digits=12, decimal_places=6)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for name in ("from_time", "to_time"):
            self.fields[name].widget = forms.TimeInput(attrs={"type": "time", "class": "in"}, format="%H:%M")
        for name in ("per_kwh", "per_minute"):
            self.fields[name].widget.attrs["step"] = "any"

    def clean(self) -> dict[str, Any]:
        """One price at least."""
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and cleaned.get("per_kwh") is None and cleaned.get("per_minute") is None:
            self.add_error("per_kwh", "Give it a price per kWh or per minute.")
        return cleaned

    def facts(self) -> dict[str, object]:
        """As `Price.windows` keeps it."""
        given = self.cleaned_data
        return {
            "label": given["label"],
            "weekdays": sorted(int(day) for day in given["weekdays"]),
            "from_minute": _minute(given["from_time"]),
            "to_minute": _minute(given["to_time"]) or DAY,
            "per_kwh": _text(given["per_kwh"]),
            "per_minute": _text(given["per_minute"]),
        }


class BaseWindows(BaseFormSet[WindowForm]):
    """All rows, in their order."""

    def clean(self) -> None:
        """Mistakes stand at their rows."""
        if any(form.errors for form in self.forms):
            raise ValidationError("Look at the times of day again.")

    def facts(self) -> list[dict[str, object]]:
        """The times of day of a valid set."""
        return [form.facts() for form in self.forms]


WindowForms = cast(
    "type[BaseWindows]",
    formset_factory(WindowForm, BaseWindows, extra=0, max_num=MOST, absolute_max=MOST, validate_max=True),
)


class _Filled(BaseWindows):
    """Rows that are sent empty are mistakes, not rows that were not touched."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {**super().get_form_kwargs(index), "empty_permitted": False, "use_required_attribute": False}


BoundWindows = cast(
    "type[BaseWindows]",
    formset_factory(WindowForm, _Filled, extra=0, max_num=MOST, absolute_max=MOST, validate_max=True),
)


def windows_bound(data: QueryDict) -> BaseWindows:
    """The rows as they were sent; none where there are none."""
    sent = data.copy()
    sent.setdefault(f"{PREFIX}-TOTAL_FORMS", "0")
    sent[f"{PREFIX}-INITIAL_FORMS"] = "0"
    return BoundWindows(sent, prefix=PREFIX)


def windows_shown(rows: Sequence[Mapping[str, object]]) -> BaseWindows:
    """Rows to fill in; at most MOST."""
    return WindowForms(initial=list(rows)[:MOST], prefix=PREFIX)


def windows_of(stored: Iterable[Mapping[str, Any]]) -> list[dict[str, object]]:
    """The rows of a price's times of day."""
    return [
        {
            "label": one.get("label") or "",
            "weekdays": [str(day) for day in one.get("weekdays", range(7))],
            "from_time": _time(int(one["from_minute"])),
            "to_time": _time(int(one["to_minute"])),
            "per_kwh": one.get("per_kwh"),
            "per_minute": one.get("per_minute"),
        }
        for one in stored
    ]


def windows_asked(data: QueryDict) -> list[dict[str, object]] | None:
    """The rows after "add" or "remove" was pressed; None when the form was sent to be stored."""
    removed, is_more = data.get("remove_window", ""), "add_window" in data
    if not is_more and not removed:
        return None
    total = data.get(f"{PREFIX}-TOTAL_FORMS", "")
    count = min(int(total), MOST) if total.isdecimal() and len(total) < 4 else 0
    rows: list[dict[str, object]] = [
        {
            **{field: data.get(f"{PREFIX}-{index}-{field}", "") for field in _FIELDS},
            "weekdays": data.getlist(f"{PREFIX}-{index}-weekdays"),
        }
        for index in range(count)
    ]
    if removed.isdecimal() and len(removed) < 4 and int(removed) < len(rows):
        del rows[int(removed)]
    if is_more:
        everyday = [str(day) for day in range(7)]
        rows.append({"label": "", "weekdays": everyday, "from_time": "22:00", "to_time": "06:00"})
    return rows


def windows_overlapping(stored: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """The names of each two times of day that share a minute of the week; the first of the list wins there."""
    masks = [(str(one.get("label") or index + 1), _mask(one)) for index, one in enumerate(stored)]
    return [
        (first, second)
        for index, (first, mask) in enumerate(masks)
        for second, other in masks[index + 1 :]
        if mask & other
    ]


def _mask(window: Mapping[str, Any]) -> int:
    """The minutes of a week as bits."""
    begin, end = int(window["from_minute"]), int(window["to_minute"])
    length = end - begin if begin < end else end - begin + DAY
    week, found = 7 * DAY, 0
    for day in window["weekdays"]:
        found |= ((1 << length) - 1) << (int(day) * DAY + begin)
    return (found | found >> week) & ((1 << week) - 1)


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


def _time(minute: int) -> str:
    return f"{minute // 60 % 24:02}:{minute % 60:02}"


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount.normalize():f}"
