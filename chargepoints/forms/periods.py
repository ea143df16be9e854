"""The periods of a charging schedule, as rows that can be added and removed."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.forms.formsets import BaseFormSet, formset_factory
from django.http import QueryDict

from chargepoints.forms.action_fields import SpanField, span_read
from chargepoints.forms.fields import DeskForm

PREFIX = "periods"
MOST = 24
_FIELDS = ("start", "limit", "phases")
PHASES = [("", "any"), ("1", "1"), ("2", "2"), ("3", "3")]


class PeriodForm(DeskForm):
    """From when on after the schedule's start, which limit, on how many phases."""

    start = SpanField(
        label="From", required=True, error_messages={"required": "From: write hours and minutes, as 6:30."}
    )
    limit = forms.DecimalField(
        min_value=0,
        max_digits=9,
        decimal_places=1,
        error_messages={
            "required": "Limit: write a number; 0 pauses the charge.",
            "invalid": "Limit: write a number, such as 16 or 7.4.",
            "min_value": "Limit: 0 is the lowest; it pauses the charge.",
            "max_decimal_places": "Limit: one decimal at most.",
        },
    )
    phases = forms.ChoiceField(required=False, choices=PHASES)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["limit"].widget.attrs["step"] = "0.1"

    def period(self) -> dict[str, object]:
        """As OCPP writes it."""
        given = self.cleaned_data
        period: dict[str, object] = {"startPeriod": given["start"], "limit": float(given["limit"])}
        return period | ({"numberPhases": int(given["phases"])} if given["phases"] else {})


class BasePeriods(BaseFormSet[PeriodForm]):
    """All rows, in their order."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        """Rows that are sent empty are mistakes, not rows that were not touched."""
        kwargs = {**super().get_form_kwargs(index), "auto_id": "f-%s"}
        return {**kwargs, "empty_permitted": False, "use_required_attribute": False} if self.is_bound else kwargs

    def clean(self) -> None:
        """The first period starts with the schedule, and each one after the one before."""
        if any(form.errors for form in self.forms):
            return
        starts = [form.cleaned_data["start"] for form in self.forms]
        if not starts:
            raise ValidationError("Add a period: a schedule has at least one.")
        if starts[0] != 0:
            raise ValidationError("Let the first period begin at 0:00, with the schedule.")
        if any(after <= before for before, after in pairwise(starts)):
            raise ValidationError("Sort the periods by their begin, each begin once.")

    def periods(self) -> list[dict[str, object]]:
        """The periods of a valid set, as OCPP writes them."""
        return [form.period() for form in self.forms]


PeriodForms = cast(
    "type[BasePeriods]",
    formset_factory(PeriodForm, BasePeriods, extra=0, max_num=MOST, absolute_max=MOST, validate_max=True),
)


def periods_bound(data: Mapping[str, Any]) -> BasePeriods:
    """The rows as they were sent; none where there are none."""
    sent = QueryDict(mutable=True)
    sent.update({key: value for key, value in data.items() if key.startswith(f"{PREFIX}-")})
    sent.setdefault(f"{PREFIX}-TOTAL_FORMS", "0")
    sent[f"{PREFIX}-INITIAL_FORMS"] = "0"
    return PeriodForms(sent, prefix=PREFIX)


def periods_shown(rows: Sequence[Mapping[str, object]]) -> BasePeriods:
    """Rows to fill in; at most MOST."""
    return PeriodForms(initial=list(rows)[:MOST], prefix=PREFIX)


def periods_sent(data: Mapping[str, Any]) -> list[dict[str, str]]:
    """The rows as they were typed."""
    total = str(data.get(f"{PREFIX}-TOTAL_FORMS", ""))
    count = min(int(total), MOST) if total.isdecimal() and len(total) < 4 else 0
    return [{field: str(data.get(f"{PREFIX}-{index}-{field}", "")) for field in _FIELDS} for index in range(count)]


def periods_changed(data: Mapping[str, Any]) -> list[dict[str, str]]:
    """The rows after "add" or "remove" was pressed; as they were typed when neither was."""
    rows = periods_sent(data)
    removed = str(data.get("remove_period", ""))
    if removed.isdecimal() and len(removed) < 4 and int(removed) < len(rows):
        del rows[int(removed)]
    if "add_period" in data:
        rows.append({"start": "" if rows else "0:00", "limit": "", "phases": ""})
    return rows


def periods_read(rows: Sequence[Mapping[str, Any]]) -> list[tuple[int, float]]:
    """Start (s) and limit of rows as they were typed, sorted; nothing when one of them cannot be read."""
    found = []
    for row in rows:
        start, limit = span_read(str(row.get("start", ""))), _number(str(row.get("limit", "")))
        if start is None or limit is None:
            return []
        found.append((start, limit))
    return sorted(found)


def _number(text: str) -> float | None:
    try:
        number = Decimal(text.strip())
    except ArithmeticError:
        return None
    return float(number) if number.is_finite() and 0 <= number < 10**9 else None
