"""The forms of the remote actions: what the operator gives, as the parameters of a command."""

import re
from collections.abc import Sequence
from typing import Any, Self

from django import forms
from django.http import QueryDict

from chargepoints.actions import EXTENDED_TRIGGERS, TRIGGERS
from chargepoints.forms.when import WhenForm
from chargepoints.models import ChargePoint
from chargepoints.permissions import Person
from chargepoints.selectors.charge_points import open_charges

Parameters = dict[str, object]


class ActionForm(WhenForm):
    """What every action asks: a reason for the record, and whether to send another while one runs.

    `template` is the part of the dialog that only this action has; with `has_own_errors` that part shows the mistakes
    at their fields.
    """

    template = ""
    has_own_errors = False
    # What its button says where the name of the action is no verb.
    send = ""

    reason = forms.CharField(required=False, max_length=200)
    again = forms.BooleanField(required=False)

    def __init__(
        self, *arguments: Any, charge_point: ChargePoint, person: Person | None = None, **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self.charge_point, self.person = charge_point, person

    @classmethod
    def unsent(cls, data: QueryDict, charge_point: ChargePoint) -> Self | None:
        """The form to go on with when something else was pressed than its own button; None when it was sent."""
        return None

    def zone_name(self) -> str:
        """That of the site."""
        return self.charge_point.site.time_zone

    def connector_choices(self) -> Sequence[tuple[str, str]]:
        """The connectors by number."""
        return [(str(c.number), f"Connector {c.number}") for c in self.charge_point.connectors.all()]

    def parameters(self) -> Parameters:
        """The command's parameters, from a valid form."""
        return {}


class RebootForm(ActionForm):
    """Soft or hard."""

    template = "chargepoints/actions/kinds/_reboot.html"
    type = forms.ChoiceField(choices=[("Soft", "Soft"), ("Hard", "Hard")], initial="Soft")

    def parameters(self) -> Parameters:
        """`{"type": "Soft"}`."""
        return {"type": self.cleaned_data["type"]}


class ConnectorForm(ActionForm):
    """An action on one connector."""

    connector = forms.ChoiceField(error_messages={"required": "Choose a connector."})

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["connector"].choices = self.connector_choices()  # type: ignore[attr-defined]

    def parameters(self) -> Parameters:
        """`{"connector": 1}`."""
        return {"connector": int(self.cleaned_data["connector"])}


class StopForm(ActionForm):
    """Which of the running charges."""

    template = "chargepoints/actions/kinds/_stop.html"
    charge = forms.ChoiceField(error_messages={"required": "Choose a charge."})

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["charge"].choices = [(str(c.pk), str(c)) for c in open_charges(self.charge_point)]  # type: ignore[attr-defined]

    def parameters(self) -> Parameters:
        """`{"charge": 7}`."""
        return {"charge": int(self.cleaned_data["charge"])}


class TriggerForm(ActionForm):
    """Which message, and of which connector."""

    template = "chargepoints/actions/kinds/_trigger.html"
    message = forms.ChoiceField(choices=[(message, message) for message in TRIGGERS])
    connector = forms.ChoiceField(required=False)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["connector"].choices = [("", "The whole charger"), *self.connector_choices()]  # type: ignore[attr-defined]

    def parameters(self) -> Parameters:
        """`{"message": "Heartbeat", "connector": None}`."""
        connector = self.cleaned_data["connector"]
        return {
            "message": self.cleaned_data["message"],
            "connector": int(connector) if connector else None,
        }


class AvailabilityForm(ConnectorForm):
    """A connector, or the whole charger, in or out of service."""

    template = "chargepoints/actions/kinds/_availability.html"
    type = forms.ChoiceField(choices=[("Inoperative", "Out of service"), ("Operative", "In service")])

    def connector_choices(self) -> Sequence[tuple[str, str]]:
        """The whole charger is connector 0."""
        return [("0", "The whole charger"), *super().connector_choices()]

    def parameters(self) -> Parameters:
        """`{"connector": 0, "type": "Operative"}`."""
        return {**super().parameters(), "type": self.cleaned_data["type"]}


class ReadConfigurationForm(ActionForm):
    """Which settings to read: all, or some by name."""

    template = "chargepoints/actions/kinds/_read_configuration.html"
    keys = forms.CharField(required=False, max_length=2000)

    def parameters(self) -> Parameters:
        """`{"keys": ["HeartbeatInterval"]}`."""
        return {"keys": re.split(r"[\s,;]+", self.cleaned_data["keys"]) if self.cleaned_data["keys"] else []}


class ConfigureForm(ActionForm):
    """A setting and its new value."""

    template = "chargepoints/actions/kinds/_configure.html"
    key = forms.CharField(max_length=50, error_messages={"required": "Name the setting."})
    value = forms.CharField(required=False, max_length=500, strip=False)

    def parameters(self) -> Parameters:
        """`{"key": "HeartbeatInterval", "value": "300"}`."""
        return {"key": self.cleaned_data["key"], "value": self.cleaned_data["value"]}


class ExtendedTriggerForm(TriggerForm):
    """The messages of the security extension as well; a new certificate first."""

    message = forms.ChoiceField(choices=[(message, message) for message in EXTENDED_TRIGGERS])


FORMS: dict[str, type[ActionForm]] = {
    "reboot": RebootForm,
    "stop": StopForm,
    "check": ActionForm,
    "unlock": ConnectorForm,
    "trigger": TriggerForm,
    "availability": AvailabilityForm,
    "clear_cache": ActionForm,
    "read_configuration": ReadConfigurationForm,
    "configure": ConfigureForm,
    "extended_trigger": ExtendedTriggerForm,
    "rotate_password": ActionForm,
}
