"""Files with charge points: every kind is read, none can hurt, and none that is written has a formula."""

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from chargepoints.columns import COLUMNS
from chargepoints.models import ChargePoint, Connection, Site
from chargepoints.services.credentials import password_matches
from hub.spreadsheets import MOST_BYTES, MOST_ROWS, csv_write, neutral, table_read, xlsx_write
from tests.portal.import_tools import HEAD, UPLOAD, imported, page_of, token_of

pytestmark = pytest.mark.usefixtures("clean_redis")


FULL = [
    "Aker Brygge",
    "Left",
    "AKER-01",
    "Acme",
    "DC150",
    "S-1",
    "NO-1",
    "Level 2",
    "by the lift",
    "1:Type2:22;2:CCS:150",
]


@pytest.mark.parametrize("kind", ["bom", "plain", "semicolon", "tab", "xlsx"])
def test_every_kind_of_file(alice_client: Client, site: Site, kind: str) -> None:
    rows = [list(COLUMNS), [*FULL, "a-typed-password-of-20", "no"]]
    text = csv_write(rows).decode("utf-8-sig")
    content = {
        "bom": csv_write(rows),
        "plain": text.encode(),
        "semicolon": "\n".join(";".join(f'"{cell}"' for cell in row) for row in rows).encode(),
        "tab": "\n".join("\t".join(row) for row in rows).encode(),
        "xlsx": xlsx_write(rows),
    }[kind]
    html = page_of(alice_client, content)
    assert "Import 1 charge point" in html
    assert "a-typed-password-of-20" not in html
    assert not ChargePoint.objects.exists()
    alice_client.post(token_of(html), {"which": "all"})
    made = ChargePoint.objects.get()
    told = [made.site.name, made.name, made.identity, made.vendor, made.model, made.serial, made.sticker]
    assert [*told, made.location, made.note] == FULL[:9]
    assert not made.is_active
    assert password_matches("AKER-01", b"a-typed-password-of-20", made.password_hmac)
    plugs = list(made.connectors.order_by("number").values_list("number", "type", "max_power_w"))
    assert plugs == [(1, "Type2", 22_000), (2, "CCS", 150_000)]
    assert Connection.objects.filter(charge_point=made).exists()
    assert made.integration == "pending"


def test_cells_of_a_workbook_are_taken_as_they_look(alice_client: Client, site: Site) -> None:
    """Numbers without a decimal point, and no formula is calculated."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in ([*HEAD, "serial", "active"], ["Aker Brygge", 7.0, 1001, "=1+1", True]):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    imported(alice_client, out.getvalue())
    made = ChargePoint.objects.get()
    assert (made.name, made.identity, made.serial, made.is_active) == ("7", "1001", "", True)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "The file is empty."),
        (b"\n\n", "The file is empty. Start from the template."),
        (b"PK\x03\x04 not a workbook", "neither a CSV file nor an Excel workbook"),
        (b"\xd0\xcf\x11\xe0old", "Excel file of the old kind"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not in UTF-8"),
        (b"a\x00b", "neither a CSV file nor an Excel workbook"),
        ("site;name\nÅs;x".encode("latin-1"), "not in UTF-8"),
        (b'site,name\n"Aker', "a quotation mark that is not closed"),
        (b"site,name", "nothing below it"),
        (b"site,nmae\nA,B", "Did you mean \u201cname\u201d?"),
        (b"site,name,frobnicate\nA,B,C", "Remove it, or start from the template."),
        (b"site,name,Name\nA,B,C", "The column \u201cname\u201d is there twice."),
        (b"site,identity\nA,B", "The column \u201cname\u201d is missing."),
        (b"," * 60, "The file is empty."),
        (b"x," * 60 + b"x", "50 are the most"),
        (b"site,name\n" + b"A,B\n" * (MOST_ROWS + 1), "more than 5000 rows"),
        (b"x" * (MOST_BYTES + 1), "larger than 5 MB"),
    ],
)
def test_what_is_no_list_says_why(alice_client: Client, content: bytes, says: str) -> None:
    response = alice_client.post(UPLOAD, {"file": SimpleUploadedFile("x", content)})
    assert response.status_code == 422
    assert says in response.content.decode()


def test_bombs(alice_client: Client) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * (100 * 1024 * 1024))
    assert len(bomb.getvalue()) < MOST_BYTES
    assert "too large when it is unpacked" in page_of(alice_client, bomb.getvalue())
    laugh = io.BytesIO(xlsx_write([HEAD]))
    evil = io.BytesIO()
    with zipfile.ZipFile(laugh) as good, zipfile.ZipFile(evil, "w") as packed:
        for part in good.infolist():
            body = good.read(part)
            if part.filename == "xl/worksheets/sheet1.xml":
                body = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><worksheet>&b;</worksheet>'
            packed.writestr(part, body)
    assert "neither a CSV file nor an Excel workbook" in page_of(alice_client, evil.getvalue())


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_template_can_be_uploaded(alice_client: Client, site: Site, kind: str) -> None:
    response = alice_client.get(reverse("import_template", args=[kind]))
    assert f"charge-points.{kind}" in response["Content-Disposition"]
    assert [row.cells[0] for row in table_read(response.content)] == ["site", "Aker Brygge"]
    assert "Import 1 charge point" in page_of(alice_client, response.content)
    assert alice_client.get("/charge-points/import/template.exe").status_code == 404


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert neutral(text) == f"'{text}"
    sheet = load_workbook(io.BytesIO(xlsx_write([[text]]))).active
    assert sheet is not None
    assert sheet["A1"].data_type == "s"
    assert table_read(csv_write([["x", text]]))[0].cells[1] == text.strip()
