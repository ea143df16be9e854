"""Chargers at drivers' homes: who has which at which rate, and what a month comes to."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chargepoints.choices import BillState, Hold
from chargepoints.models import ChargePoint, Driver, HomeCharger
from hub.audit.models import AuditEntry
from hub.teams.choices import Role
from hub.teams.models import Organisation
from tests import factories
from tests.conftest import signed_in
from tests.portal.report_tools import charge, moment

URL = "/reports/home/"
MARCH = {"month": "2025-03"}


@pytest.fixture
def kari(nordlys: Organisation) -> Driver:
    """A driver of Nordlys."""
    return factories.driver(nordlys, "Kari Nordmann", user_id="K1")


@pytest.fixture
def ola(nordlys: Organisation) -> Driver:
    """Another one."""
    return factories.driver(nordlys, "Ola Nordmann", user_id="O1")


def home(point: ChargePoint, driver: Driver, per_kwh: str, since: str, until: str | None = None) -> HomeCharger:
    """A charger at somebody's home, between two moments."""
    return HomeCharger.objects.create(
        charge_point=point,
        driver=driver,
        per_kwh=Decimal(per_kwh),
        currency="NOK",
        valid_from=moment(since),
        valid_to=moment(until) if until else None,
    )


def typed(**fields: str) -> dict[str, str]:
    """A form as somebody fills it in."""
    told = {"charge_point": "NORD-1", "driver": "K1", "per_kwh": "1.35", "currency": "NOK", "first": "2025-03-01"}
    return {**told, "last": "", **fields}


