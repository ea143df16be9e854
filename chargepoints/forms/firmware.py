"""Adding firmware to the library, and updating a charger with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from chargepoints.forms.actions import ActionForm, Parameters
from chargepoints.forms.fields import DeskForm, offer
from chargepoints.models import FirmwareFile
from chargepoints.moments import moment_write
from chargepoints.permissions import Person
from chargepoints.selectors.firmware import (
    firmware_makes,
    firmware_offered,
    firmware_organisations,
    firmware_signed_taken,
    same_version,
)
from hub.teams.models import Organisation
from hub.templatetags.desk import sized

ADDRESS = "url"
_SIGNATURE, _CERTIFICATE = 800, 5500


class FirmwareForm(DeskForm):
    """A file with what is known of it. `problem` says why the upload itself failed, if it did."""

    organisation = forms.ModelChoiceField(Organisation.objects.none(), empty_label=None)
    file = forms.FileField(error_messages={"required": "Choose a file.", "empty": "The file is empty."})
    version = forms.CharField(
        max_length=255,
        help_text="Exactly as the charger tells it at its boot: this is how the update is proven.",
        error_messages={"required": "Type the version that the charger will tell."},
    )
    vendor = forms.CharField(required=False, max_length=255, help_text="As the charger tells it. Empty: any vendor.")
    models = forms.MultipleChoiceField(required=False, label="Models", widget=forms.CheckboxSelectMultiple)
    other_models = forms.CharField(
        required=False, max_length=1000, label="Other models", help_text="Separated by commas. No model at all: any."
    )
    signature = forms.CharField(
        required=False, max_length=_SIGNATURE, widget=forms.Textarea, help_text="Of the maker, as base64."
    )
    certificate = forms.CharField(
        required=False,
        max_length=_CERTIFICATE,
        widget=forms.Textarea,
        label="Signing certificate",
        help_text="PEM. With both, the file goes signed to chargers that take signed updates.",
    )
    note = forms.CharField(required=False, max_length=2000, widget=forms.Textarea)

    def __init__(self, *arguments: Any, person: Person, problem: str = "", **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.problem = problem
        self.fields["file"].help_text = f"At most {sized(settings.FIRMWARE_MAX_BYTES)}."
        # An upload that failed has no file any more; why is what the person wants to know.
        self.fields["file"].required = not problem
        offer(self.fields["organisation"], firmware_organisations(person))
        makes = firmware_makes(person)
        self.fields["vendor"].widget.attrs["list"] = "vendors"
        self.vendors = sorted({vendor for vendor, _, _ in makes if vendor})
        self.fields["models"].choices = [  # type: ignore[attr-defined]
            (model, f"{vendor} {model}, {count} charger{'' if count == 1 else 's'}") for vendor, model, count in makes
        ]

    def clean_file(self) -> "UploadedFile[Any]":
        """A file that has come in whole."""
        if self.problem:
            raise ValidationError(self.problem)
        given: UploadedFile[Any] = self.cleaned_data["file"]
        return given

    def clean_signature(self) -> str:
        """Base64 without the line breaks that it may have been copied with."""
        return "".join(self.cleaned_data["signature"].split())

    def facts(self) -> dict[str, object]:
        """The fields of FirmwareFile, of a valid form."""
        given = self.cleaned_data
        others = [name.strip() for name in given["other_models"].split(",") if name.strip()]
        return {
            "name": given["file"].name,
            "version": given["version"],
            "vendor": given["vendor"],
            "charge_point_models": list(dict.fromkeys([*given["models"], *others])),
            "signature": given["signature"],
            "certificate": given["certificate"].strip(),
            "note": given["note"],
        }


def _whole(name: str, most: int) -> forms.IntegerField:
    """A number from 0, which says its name when it is none: errors of a dialog stand together."""
    words = f"{name}: a whole number from 0 to {most}."
    errors = {"invalid": words, "min_value": words, "max_value": words}
    return forms.IntegerField(required=False, min_value=0, max_value=most, error_messages=errors)


@dataclass(frozen=True, slots=True)
class Choice:
    """A file of the library as the dialog offers it for one charger."""

    file: FirmwareFile
    fits: bool
    is_present: bool
    goes_signed: bool


class UpdateFirmwareForm(ActionForm):
    """A file of the library or an address, when to fetch it, and how stubbornly."""

    template = "chargepoints/actions/kinds/_firmware.html"

    firmware = forms.ChoiceField(
        error_messages={
            "required": "Choose a file, or give an address.",
            "invalid_choice": "Choose a file of the list.",
        }
    )
    any_model = forms.BooleanField(required=False)
    location = forms.CharField(required=False, max_length=512)
    begin = forms.ChoiceField(required=False, choices=[("now", "Now"), ("at", "At")], initial="now")
    retrieve_at = forms.DateTimeField(
        required=False, error_messages={"invalid": "Type a date and a time, such as 2026-11-20 14:30."}
    )
    retries = _whole("Retries", 100)
    retry_interval = _whole("Seconds between retries", 86_400)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.choices = self._offered()
        values = [(str(choice.file.pk), str(choice.file)) for choice in self.choices]
        self.fields["firmware"].choices = [*values, (ADDRESS, "From an address")]  # type: ignore[attr-defined]
        new = [choice for choice in self.choices if choice.fits and not choice.is_present]
        self.fields["firmware"].initial = str(new[0].file.pk) if new else "" if self.choices else ADDRESS

    def full_clean(self) -> None:
        """Times are those of the site."""
        with timezone.override(self.charge_point.site.time_zone):
            super().full_clean()

    def _offered(self) -> Sequence[Choice]:
        point = self.charge_point
        files = firmware_offered(point)
        takes_signed = firmware_signed_taken(point) if any(file.is_signed for file in files) else False
        return [
            Choice(
                file,
                file.fits(point.vendor, point.model),
                same_version(point.firmware, file.version),
                file.is_signed and takes_signed,
            )
            for file in files
        ]

    @property
    def fitting(self) -> Sequence[Choice]:
        """The files for this model."""
        return [choice for choice in self.choices if choice.fits]

    @property
    def others(self) -> Sequence[Choice]:
        """The files that are not made for it."""
        return [choice for choice in self.choices if not choice.fits]

    def clean(self) -> dict[str, Any]:
        """An address where one was chosen, a time where it is for later, and a word for a file of another model."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        chosen = given.get("firmware")
        if chosen == ADDRESS and not given.get("location"):
            self.add_error("location", "Type the address of the file.")
        if given.get("begin") == "at" and "retrieve_at" not in self.errors:
            at: datetime | None = given.get("retrieve_at")
            if at is None or at <= timezone.now():
                self.add_error("retrieve_at", "Type a time that is still to come.")
        if chosen in {str(choice.file.pk) for choice in self.others} and not given.get("any_model"):
            self.add_error(
                "firmware", "This file is not made for this model. Tick “Use it all the same” if you are sure."
            )
        return given

    def parameters(self) -> Parameters:
        """`{"firmware": id}` or `{"location": URL}`, with what else was given."""
        given = self.cleaned_data
        found: Parameters = {name: given[name] for name in ("retries", "retry_interval") if given[name] is not None}
        if given["begin"] == "at":
            found["retrieve_at"] = moment_write(given["retrieve_at"])
        if given["firmware"] == ADDRESS:
            return found | {"location": given["location"]}
        return found | {"firmware": str(UUID(given["firmware"])), "any_model": given["any_model"] or None}
