"""The forms of the remote actions: what the operator gives, as the parameters of a command."""

import re
from collections.abc import Sequence
from typing import Any

from django import forms

from chargepoints.actions import EXTENDED_TRIGGERS, TRIGGERS
from chargepoints.forms.action_base import ActionForm, ConnectorForm, Parameters
from chargepoints.forms.start import StartForm
from chargepoints.selectors.charge_points import open_charges


class RebootForm(ActionForm):
    """Soft or hard."""

    template = "chargepoints/actions/kinds/_reboot.html"
    type = forms.ChoiceField(choices=[("Soft", "Soft"), ("Hard", "Hard")], initial="Soft")

    def parameters(self) -> Parameters:
        """`{"type": "Soft"}`."""
        return {"type": self.cleaned_data["type"]}


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
    "start": StartForm,
    "stop": StopForm,
    "unlock": ConnectorForm,
    "trigger": TriggerForm,
    "availability": AvailabilityForm,
    "clear_cache": ActionForm,
    "read_configuration": ReadConfigurationForm,
    "configure": ConfigureForm,
    "extended_trigger": ExtendedTriggerForm,
    "rotate_password": ActionForm,
}
