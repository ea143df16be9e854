"""Charges as CSV and Excel: what is in them, what is no formula, and that taking them is on record."""

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client
from openpyxl import load_workbook

from chargepoints.models import Charge, ChargePoint
from chargepoints.rendering import charge_files
from hub.audit.models import AuditEntry
from hub.teams.models import Organisation
from tests.factories import now
from tests.portal.charge_tools import charge

URL = "/charges/"


class TestExport:
    """The same as files."""

    def rows(self, client: Client, query: str = "") -> list[list[str]]:
        body = b"".join(client.get(f"{URL}export/csv/{query}"))
        return list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))

    def test_csv(self, alice_client: Client, paid: Charge, nordlys: Organisation) -> None:
        head, row = self.rows(alice_client, "?q=kari")
        told = dict(zip(head, row, strict=True))
        assert (told["transaction id"], told["energy kWh"], told["total"], told["bill"]) == (
            "5001",
            "20",
            "90.00",
            "Paid",
        )
        assert told["begin"].endswith(("+01:00", "+02:00"))
        assert told["key"] == "…AG-A"
        entry = AuditEntry.objects.get(act="organisation.charges_exported")
        assert (entry.after["form"], entry.after["words"], entry.object_id) == ("csv", ["kari"], str(nordlys.pk))

    def test_nothing_is_a_formula(self, alice_client: Client, charge_point: ChargePoint) -> None:
        charge(charge_point, "1", stop_reason="=HYPERLINK(1)", needs_review="+1\x01")
        row = self.rows(alice_client)[1]
        assert "'=HYPERLINK(1)" in row
        book = load_workbook(io.BytesIO(b"".join(alice_client.get(f"{URL}export/xlsx/"))))
        cells = [cell for line in book.active.iter_rows(min_row=2) for cell in line]
        assert all(cell.data_type != "f" for cell in cells)
        assert {"'=HYPERLINK(1)", "'+1"} <= {cell.value for cell in cells}

    def test_excel_keeps_numbers(self, alice_client: Client, paid: Charge) -> None:
        answer = alice_client.get(f"{URL}export/xlsx/")
        book = load_workbook(io.BytesIO(b"".join(answer)))
        head, row = book.active.iter_rows(values_only=True)
        told = dict(zip(head, row, strict=True))
        assert (told["energy kWh"], told["meter begin Wh"], told["total"]) == (20, 1_000, 90)

    def test_more_than_a_sheet_holds(self, alice_client: Client, paid: Charge, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(charge_files, "SHEET_ROWS", 1)
        charge(paid.charge_point, "5002", connector=None)
        answer = alice_client.get(f"{URL}export/xlsx/?since=2020-01-01")
        assert answer.headers["Location"] == f"{URL}?since=2020-01-01"
        assert "An Excel sheet" in alice_client.get(answer.headers["Location"]).content.decode().replace("an E", "An E")
        assert not AuditEntry.objects.filter(act__endswith="charges_exported").exists()

    def test_bad_kind(self, alice_client: Client) -> None:
        assert alice_client.get(f"{URL}export/pdf/").status_code == 404

    def test_all_batches(self, alice_client: Client, charge_point: ChargePoint) -> None:
        moment = now() - timedelta(days=2)
        Charge.objects.bulk_create(
            Charge(charge_point=charge_point, transaction_id=str(number), started_at=moment, bill_due=False)
            for number in range(2_001)
        )
        assert len({row[0] for row in self.rows(alice_client)[1:]}) == 2_001
