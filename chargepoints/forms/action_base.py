"""What the forms of all remote actions share."""

from collections.abc import Sequence
from typing import Any

from django import forms

from chargepoints.models import ChargePoint
from chargepoints.permissions import Person

Parameters = dict[str, object]


class ActionForm(forms.Form):
    """What every action asks: a reason for the record, and whether to send another while one runs.

    `template` is the part of the dialog that only this action has.
    """

    template = ""
    reason = forms.CharField(required=False, max_length=200)
    again = forms.BooleanField(required=False)

    def __init__(
        self, *arguments: Any, charge_point: ChargePoint, person: Person | None = None, **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self.charge_point, self.person = charge_point, person

    def connector_choices(self) -> Sequence[tuple[str, str]]:
        """The connectors by number."""
        return [(str(c.number), f"Connector {c.number}") for c in self.charge_point.connectors.all()]

    def parameters(self) -> Parameters:
        """The command's parameters, from a valid form."""
        return {}


class ConnectorForm(ActionForm):
    """An action on one connector."""

    connector = forms.ChoiceField(error_messages={"required": "Choose a connector."})

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["connector"].choices = self.connector_choices()  # type: ignore[attr-defined]

    def parameters(self) -> Parameters:
        """`{"connector": 1}`."""
        return {"connector": int(self.cleaned_data["connector"])}
