"""Reports as files: the whole of them, with numbers that a spreadsheet can add up, and no formulas."""

import csv
import io

from django.test import Client
from openpyxl import load_workbook

from chargepoints.models import ChargePoint, Site
from hub.audit.models import AuditEntry
from hub.teams.models import User
from tests.portal.report_tools import charge, moment, refund

URL = "/reports/"
MARCH = {"period": "range", "since": "2025-03-01", "until": "2025-03-31"}


class TestFiles:
    """The whole report leaves as a file, and that is on record."""

    def test_csv(self, alice_client: Client, alice: User, charge_point: ChargePoint, site: Site) -> None:
        Site.objects.filter(pk=site.pk).update(name="=HYPERLINK(1)")
        bill = charge(charge_point, moment("2025-03-10T10:00:00Z"), wh=1_234, net="10", vat="2.50")
        refund(bill, "12", "3", moment("2025-03-11T10:00:00Z"))
        charge(charge_point, moment("2025-03-12T10:00:00Z"), wh=1_000, net="7", currency="EUR")
        answer = alice_client.get(URL + "export/csv/", MARCH)
        rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
        first, second, *_, total = rows[:2] + rows[-1:]
        assert (first["group"], first["energy_kwh"], first["currency"], first["net"]) == (
            *("'=HYPERLINK(1)", "2.234", "EUR", "7.00"),
        )
        # Numbers stay numbers, so that a spreadsheet can add them up; energy stands there once.
        assert (
            second["energy_kwh"],
            second["currency"],
            second["net"],
            second["total"],
            second["of_which_refunded"],
        ) == (*("", "NOK", "-2.00", "-2.50", "15.00"),)
        assert total["group"] == "Total"
        entry = AuditEntry.objects.get(act="organisation.report_exported")
        assert (entry.actor_name, entry.after["from"], entry.after["form"]) == ("Alice", "2025-03-01", "csv")

    def test_xlsx(self, alice_client: Client, charge_point: ChargePoint) -> None:
        charge(charge_point, moment("2025-03-10T10:00:00Z"), wh=1_234, net="10", vat="2.50")
        answer = alice_client.get(URL + "export/xlsx/", {**MARCH, "by": "charger"})
        sheet = load_workbook(io.BytesIO(b"".join(answer))).active
        rows = list(sheet.iter_rows(values_only=True))
        assert rows[0][:4] == ("group", "detail", "charges", "energy_kwh")
        assert rows[1][:4] == ("NORD-1", "Aker Brygge", 1, 1.234)
        assert rows[-1][0] == "Total"

    def test_other_kinds_there_are_none_of(self, alice_client: Client) -> None:
        assert alice_client.get(URL + "export/pdf/").status_code == 404
