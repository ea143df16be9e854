"""The hand-over report on paper (A4)."""

import io
import unicodedata
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Flowable, Image, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from installer.choices import StepState
from installer.photo_files import photo_path
from installer.pictures import PRINT
from installer.rendering.pdf_pages import GREY, LINE, MARGIN, WIDTH, numbered, styles
from installer.rendering.report import NOTHING, Picture, Report, Result, Unit

_COLOURS = {StepState.PASSED: "#0b5a38", StepState.FAILED: "#9a1710", StepState.SKIPPED: "#6b4300"}
_PHOTO_WIDTH, _PHOTO_HEIGHT = WIDTH / 2 - 3 * mm, 92 * mm
_TOP = ("VALIGN", (0, 0), (-1, -1), "TOP")


def report_pdf(report: Report) -> bytes:
    """The PDF of `report` with its photos, whose bytes are read from the disk. The same report, the same bytes."""
    styles()
    out = io.BytesIO()
    foot = f"{report.title}   {_plain(report.site)[:48]}   data {report.checksum}"
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        # A frame has six points of its own.
        leftMargin=MARGIN - 6,
        rightMargin=MARGIN - 6,
        topMargin=MARGIN,
        bottomMargin=20 * mm,
        title=f"{report.title}, {_plain(report.site)}",
        author=_plain(report.organisation),
        subject=f"SHA-256 of the data: {report.checksum}",
        invariant=1,
        lang="en",
    )
    document.build(list(_story(report)), canvasmaker=numbered(foot))
    return out.getvalue()


def _story(report: Report) -> Iterator[Flowable]:
    yield from _summary(report)
    for unit in report.units:
        yield from _unit(unit)
    yield from _signatures()


def _summary(report: Report) -> Iterator[Flowable]:
    yield _text(report.title, "title")
    yield _text(f"{report.organisation}: {report.site}", "text")
    yield Spacer(1, 8)
    if not report.is_completed:
        yield _text("Not completed yet. This is how the job stands now.", "h3")
    yield _facts(
        [
            ("Site", ", ".join(part for part in (report.site, report.address) if part)),
            ("State", report.state),
            ("Installer", report.installer),
            ("Made", _by(report.made_at, report.made_by)),
            ("Started", report.started_at),
            ("Completed", _by(report.completed_at, report.completed_by)),
            ("Activation", report.activation),
            ("Times", f"in {report.zone}"),
        ]
    )
    for heading, words in (("Description", report.description), ("Instructions", report.instructions)):
        if words:
            yield _text(heading, "h2")
            yield _text(words, "text")
    yield _text("Open problems", "h2")
    if not report.problems:
        yield _text("None.", "text")
    for problem in report.problems:
        yield _text(f"• {problem}", "text")
    yield _text(f"Charge points: {report.proven} of {len(report.units)} passed everything", "h2")
    rows = [[unit.name, unit.identity or NOTHING, unit.serial or NOTHING, unit.verdict] for unit in report.units]
    yield _grid(["Name", "Identity", "Serial", "Results"], rows, (0.24, 0.24, 0.22, 0.30))


def _unit(unit: Unit) -> Iterator[Flowable]:
    yield CondPageBreak(70 * mm)
    yield _text(unit.name, "h2")
    yield _facts(
        [
            ("Identity", unit.identity or "none"),
            ("Serial", unit.serial),
            ("Model", unit.model),
            ("Firmware", unit.firmware),
            ("Location", unit.location),
            ("Connectors", "; ".join(unit.connectors)),
            ("Connector position", unit.position),
        ]
    )
    if unit.results:
        yield _text(f"Acceptance test: {unit.verdict}", "h3")
        yield _results(unit.results)
    for note in unit.notes:
        yield _text(f"Note of the {note.side.lower()}", "h3")
        yield _text(note.text, "text")
        yield _text(_by(note.at, note.by), "soft")
    if unit.photos:
        yield _text("Photos", "h3")
        yield from _photos(unit.photos)


