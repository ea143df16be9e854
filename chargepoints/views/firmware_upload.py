"""An upload that goes to its place while it comes, instead of through a temporary file."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile

from chargepoints.exceptions import ChangeRefused
from chargepoints.services.firmware_store import FirmwareDraft

FIELD = "file"


class DraftFile(UploadedFile):  # type: ignore[type-arg]
    """An uploaded file whose bytes are in a draft."""

    def __init__(self, draft: FirmwareDraft, name: str) -> None:
        super().__init__(None, name, size=draft.size)
        self.draft = draft


class FirmwareUpload(FileUploadHandler):
    """Writes the one file of the form into a draft; `problem` says why that went wrong."""

    problem = ""
    draft: FirmwareDraft | None = None

    def new_file(self, *arguments: Any, **options: Any) -> None:
        """A file begins. Others than the form's are left out."""
        super().new_file(*arguments, **options)
        if self.field_name != FIELD or self.draft is not None or self.problem:
            raise SkipFile
        try:
            self.draft = FirmwareDraft()
        except ChangeRefused as refusal:
            self._refused(refusal)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """The next bytes."""
        assert self.draft is not None
        try:
            self.draft.write(raw_data)
        except ChangeRefused as refusal:
            self._refused(refusal)

    def file_complete(self, file_size: int) -> DraftFile | None:
        """All of it has come; an empty one is left to the form."""
        assert self.draft is not None
        try:
            self.draft.finish()
        except ChangeRefused as refusal:
            self.problem = str(refusal)
            return None
        return DraftFile(self.draft, self.file_name or "firmware")

    def drop(self) -> None:
        """Whatever was not kept goes."""
        if self.draft is not None:
            self.draft.drop()

    def _refused(self, refusal: ChangeRefused) -> None:
        self.problem = str(refusal)
        raise SkipFile
