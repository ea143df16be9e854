"""The forms of the protocol itself: a vendor's message, and any message of OCPP as JSON."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from chargepoints.forms.action_fields import SiteForm
from chargepoints.forms.actions import Parameters
from chargepoints.services.calls import call_examples, call_problem


class DataTransferForm(SiteForm):
    """A vendor's message."""

    template = "chargepoints/actions/kinds/_data_transfer.html"
    send = "Send"

    vendor_id = forms.CharField(
        label="Vendor",
        max_length=255,
        help_text="As its maker calls itself, such as com.example.",
        error_messages={"required": "Vendor: write the name that the charger's maker uses."},
    )
    message_id = forms.CharField(
        label="Message",
        required=False,
        max_length=50,
        error_messages={"max_length": "Message: at most 50 characters."},
    )
    text = forms.CharField(label="Data", required=False, max_length=20000, strip=False, widget=forms.Textarea)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for field in self.fields.values():
            if not isinstance(field, forms.BooleanField):
                field.widget.attrs["class"] = "in mono"

    def parameters(self) -> Parameters:
        """`{"vendor_id": "com.example", "message_id": "ping", "data": "…"}`, without what is empty."""
        given = self.cleaned_data
        told = {"vendor_id": given["vendor_id"], "message_id": given["message_id"], "data": given["text"]}
        return {name: value for name, value in told.items() if value}


class CallForm(SiteForm):
    """Any message that is sent to chargers, its payload checked against the official schema."""

    template = "chargepoints/actions/kinds/_call.html"
    send = "Send"

    action = forms.ChoiceField(label="Message", error_messages={"required": "Choose a message."})
    payload = forms.CharField(
        label="Payload",
        max_length=60000,
        strip=False,
        widget=forms.Textarea(attrs={"class": "in mono", "spellcheck": "false"}),
        error_messages={"required": "Payload: write a JSON object; {} is an empty one."},
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        known = call_examples(self.charge_point)
        if "fill" in self.initial:
            self.initial.pop("payload", None)
        choices = [(name, name) for name in known]
        self.fields["action"].choices = choices  # type: ignore[attr-defined]
        chosen = self.asked("action")
        first = chosen if chosen in known else next(iter(known), "")
        self.fields["action"].initial = first
        self.fields["payload"].initial = json.dumps(known.get(first, {}), indent=2, ensure_ascii=False)
        self.fields["payload"].widget.attrs["rows"] = 12

    def clean(self) -> dict[str, Any]:
        """The payload is JSON and what the schema of the message wants."""
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        try:
            cleaned["payload"] = _json(cleaned["payload"])
        except ValidationError as error:
            self.add_error("payload", error)
        else:
            if problem := call_problem(self.charge_point, cleaned["action"], cleaned["payload"]):
                self.add_error("payload", problem)
        return cleaned

    def parameters(self) -> Parameters:
        """`{"action": "Reset", "payload": {"type": "Soft"}}`."""
        return {"action": self.cleaned_data["action"], "payload": self.cleaned_data["payload"]}


def _json(text: str) -> object:
    """Raises ValidationError that says where it is no JSON."""
    try:
        found: object = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValidationError(
            f"Payload: this is no JSON, line {error.lineno}, column {error.colno}: {error.msg}."
        ) from None
    except (ValueError, RecursionError):
        raise ValidationError("Payload: this is no JSON that can be read.") from None
    return found