class TestStatement:
    """What a driver is paid back for a month."""

    @pytest.fixture
    def march(self, charge_point: ChargePoint, kari: Driver, ola: Driver) -> None:
        """Two rates in March, and charges of two people."""
        middle = "2025-03-15T00:00:00+01:00"
        home(charge_point, kari, "1.335", "2025-01-01T00:00:00+01:00", middle)
        home(charge_point, kari, "2", middle)
        charge(charge_point, moment("2025-02-28T22:59:59Z"), driver=kari, wh=50_000)  # February
        charge(charge_point, moment("2025-02-28T23:00:00Z"), driver=kari, wh=1_001)
        # It began at the first rate and ended at the second.
        charge(charge_point, moment("2025-03-14T22:30:00Z"), driver=kari, wh=2_000, state=BillState.FREE)
        charge(charge_point, moment("2025-03-14T23:00:00Z"), driver=kari, wh=3_003, state=BillState.REMOVED)
        charge(charge_point, moment("2025-03-20T10:00:00Z"), driver=ola, wh=4_000)
        charge(charge_point, moment("2025-03-21T10:00:00Z"), wh=500)
        charge(charge_point, moment("2025-03-22T10:00:00Z"), driver=kari, wh=9_000, state=BillState.HELD)
        charge(charge_point, moment("2025-03-31T22:00:00Z"), driver=kari, wh=70_000)  # April

    def statement(self, client: Client, driver: Driver, **asked: str) -> Any:
        answer = client.get(f"{URL}drivers/{driver.pk}/", {**MARCH, **asked})
        assert answer.status_code == 200
        return answer.context

    def test_rates_split_by_the_begin_of_charges(self, march: None, alice_client: Client, kari: Driver) -> None:
        found = self.statement(alice_client, kari)
        rates = [(line.use.own_wh, line.use.amount) for line in found["sums"].rates]
        # 3.001 kWh x 1.335 = 4.006335, 3.003 kWh x 2 = 6.006; together 10.012335, rounded once.
        assert rates == [(3_001, Decimal("4.006335")), (3_003, Decimal("6.006"))]
        assert found["sums"].to_pay == ["10.01\u00a0NOK"]
        assert found["sums"].waiting == 1

    def test_others_are_shown_and_not_paid(self, march: None, alice_client: Client, kari: Driver) -> None:
        found = self.statement(alice_client, kari)
        assert [(line.charge.driver, line.charge.energy_wh, line.amount) for line in found["others"]] == [
            ("Ola Nordmann", 4_000, ""),
            ("", 500, ""),
        ]
        assert [(line.charge.energy_wh, line.amount) for line in found["own"]] == [
            (1_001, "1.3363\u00a0NOK"),
            (2_000, "2.6700\u00a0NOK"),
            (3_003, "6.0060\u00a0NOK"),
            (9_000, ""),
        ]

    def test_half_a_coin_is_rounded_up(self, charge_point: ChargePoint, alice_client: Client, kari: Driver) -> None:
        home(charge_point, kari, "1.5", "2025-01-01T00:00:00Z")
        for hour in (10, 12, 14):
            charge(charge_point, moment(f"2025-03-10T{hour}:00:00Z"), driver=kari, wh=3_110)
        # 9.33 kWh x 1.5 = 13.995; charge by charge it would be 3 x 4.67 = 14.01.
        assert self.statement(alice_client, kari)["sums"].to_pay == ["14.00\u00a0NOK"]

    def test_a_doubtful_meter_pays_nothing(self, charge_point: ChargePoint, alice_client: Client, kari: Driver) -> None:
        home(charge_point, kari, "1", "2025-01-01T00:00:00Z")
        doubt, money = ([{"rule": rule, "text": ""}] for rule in (Hold.NEGATIVE, Hold.PAYMENT))
        for day, holds in ((10, doubt), (11, money)):
            begin = moment(f"2025-03-{day}T10:00:00Z")
            charge(charge_point, begin, driver=kari, wh=1_000, state=BillState.CANCELLED, holds=holds)
        found = self.statement(alice_client, kari)
        assert [line.charge.why_not for line in found["own"]] == ["its bill was cancelled in a review", ""]
        assert found["sums"].to_pay == ["1.00\u00a0NOK"]

    def test_page_says_it_all(self, march: None, alice_client: Client, kari: Driver) -> None:
        text = alice_client.get(f"{URL}drivers/{kari.pk}/", MARCH).content.decode()
        assert "Home charging, March 2025" in text
        assert "1 charge below is not paid back" in text
        assert "15 Mar 00:00" in text  # by the site's clock

    def test_a_month_without_charges(self, march: None, alice_client: Client, kari: Driver) -> None:
        text = alice_client.get(f"{URL}drivers/{kari.pk}/", {"month": "2025-01"}).content.decode()
        assert "No charge at home in this month." in text

    @pytest.mark.parametrize("month", ["", "2025-13", "x", "9999-12", "0001-01"])
    def test_a_month_that_is_none(self, month: str, march: None, alice_client: Client, kari: Driver) -> None:
        self.statement(alice_client, kari, month=month)

    def test_csv(self, march: None, alice_client: Client, kari: Driver, charge_point: ChargePoint) -> None:
        ChargePoint.objects.filter(pk=charge_point.pk).update(name="@SUM(A1)")
        answer = alice_client.get(f"{URL}drivers/{kari.pk}/export/csv/", MARCH)
        rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
        assert [row["amount"] for row in rows] == ["1.3363", "2.6700", "6.0060", "", "", "", "10.01"]
        assert (rows[0]["charger"], rows[0]["begin"]) == ("'@SUM(A1)", "2025-03-01T00:00:00+01:00")
        assert alice_client.get(f"{URL}drivers/{kari.pk}/export/pdf/").status_code == 404

    def test_list_of_a_month(self, march: None, alice_client: Client) -> None:
        (row,) = alice_client.get(URL, MARCH).context["rows"]
        assert (row.driver.name, row.own_wh, row.waiting, row.to_pay) == ("Kari Nordmann", 6_004, 1, ["10.01\u00a0NOK"])
        assert [line.use.others_wh for line in row.rates] == [0, 4_500]

    def test_as_many_queries_for_many(self, march: None, alice_client: Client, kari: Driver, ola: Driver) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                alice_client.get(URL, MARCH)
            return len(captured)

        before = queries()
        for number in range(4):
            point = factories.charge_point(HomeCharger.objects.all()[0].charge_point.site, f"HOME-{number}")
            home(point, ola, "1", "2025-01-01T00:00:00Z")
            charge(point, moment("2025-03-10T10:00:00Z"), driver=ola)
        assert queries() == before


