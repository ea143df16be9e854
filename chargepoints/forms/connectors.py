"""The connectors of a charge point, as rows that can be added and removed."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.forms.formsets import BaseFormSet, formset_factory
from django.http import QueryDict

from chargepoints.choices import ConnectorType
from chargepoints.forms.fields import DeskForm
from chargepoints.models import Connector
from chargepoints.services.connectors import LARGEST_NUMBER, MOST, ConnectorFacts

PREFIX = "connectors"
_FIELDS = ("number", "type", "max_power_kw")


class ConnectorForm(DeskForm):
    """One connector; power in kW."""

    number = forms.IntegerField(
        min_value=1, max_value=LARGEST_NUMBER, error_messages={"required": "Give the connector its number."}
    )
    type = forms.ChoiceField(choices=[("", "Not known"), *ConnectorType.choices], required=False)
    max_power_kw = forms.DecimalField(
        label="Max power (kW)", required=False, min_value=Decimal("0.1"), max_value=Decimal(2000), max_digits=7
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["max_power_kw"].widget.attrs["step"] = "any"

    def facts(self) -> ConnectorFacts:
        """The connector of a valid row."""
        given = self.cleaned_data
        power = given["max_power_kw"]
        return ConnectorFacts(given["number"], given["type"], None if power is None else round(power * 1000))


class BaseConnectors(BaseFormSet[ConnectorForm]):
    """All rows; those that are left empty do not count."""

    def clean(self) -> None:
        """No number twice."""
        seen: set[int] = set()
        for form in self.forms:
            number = form.cleaned_data.get("number") if form.is_valid() else None
            if number in seen:
                form.add_error("number", f"Connector {number} is there twice.")
            elif number is not None:
                seen.add(number)
        if any(form.errors for form in self.forms):
            raise ValidationError("Look at the connectors again.")

    def facts(self) -> list[ConnectorFacts]:
        """The connectors of a valid set, by number."""
        given = [form.facts() for form in self.forms if form.cleaned_data.get("number") is not None]
        return sorted(given, key=lambda facts: facts.number)


ConnectorForms = cast(
    "type[BaseConnectors]",
    formset_factory(ConnectorForm, BaseConnectors, extra=0, max_num=MOST, absolute_max=MOST, validate_max=True),
)


def connectors_bound(data: QueryDict) -> BaseConnectors:
    """The rows as they were sent."""
    return ConnectorForms(data, prefix=PREFIX)


def connectors_shown(rows: Sequence[Mapping[str, object]]) -> BaseConnectors:
    """Rows to fill in; at most MOST."""
    return ConnectorForms(initial=list(rows)[:MOST], prefix=PREFIX)


def connectors_of(connectors: Iterable[Connector]) -> list[dict[str, object]]:
    """The rows of these connectors."""
    return [
        {
            "number": one.number,
            "type": one.type,
            "max_power_kw": None if one.max_power_w is None else f"{one.max_power_w / 1000:g}",
        }
        for one in connectors
    ]


def connectors_asked(data: QueryDict) -> list[dict[str, object]] | None:
    """The rows after "add" or "remove" was pressed; None when the form was sent to be stored."""
    removed, is_more = data.get("remove_connector", ""), "add_connector" in data
    if not is_more and not removed:
        return None
    total = data.get(f"{PREFIX}-TOTAL_FORMS", "")
    count = min(int(total), MOST) if total.isdecimal() and len(total) < 4 else 0
    rows: list[dict[str, object]] = [
        {field: data.get(f"{PREFIX}-{index}-{field}", "") for field in _FIELDS} for index in range(count)
    ]
    if removed.isdecimal() and len(removed) < 4 and int(removed) < len(rows):
        del rows[int(removed)]
    if is_more:
        numbers = [int(str(row["number"])) for row in rows if str(row["number"]).isdecimal()]
        rows.append({"number": max(numbers, default=0) + 1, "type": "", "max_power_kw": ""})
    return rows
