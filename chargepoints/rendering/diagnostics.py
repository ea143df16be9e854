"""The section Diagnostics of a charger's page: its files in words, and the requests that wait for one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.core.paginator import Page, Paginator

from chargepoints.models import ChargePoint, DiagnosticsFile
from chargepoints.received import size_words
from chargepoints.rendering.charge_point import ActionButton
from chargepoints.rendering.commands import LifeLine, life_lines
from chargepoints.selectors.diagnostics import KINDS, diagnostics_asked, diagnostics_kept, diagnostics_of

SHOWN = 25


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file. `state` is complete, coming, incomplete or gone."""

    file: DiagnosticsFile
    state: str
    size: str

    @property
    def is_there(self) -> bool:
        """Whether its bytes can be had, and deleted."""
        return self.state in {"complete", "incomplete"}


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """All of the section."""

    buttons: Sequence[ActionButton]
    asked: Sequence[LifeLine]
    rows: Sequence[FileRow]
    page: Page[DiagnosticsFile]
    kept: int
    kept_size: str

    @property
    def reasons(self) -> list[str]:
        """Why a button cannot be used."""
        return sorted({button.offer.why_not for button in self.buttons} - {""})

    @property
    def is_running(self) -> bool:
        """Whether something is on its way, so that the section asks for itself again."""
        return bool(self.asked) or any(row.state == "coming" for row in self.rows)


def file_rows(files: Iterable[DiagnosticsFile]) -> list[FileRow]:
    """The lines of files."""
    return [FileRow(file, _state(file), size_words(file.size)) for file in files]


def diagnostics_section(charge_point: ChargePoint, buttons: Iterable[ActionButton], number: str) -> Diagnostics:
    """What the section shows; `number` is the page of its files, "1" the newest. Four queries."""
    page = Paginator(diagnostics_of(charge_point), SHOWN).get_page(number)
    kept, size = diagnostics_kept(charge_point)
    return Diagnostics(
        buttons=[button for button in buttons if button.offer.action.kind in KINDS],
        asked=life_lines(diagnostics_asked(charge_point)),
        rows=file_rows(page),
        page=page,
        kept=kept,
        kept_size=size_words(size),
    )


def _state(file: DiagnosticsFile) -> str:
    if file.deleted_at is not None:
        return "gone"
    if file.is_complete:
        return "complete"
    return "incomplete" if file.sha256 else "coming"