class TestAssigning:
    """A charger is one driver's at a time, and every change is on record."""

    def test_assign(self, alice_client: Client, charge_point: ChargePoint, kari: Driver) -> None:
        answer = alice_client.post(URL + "new/", typed(last="2025-03-31"))
        assert answer["Location"] == URL
        made = HomeCharger.objects.get()
        assert (made.charge_point, made.driver, made.per_kwh) == (charge_point, kari, Decimal("1.35"))
        # Whole days of the charger's site, summer time included.
        assert (made.valid_from, made.valid_to) == (
            moment("2025-03-01T00:00:00+01:00"),
            moment("2025-04-01T00:00:00+02:00"),
        )
        entry = AuditEntry.objects.get(act="home_charger.created")
        assert (entry.actor_name, entry.after["driver"]) == ("Alice", "Kari Nordmann")

    @pytest.mark.parametrize(
        ("first", "last", "is_free"),
        [
            ("2025-03-31", "", False),
            ("2025-02-01", "2025-03-01", False),
            ("2025-03-10", "2025-03-11", False),
            ("2025-02-01", "", False),
            ("2025-04-01", "", True),
            ("2025-02-01", "2025-02-28", True),
        ],
    )
    def test_times_of_a_charger_do_not_overlap(
        self,
        first: str,
        last: str,
        is_free: bool,
        alice_client: Client,
        charge_point: ChargePoint,
        kari: Driver,
        ola: Driver,
    ) -> None:
        home(charge_point, kari, "1", "2025-03-01T00:00:00+01:00", "2025-04-01T00:00:00+02:00")
        answer = alice_client.post(URL + "new/", typed(driver="O1", first=first, last=last))
        assert answer.status_code == (302 if is_free else 409)
        assert HomeCharger.objects.count() == 1 + is_free
        if not is_free:
            assert "NORD-1 is Kari Nordmann&#x27;s home charger from 2025-03-01" in answer.content.decode()

    @pytest.mark.parametrize(
        ("fields", "says"),
        [
            ({"charge_point": "FJORD-1"}, "There is no charger called"),
            ({"driver": "nobody"}, "There is no driver"),
            ({"driver": "Twin"}, "Type the user id."),
            ({"per_kwh": "-1"}, "greater than or equal to 0"),
            ({"per_kwh": "1.1234567"}, "6 decimal places"),
            ({"currency": "kr"}, "three letters"),
            ({"currency": "KWD"}, "coins of a thousandth"),
            ({"last": "2025-02-01"}, "must not be before the first one"),
            ({"first": "0001-01-01"}, "between 2000 and 2099"),
            ({"first": ""}, "This field is required"),
        ],
    )
    def test_what_is_wrong_stands_at_its_field(
        self,
        fields: dict[str, str],
        says: str,
        alice_client: Client,
        charge_point: ChargePoint,
        foreign_charge_point: ChargePoint,
        kari: Driver,
    ) -> None:
        for _ in range(2):
            factories.driver(kari.organisation, "Twin")
        answer = alice_client.post(URL + "new/", typed(**fields))
        assert answer.status_code == 422
        assert says in answer.content.decode()
        assert not HomeCharger.objects.exists()

    def test_edit(self, alice_client: Client, charge_point: ChargePoint, kari: Driver) -> None:
        made = home(charge_point, kari, "1", "2025-03-01T10:30:00+01:00")
        rate = {"per_kwh": "1.2", "currency": "NOK", "first": "2025-03-01", "last": "2025-03-31"}
        assert alice_client.post(f"{URL}chargers/{made.pk}/edit/", rate).status_code == 302
        made.refresh_from_db()
        # A begin within a day stays what it was.
        assert (made.per_kwh, made.valid_from) == (Decimal("1.2"), moment("2025-03-01T10:30:00+01:00"))
        assert made.valid_to == moment("2025-04-01T00:00:00+02:00")
        entry = AuditEntry.objects.get(act="home_charger.edited")
        assert (entry.before["per_kwh"], entry.after["per_kwh"]) == ("1.000000", "1.2")

    def test_an_edit_must_not_overlap_either(
        self, alice_client: Client, charge_point: ChargePoint, kari: Driver
    ) -> None:
        made = home(charge_point, kari, "1", "2025-03-01T00:00:00+01:00", "2025-04-01T00:00:00+02:00")
        home(charge_point, kari, "2", "2025-04-01T00:00:00+02:00")
        rate = {"per_kwh": "1", "currency": "NOK", "first": "2025-03-01", "last": "2025-04-01"}
        assert alice_client.post(f"{URL}chargers/{made.pk}/edit/", rate).status_code == 409

    def test_remove(self, alice_client: Client, charge_point: ChargePoint, kari: Driver) -> None:
        made = home(charge_point, kari, "1", "2025-03-01T00:00:00+01:00")
        assert "As if it had never been" in alice_client.get(f"{URL}chargers/{made.pk}/remove/").content.decode()
        assert alice_client.post(f"{URL}chargers/{made.pk}/remove/")["Location"] == URL
        assert not HomeCharger.objects.exists()
        assert AuditEntry.objects.get(act="home_charger.removed").before["driver"] == "Kari Nordmann"


