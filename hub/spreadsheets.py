"""Tables that people upload and download: CSV and XLSX, read with limits, written so that no cell is a formula.

It knows nothing of what is in them.
"""

import csv
import io
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from openpyxl import Workbook, load_workbook
from openpyxl.utils.exceptions import InvalidFileException

MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 5_000
MOST_COLUMNS = 50
# What 5 MB of a real workbook unpack to at most; a zip bomb is a thousand times its size.
MOST_UNPACKED = 80 * 1024 * 1024
MOST_PARTS = 200
# Sheets are often formatted far below their last row.
MOST_EMPTY = 1_000
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV_TYPE = "text/csv; charset=utf-8"
# OWASP, "CSV injection": what makes a spreadsheet take a cell for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_TOO_MANY = f"The table has more than {MOST_ROWS} rows. Split it into several files."
_NOT_A_TABLE = "This is neither a CSV file nor an Excel workbook (.xlsx). Save it as one of them and try again."


class TableError(Exception):
    """A file that is no table; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row as text, trimmed; `number` is how a spreadsheet counts, from 1."""

    number: int
    cells: Sequence[str]


def table_read(content: bytes) -> list[Row]:
    """All rows that are not empty, the header first. Raises TableError."""
    if len(content) > MOST_BYTES:
        raise TableError(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB. Split it into several files.")
    if content[:2] == b"PK":
        rows = _limited(_xlsx(content))
    elif content[:4] == b"\xd0\xcf\x11\xe0":
        raise TableError("This is an Excel file of the old kind (.xls). Save it as .xlsx or CSV and upload it again.")
    else:
        rows = _limited(_csv(content))
    if not rows:
        raise TableError("The file is empty. Start from the template.")
    return rows


def _limited(cells: Iterator[Sequence[str]]) -> list[Row]:
    rows: list[Row] = []
    empty = 0
    for number, found in enumerate(cells, 1):
        texts = [_plain(cell) for cell in found]
        while texts and not texts[-1]:
            texts.pop()
        empty = 0 if texts else empty + 1
        if empty > MOST_EMPTY:
            break
        if len(texts) > MOST_COLUMNS:
            raise TableError(f"Row {number} has {len(texts)} columns. {MOST_COLUMNS} are the most.")
        if texts:
            rows.append(Row(number, texts))
        if len(rows) > MOST_ROWS + 1:
            raise TableError(_TOO_MANY)
    return rows


def _plain(cell: str) -> str:
    """Trimmed, and without the apostrophe that `neutral` has put before it."""
    text = cell.strip()
    return text[1:].strip() if text[:1] == "'" and text[1:2] in _FORMULA else text


def _csv(content: bytes) -> Iterator[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TableError(
            "The file is not in UTF-8. Save it as “CSV UTF-8” or as an Excel workbook and upload it again."
        ) from None
    if "\x00" in text:
        raise TableError(_NOT_A_TABLE)
    head = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(";,\t", key=head.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise TableError(f"The CSV file is broken: {error}. Look for a quotation mark that is not closed.") from None


def _xlsx(content: bytes) -> Iterator[list[str]]:
    """The first sheet. Formulas are not evaluated: their last stored value counts."""
    broken = (zipfile.BadZipFile, InvalidFileException, DefusedXmlException, ParseError)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
            raise TableError("The workbook is too large when it is unpacked. Save only the table, as CSV or .xlsx.")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # what the file says of its size is not to be trusted
            for row in sheet.iter_rows(values_only=True):
                yield [_text(value) for value in row[: MOST_COLUMNS + 1]]
        finally:
            book.close()
    except (*broken, KeyError, IndexError, ValueError, TypeError, AttributeError, OSError, EOFError, RuntimeError):
        raise TableError(_NOT_A_TABLE) from None  # openpyxl fails in as many ways as a file can be broken


def _text(value: object) -> str:
    if value is None:
        text = ""
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, float) and value.is_integer():
        text = str(int(value))
    elif isinstance(value, datetime | date):
        text = value.isoformat()
    else:
        text = str(value).replace("\x00", "")
    return text


def neutral(value: object) -> str:
    """The text of a cell that no spreadsheet takes for a formula: an apostrophe goes before what looks like one."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def csv_write(rows: Iterable[Sequence[object]]) -> bytes:
    """A CSV file that spreadsheets open as it is meant: UTF-8 with its mark, no formulas."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([neutral(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def xlsx_write(rows: Iterable[Sequence[object]], title: str = "Table") -> bytes:
    """An Excel workbook with one sheet of texts, no formulas."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    for row in rows:
        sheet.append([neutral(cell) for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def csv_stream(rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """The same as `csv_write` for any number of rows, in pieces; numbers stay numbers."""
    out = io.StringIO(newline="")
    out.write("\ufeff")
    writer = csv.writer(out)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
        if out.tell() > _PIECE:
            yield _taken(out)
    yield _taken(out)


def xlsx_stream(rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """A workbook with any number of rows, in pieces; openpyxl and this keep it in files meanwhile, not in memory."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Table")
    for row in rows:
        sheet.append([_cell(value) for value in row])
    with tempfile.TemporaryFile() as kept:
        book.save(kept)
        kept.seek(0)
        while piece := kept.read(_PIECE):
            yield piece


def _cell(value: object) -> object:
    """Numbers as they are, also negative ones; everything else as text that is no formula."""
    return value if isinstance(value, int | Decimal) else neutral(value)


def _taken(out: io.StringIO) -> bytes:
    piece = out.getvalue().encode()
    out.seek(0)
    out.truncate()
    return piece


_PIECE = 64 * 1024
STREAMS: dict[str, tuple[str, Callable[[Iterable[Sequence[object]]], Iterator[bytes]]]] = {
    "csv": (CSV_TYPE, csv_stream),
    "xlsx": (XLSX_TYPE, xlsx_stream),
}