def _results(results: Sequence[Result]) -> Flowable:
    made = []
    for each in results:
        where = f", connector {each.connector}" if each.connector else ""
        colour = _COLOURS.get(StepState(each.state), "#46515c")
        said = Paragraph(f'<font color="{colour}"><b>{escape(each.state_label)}</b></font>', styles()["cell"])
        made.append([each.label + where, said, each.words or NOTHING, _by(each.at, each.by) or NOTHING])
    return _grid(["Step", "Result", "Evidence, or why it was left out", "When"], made, (0.26, 0.12, 0.38, 0.24))


def _photos(photos: Sequence[Picture]) -> Iterator[Flowable]:
    for at in range(0, len(photos), 2):
        cells: list[list[Flowable]] = [[_photo(each), _caption(each)] for each in photos[at : at + 2]]
        cells += [[]] * (2 - len(cells))
        look = TableStyle([_TOP, ("LEFTPADDING", (0, 0), (-1, -1), 0), ("BOTTOMPADDING", (0, 0), (-1, -1), 8)])
        yield Table([cells], colWidths=[WIDTH / 2] * 2, style=look)


def _photo(photo: Picture) -> Flowable:
    path = photo_path(photo.pk, PRINT)
    if not path.is_file():
        return _text("This photo is no longer on the disk.", "soft")
    scale = min(_PHOTO_WIDTH / photo.width, _PHOTO_HEIGHT / photo.height)
    return Image(str(path), width=photo.width * scale, height=photo.height * scale, lazy=1, hAlign="LEFT")


def _caption(photo: Picture) -> Flowable:
    return _text(f"{photo.shows}, {_by(photo.at, photo.by)}\nSHA-256 {photo.sha256[:16]}…", "soft")


def _signatures() -> Iterator[Flowable]:
    yield CondPageBreak(40 * mm)
    yield _text("Handed over", "h2")
    yield Spacer(1, 14 * mm)
    look = TableStyle([("LINEABOVE", (0, 0), (0, 0), 0.6, LINE), ("LINEABOVE", (2, 0), (2, 0), 0.6, LINE), _TOP])
    cells = [_text("Installer: name, date, signature", "soft"), "", _text("Operator: name, date, signature", "soft")]
    yield Table([cells], colWidths=[WIDTH * 0.46, WIDTH * 0.08, WIDTH * 0.46], style=look)


def _facts(facts: Sequence[tuple[str, str]]) -> Flowable:
    rows = [[_text(name, "head"), _text(words, "cell")] for name, words in facts if words]
    look = TableStyle([_TOP, ("LEFTPADDING", (0, 0), (-1, -1), 0), ("TOPPADDING", (0, 0), (-1, -1), 1.5)])
    return Table(rows, colWidths=[WIDTH * 0.2, WIDTH * 0.8], style=look)


def _grid(heads: Sequence[str], rows: Sequence[Sequence[object]], parts: Sequence[float]) -> Flowable:
    made = [[cell if isinstance(cell, Flowable) else _text(str(cell), "cell") for cell in row] for row in rows]
    look = TableStyle(
        [
            _TOP,
            ("BACKGROUND", (0, 0), (-1, 0), GREY),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
            ("TOPPADDING", (0, 0), (-1, -1), 3),
            ("LEFTPADDING", (0, 0), (-1, -1), 4),
        ]
    )
    widths = [WIDTH * part for part in parts]
    return Table([[_text(head, "head") for head in heads], *made], colWidths=widths, repeatRows=1, style=look)


def _text(words: str, style: str) -> Flowable:
    return Paragraph(escape(_plain(words)).replace("\n", "<br/>"), styles()[style])


def _plain(words: str) -> str:
    """Without control characters and halves of letters, which have no place on paper."""
    return "".join(letter for letter in words if letter == "\n" or unicodedata.category(letter)[0] != "C")


def _by(at: str, who: str) -> str:
    return f"{at}, {who}" if at and who else at