class TestWho:
    """Only who may see money of the whole organisation, and only their own organisation's."""

    def pages(self, made: HomeCharger) -> list[str]:
        return [
            *(f"{URL}chargers/{made.pk}/edit/", f"{URL}chargers/{made.pk}/remove/"),
            *(f"{URL}drivers/{made.driver_id}/", f"{URL}drivers/{made.driver_id}/export/csv/"),
        ]

    @pytest.fixture
    def made(self, charge_point: ChargePoint, kari: Driver) -> HomeCharger:
        """Kari's."""
        return home(charge_point, kari, "1", "2025-03-01T00:00:00+01:00")

    def test_finance_gets_in(self, made: HomeCharger, nordlys: Organisation) -> None:
        person = factories.user()
        factories.member(nordlys, person, Role.FINANCE)
        client = signed_in(person)
        assert {client.get(page).status_code for page in [URL, URL + "new/", *self.pages(made)]} == {200}

    def test_others_do_not(self, made: HomeCharger, bob_client: Client, charlie_client: Client) -> None:
        assert {bob_client.get(page).status_code for page in [URL, URL + "new/", *self.pages(made)]} == {403}
        assert {charlie_client.get(page).status_code for page in self.pages(made)} == {404}
        assert charlie_client.get(URL).context["rows"] == []

    def test_who_is_not_signed_in(self, made: HomeCharger, client: Client) -> None:
        assert all(client.get(page)["Location"].startswith("/login/") for page in [URL, *self.pages(made)])

    def test_a_driver_of_another_organisation(
        self, charge_point: ChargePoint, foreign_charge_point: ChargePoint, alice_client: Client, fjord: Organisation
    ) -> None:
        factories.driver(fjord, "Stranger", user_id="S1")
        assert alice_client.post(URL + "new/", typed(driver="S1")).status_code == 422

    def test_bad_id_and_method(self, alice_client: Client, made: HomeCharger) -> None:
        assert alice_client.get(f"{URL}drivers/{made.driver_id + 999}/").status_code == 404
        assert alice_client.post(URL).status_code == 405
        assert alice_client.post(f"{URL}drivers/{made.driver_id}/").status_code == 405
