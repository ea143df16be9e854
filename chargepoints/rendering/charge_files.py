"""Charges for spreadsheets: CSV and XLSX in constant memory, a batch at a time; no cell can become a formula."""

import csv
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from chargepoints.models import Bill, Charge
from chargepoints.rendering.charges import bill_of, stop_words, who
from chargepoints.selectors.charges import ChargeScope
from hub.spreadsheets import CSV_TYPE, XLSX_TYPE, neutral

# A sheet of Excel has 1,048,576 rows; the first is the head.
SHEET_ROWS = 1_048_575
CHUNK = 65_536
COLUMNS = (
    *("transaction id", "state", "site", "charge point", "identity", "connector", "driver", "user id", "key"),
    *("begin", "end", "seconds", "energy kWh", "meter begin Wh", "meter end Wh", "battery %", "stop reason", "review"),
)
MONEY_COLUMNS = ("bill", "billed kWh", "net", "VAT", "total", "currency")
_MARK = b"\xef\xbb\xbf"

Batches = Iterable[list[Charge]]
Cells = list[object]


def too_many_words(most: int) -> str:
    """Why an Excel sheet is refused."""
    return (
        f"More than {most:,} charges match, and an Excel sheet holds no more. "
        "Choose a shorter time or one site, or take the CSV file."
    )


def charges_csv(batches: Batches, scope: ChargeScope) -> Iterator[bytes]:
    """Comma-separated text in UTF-8 with its mark and a head line."""
    yield _MARK + _csv([_head(scope)])
    for batch in batches:
        yield _csv([[_cell(value) for value in charge_cells(charge, scope)] for charge in batch])


def charges_xlsx(batches: Batches, scope: ChargeScope) -> Iterator[bytes]:
    """An Excel workbook, written row by row into a temporary file and read from there."""
    with tempfile.TemporaryDirectory(prefix="hub-charges-") as place:
        path = Path(place) / "charges.xlsx"
        book = Workbook(write_only=True)
        sheet = book.create_sheet("Charges")
        sheet.append(_head(scope))
        for batch in batches:
            for charge in batch:
                sheet.append([_cell(value) for value in charge_cells(charge, scope)])
        book.save(path)
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk


EXPORTS: dict[str, tuple[str, Callable[[Batches, ChargeScope], Iterator[bytes]]]] = {
    "csv": (CSV_TYPE, charges_csv),
    "xlsx": (XLSX_TYPE, charges_xlsx),
}


def charge_cells(charge: Charge, scope: ChargeScope) -> Cells:
    """The cells of one charge; times as ISO 8601 in the site's zone, money where the person sees it."""
    point, key = charge.charge_point, charge.charge_key
    zone = ZoneInfo(point.site.time_zone)
    driver = key.driver if key else None
    begin, end = charge.started_at, charge.ended_at
    cells: Cells = [
        *(charge.transaction_id, charge.state, point.site.name, point.name, point.identity),
        *(charge.connector.number if charge.connector else None, driver.name if driver else ""),
        *(driver.user_id if driver else "", who(charge)[1]),
        *(
            begin.astimezone(zone).isoformat("T", "seconds"),
            end.astimezone(zone).isoformat("T", "seconds") if end else "",
        ),
        int((end - begin).total_seconds()) if end else None,
        *(Decimal(charge.energy_wh) / 1000, charge.meter_start_wh, charge.meter_stop_wh, charge.soc),
        *(stop_words(charge), charge.needs_review),
    ]
    return cells + (_money_cells(bill_of(charge), scope) if scope.money else [])


def _money_cells(bill: Bill | None, scope: ChargeScope) -> Cells:
    if bill is None or bill.site_id not in scope.money:
        return [""] * len(MONEY_COLUMNS)
    billed = Decimal(bill.energy_wh) / 1000
    return [bill.get_state_display(), billed, bill.net, bill.vat, bill.total, bill.currency]


def _head(scope: ChargeScope) -> list[str]:
    return [*COLUMNS, *(MONEY_COLUMNS if scope.money else ())]


def _cell(value: object) -> object:
    """Numbers stay numbers; a text is one that no spreadsheet takes for a formula or refuses."""
    if value is None or isinstance(value, int | Decimal):
        return value
    return neutral(ILLEGAL_CHARACTERS_RE.sub("", str(value)))


def _csv(rows: Iterable[Sequence[object]]) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written).writerows(rows)
    return written.getvalue().encode()
