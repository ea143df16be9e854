"""Uploading a list of charge points."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from chargepoints.services.imports import Upload, import_read
from hub.spreadsheets import MOST_BYTES, TableError

_TOO_BIG = f"The file is larger than {MOST_BYTES // 1024 // 1024} MB. Split it into several files."


class UploadForm(forms.Form):
    """One file. `upload` holds its rows once the form is valid."""

    file = forms.FileField(
        error_messages={"required": "Choose a file.", "empty": "The file is empty. Start from the template."},
    )
    upload: Upload

    def clean_file(self) -> "UploadedFile[Any]":
        """A table with the columns of the template."""
        given: UploadedFile[Any] = self.cleaned_data["file"]
        if (given.size or 0) > MOST_BYTES:
            raise forms.ValidationError(_TOO_BIG)
        try:
            self.upload = import_read(file_name=given.name or "", content=given.read())
        except TableError as error:
            raise forms.ValidationError(str(error)) from None
        return given


class ApplyForm(forms.Form):
    """All rows, or those without mistakes."""

    which = forms.ChoiceField(choices=[("all", "all"), ("good", "good")])

    @property
    def only_good(self) -> bool:
        """Whether rows with mistakes are left out, of a valid form."""
        chosen: dict[str, Any] = self.cleaned_data
        return bool(chosen["which"] == "good")


class PasswordsForm(forms.Form):
    """What opens the sealed passwords of an import."""

    token = forms.CharField(max_length=64)
    key = forms.CharField(max_length=64)
