"""The forms of reservations."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from chargepoints.forms.action_profiles import PlaceForm
from chargepoints.forms.actions import ActionForm, Parameters
from chargepoints.forms.fields import MomentField
from chargepoints.models import Reservation
from chargepoints.moments import moment_write
from chargepoints.selectors.keys import key_exists
from chargepoints.selectors.reservations import reservations_active

USUALLY = timedelta(hours=1)
TAG_LENGTH = 20


class ReserveForm(PlaceForm):
    """A connector, or any, for a key, until a time."""

    template = "chargepoints/actions/kinds/_reserve.html"

    id_tag = forms.CharField(
        max_length=TAG_LENGTH,
        error_messages={
            "required": "Choose a driver or a key.",
            "max_length": f"Choose a key of at most {TAG_LENGTH} characters.",
        },
    )
    expires_at = MomentField(label="Until", required=True)
    parent_id_tag = forms.CharField(
        label="Group",
        required=False,
        max_length=TAG_LENGTH,
        help_text="Every key of this group may use it. Empty: the group of the key, if it has one.",
        error_messages={"max_length": f"Group: at most {TAG_LENGTH} characters."},
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["parent_id_tag"].widget.attrs["class"] = "in mono"
        until = (timezone.now() + USUALLY).astimezone(self.zone)
        self.fields["expires_at"].initial = until.strftime("%Y-%m-%dT%H:%M")

    def clean_id_tag(self) -> str:
        """A key that the operator knows."""
        tag: str = self.cleaned_data["id_tag"]
        if not key_exists(self.charge_point, tag):
            raise ValidationError("This key is not known. Choose one from the list.")
        return tag

    def clean_expires_at(self) -> datetime:
        """In the future."""
        until: datetime = self.cleaned_data["expires_at"]
        if until <= timezone.now():
            raise ValidationError("Until: choose a time in the future.")
        return until

    def parameters(self) -> Parameters:
        """`{"connector": 1, "id_tag": "…", "expires_at": "2030-01-31T12:00:00Z", "parent_id_tag": ""}`."""
        given = self.cleaned_data
        until = moment_write(given["expires_at"])
        more = {"id_tag": given["id_tag"], "expires_at": until, "parent_id_tag": given["parent_id_tag"]}
        return {**super().parameters(), **more}


class CancelReservationForm(ActionForm):
    """Which of the reservations that run."""

    template = "chargepoints/actions/kinds/_cancel_reservation.html"

    reservation = forms.ChoiceField(
        error_messages={"required": "Choose a reservation.", "invalid_choice": "This reservation has already ended."}
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.reservations: list[Reservation] = reservations_active(self.charge_point)
        self.fields["reservation"].choices = [(str(one.pk), str(one)) for one in self.reservations]  # type: ignore[attr-defined]

    def parameters(self) -> Parameters:
        """`{"reservation": 7}`."""
        return {"reservation": int(self.cleaned_data["reservation"])}
