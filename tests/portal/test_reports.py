"""Reports: every figure against one computed by hand, at the edges of months, and who may see which."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from chargepoints.choices import BillState, ChargeState
from chargepoints.models import Charge, ChargePoint, MaintenancePeriod, Site
from chargepoints.selectors.reports import Figures
from hub.teams.choices import Role
from hub.teams.models import Organisation
from tests import factories
from tests.conftest import signed_in
from tests.portal.report_tools import charge, moment, refund

URL = "/reports/"
MARCH = {"period": "range", "since": "2025-03-01", "until": "2025-03-31"}
HOUR = 3600


@pytest.fixture(autouse=True)
def old(charge_point: ChargePoint, far_charge_point: ChargePoint, foreign_charge_point: ChargePoint) -> None:
    """All charge points have been there since the begin of 2025."""
    ChargePoint.objects.update(created_at=moment("2025-01-01T00:00:00+01:00"))


def shown(client: Client, **asked: str | int) -> Any:
    """The page's context."""
    answer = client.get(URL, {**MARCH, **asked})
    assert answer.status_code == 200
    return answer.context


def groups(client: Client, **asked: str | int) -> dict[str, Figures]:
    """The lines by their names."""
    return {line.figures.name: line.figures for line in shown(client, **asked)["lines"]}


class TestFigures:
    """Sums over charges and bills."""

    def test_energy_charges_and_averages(self, alice_client: Client, charge_point: ChargePoint, site: Site) -> None:
        charge(charge_point, moment("2025-03-10T10:00:00Z"), minutes=60, wh=10_000)
        charge(charge_point, moment("2025-03-11T10:00:00Z"), minutes=30, wh=5_001, idle=10)
        total = shown(alice_client)["total"]
        assert (total.charges, total.energy_wh, total.mean_wh, total.mean_seconds) == (2, 15_001, 7_500, 45 * 60)
        assert (total.connected, total.charging, total.paused) == (90 * 60, 80 * 60, 10 * 60)
        assert groups(alice_client)[site.name].energy_wh == 15_001

    def test_revenue_is_what_was_earned(self, alice_client: Client, charge_point: ChargePoint) -> None:
        at = moment("2025-03-10T10:00:00Z")
        for state in BillState:
            at += timedelta(hours=2)
            charge(charge_point, at, wh=1_000, state=state, net="100.10", vat="25.03")
        charge(charge_point, at + timedelta(hours=2), wh=1_000, net="9.99", currency="EUR")
        total = shown(alice_client)["total"]
        # Paid, invoiced and refunded ones; free, removed and all others have energy only. Refunds are movements.
        assert [(m.currency, m.net, m.vat, m.total) for m in total.money] == [
            ("EUR", Decimal("9.99"), Decimal(0), Decimal("9.99")),
            ("NOK", Decimal("300.30"), Decimal("75.09"), Decimal("375.39")),
        ]
        assert total.energy_wh == 1_000 * (len(BillState) + 1)
        assert (total.review, total.unpaid) == (1, 1)

    def test_a_refund_counts_in_its_own_month(self, alice_client: Client, charge_point: ChargePoint) -> None:
        bill = charge(charge_point, moment("2025-02-10T10:00:00Z"), net="80", vat="20")
        refund(bill, "8", "2", moment("2025-03-31T21:59:59Z"))
        refund_later = charge(charge_point, moment("2025-03-12T10:00:00Z"), net="40", vat="10")
        refund(refund_later, "4", "1", moment("2025-03-31T22:00:00Z"))
        months = groups(alice_client, by="month", since="2025-02-01", until="2025-04-30")
        found = {name: [(m.net, m.vat, m.refunded) for m in line.money] for name, line in months.items()}
        assert found == {
            "February 2025": [(Decimal(80), Decimal(20), Decimal(0))],
            "March 2025": [(Decimal(32), Decimal(8), Decimal(10))],
            "April 2025": [(Decimal(-4), Decimal(-1), Decimal(5))],
        }
        assert (
            "\u22125.00\u00a0NOK"
            in alice_client.get(URL, {"period": "range", "since": "2025-04-01", "until": "2025-04-30"}).content.decode()
        )

    def test_a_running_charge_counts_with_its_last_reading(
        self, alice_client: Client, charge_point: ChargePoint
    ) -> None:
        begun = factories.now()
        running = {"state": ChargeState.CHARGING, "started_at": begun, "energy_wh": 700, "transaction_id": "1"}
        Charge.objects.create(charge_point=charge_point, connector=charge_point.connectors.get(number=1), **running)
        total = alice_client.get(URL).context["total"]
        assert (total.charges, total.energy_wh, total.ended, total.mean_seconds) == (1, 700, 0, None)

    def test_a_charge_stays_where_it_was(
        self, alice_client: Client, charge_point: ChargePoint, site: Site, far_site: Site
    ) -> None:
        charge(charge_point, moment("2025-03-10T10:00:00Z"), net="10")
        ChargePoint.objects.filter(pk=charge_point.pk).update(site=far_site)
        found = groups(alice_client)
        assert (found[site.name].charges, found[far_site.name].charges) == (1, 0)
        assert (found[site.name].capacity, found[far_site.name].capacity) == (0, 3 * 743 * HOUR)

    def test_by_driver_and_by_charger(self, alice_client: Client, charge_point: ChargePoint) -> None:
        kari = factories.driver(charge_point.site.team.organisation, "Kari Nordmann", user_id="K1")
        charge(charge_point, moment("2025-03-10T10:00:00Z"), driver=kari, wh=3_000)
        charge(charge_point, moment("2025-03-11T10:00:00Z"), wh=1_000)
        drivers = shown(alice_client, by="driver")["lines"]
        assert [(line.figures.name, line.figures.detail, line.figures.energy_wh) for line in drivers] == [
            ("Kari Nordmann", "K1", 3_000),
            ("Without a driver", "", 1_000),
        ]
        assert [line.figures.used_share for line in drivers] == [None, None]
        chargers = groups(alice_client, by="charger")
        assert {name: line.charges for name, line in chargers.items()} == {"NORD-1": 2, "NORD-2": 0}


class TestTime:
    """Months are those of the site's clock, and connector time is what there was."""

    def test_edges_of_months(self, alice_client: Client, charge_point: ChargePoint) -> None:
        for begin in (
            "2025-02-28T22:30:00Z",  # 23:30 in February, runs 90 min into March
            "2025-02-28T23:30:00Z",  # 00:30 in March
            "2025-03-31T21:30:00Z",  # 23:30 in March, by summer time; half of it is in April
            "2025-03-31T22:00:00Z",  # 00:00 in April
        ):
            charge(charge_point, moment(begin), minutes=120 if begin.startswith("2025-02-28T22") else 60, wh=1_000)
        found = groups(alice_client, by="month", since="2025-02-01", until="2025-04-30")
        assert {name: (line.charges, line.connected) for name, line in found.items()} == {
            "February 2025": (1, 30 * 60),
            "March 2025": (2, (90 + 60 + 30) * 60),
            "April 2025": (1, (30 + 60) * 60),
        }

    def test_months_of_743_and_745_hours(self, bob_client: Client, charge_point: ChargePoint) -> None:
        found = groups(bob_client, by="month", since="2025-01-01", until="2025-12-31")
        hours = {name: line.capacity / 2 / HOUR for name, line in found.items()}
        assert hours["March 2025"] == 743
        assert hours["October 2025"] == 745
        assert sum(hours.values()) == 365 * 24

    def test_each_site_has_its_own_months(
        self, alice_client: Client, site: Site, far_charge_point: ChargePoint
    ) -> None:
        Site.objects.filter(pk=far_charge_point.site_id).update(time_zone="Asia/Tokyo")
        charge(far_charge_point, moment("2025-02-28T15:30:00Z"))
        assert shown(alice_client)["total"].charges == 1
        assert shown(alice_client, since="2025-02-01", until="2025-02-28")["total"].charges == 0

    def test_connector_time(self, bob_client: Client, charge_point: ChargePoint) -> None:
        ChargePoint.objects.filter(pk=charge_point.pk).update(
            created_at=moment("2025-03-01T10:00:00+01:00"), archived_at=moment("2025-03-03T10:00:00+01:00")
        )
        # Two that overlap are one: ten hours, and one that began before.
        for begin, end in (("2025-03-02T10", "2025-03-02T18"), ("2025-03-02T12", "2025-03-02T20")):
            self._maintenance(charge_point, f"{begin}:00:00+01:00", f"{end}:00:00+01:00")
        self._maintenance(charge_point, "2025-02-27T10:00:00+01:00", "2025-03-01T12:00:00+01:00")
        charge(charge_point, moment("2025-03-01T12:00:00Z"), minutes=9 * 60)
        total = shown(bob_client)["total"]
        assert (total.capacity, total.maintenance) == (2 * 48 * HOUR, 2 * 12 * HOUR)
        assert total.used_share == 9 / 72
        assert "12.5\u00a0%" in bob_client.get(URL, MARCH).content.decode()

    @staticmethod
    def _maintenance(point: ChargePoint, begin: str, end: str) -> None:
        MaintenancePeriod.objects.create(charge_point=point, starts_at=moment(begin), ends_at=moment(end))

    def test_the_future_has_no_connector_time(self, bob_client: Client, charge_point: ChargePoint) -> None:
        assert shown(bob_client, since="2090-01-01", until="2090-12-31")["total"].capacity == 0


class TestWho:
    """What is not theirs is not in it."""

    @pytest.fixture
    def everywhere(
        self, charge_point: ChargePoint, far_charge_point: ChargePoint, foreign_charge_point: ChargePoint
    ) -> None:
        for number, point in enumerate((charge_point, far_charge_point, foreign_charge_point)):
            charge(point, moment("2025-03-10T10:00:00Z"), wh=10**number, net="10", vat="2")
            refund(charge(point, moment("2025-03-11T10:00:00Z"), wh=0, net="10"), "1", "0", moment("2025-03-20T10:00Z"))

    @pytest.mark.parametrize(("who", "energy", "net"), [("alice", 11, 38), ("bob", 1, None), ("charlie", 100, 19)])
    def test_sums(
        self, who: str, energy: int, net: int | None, everywhere: None, request: pytest.FixtureRequest
    ) -> None:
        client = request.getfixturevalue(f"{who}_client")
        for by in ("site", "charger", "driver", "month"):
            total = shown(client, by=by)["total"]
            assert (total.energy_wh, [m.net for m in total.money]) == (energy, [] if net is None else [net])

    def test_without_the_right_there_is_no_money(self, everywhere: None, bob_client: Client) -> None:
        text = bob_client.get(URL, MARCH).content.decode()
        assert "NOK" not in text
        assert "Revenue" not in text
        assert "Ledger" not in text
        assert "Bergen" not in text
        assert b"net" not in b"".join(bob_client.get(URL + "export/csv/", MARCH)).splitlines()[0]

    def test_money_of_some_sites_only(
        self, everywhere: None, nordlys: Organisation, site: Site, far_site: Site
    ) -> None:
        person = factories.user()
        factories.member(nordlys, person, Role.READ_ONLY)
        factories.member(far_site.team, person, Role.FINANCE, sites=(far_site,))
        found = groups(signed_in(person))
        assert (found[site.name].energy_wh, found[far_site.name].energy_wh) == (1, 10)
        assert found[site.name].money == []
        assert [m.net for m in found[far_site.name].money] == [19]

    def test_another_ones_site_and_team_find_nothing(
        self, everywhere: None, bob_client: Client, far_site: Site, foreign_site: Site
    ) -> None:
        for asked in ({"site": far_site.pk}, {"site": foreign_site.pk}, {"team": foreign_site.team_id}):
            assert shown(bob_client, **asked)["total"].charges == 0

    def test_one_site(self, everywhere: None, alice_client: Client, far_site: Site) -> None:
        assert list(groups(alice_client, site=far_site.pk)) == [far_site.name]


class TestPage:
    """The address is the state; what makes no sense does no harm."""

    @pytest.mark.parametrize(
        "query",
        [
            {},
            {"period": "last-month", "by": "month"},
            {"period": "year", "by": "charger"},
            {"period": "nonsense", "by": "nonsense", "site": "x", "team": "-1"},
            {"period": "range", "since": "2025-13-45", "until": "x"},
            {"site": str(2**80)},
        ],
    )
    def test_every_address_answers(self, query: dict[str, str], alice_client: Client) -> None:
        assert alice_client.get(URL, query).status_code == 200

    @pytest.mark.parametrize(("since", "until"), [("2025-03-02", "2025-03-01"), ("2001-01-01", "2050-01-01")])
    def test_a_period_that_is_none_is_told(self, since: str, until: str, alice_client: Client) -> None:
        answer = alice_client.get(URL, {"period": "range", "since": since, "until": until})
        assert "This month is shown." in answer.content.decode()

    def test_fragment_for_htmx(self, alice_client: Client) -> None:
        text = alice_client.get(URL, MARCH, headers={"HX-Request": "true"}).content.decode()
        assert text.startswith('<div id="report"')

    def test_who_is_not_signed_in(self, client: Client) -> None:
        assert client.get(URL)["Location"].startswith("/login/")
        assert client.get(URL + "export/csv/")["Location"].startswith("/login/")

    def test_reading_only(self, alice_client: Client) -> None:
        assert alice_client.post(URL).status_code == 405
        assert alice_client.post(URL + "export/csv/").status_code == 405

    def test_as_many_queries_for_many(self, alice_client: Client, charge_point: ChargePoint, site: Site) -> None:
        def queries() -> int:
            with CaptureQueriesContext(
                connection,
            ) as captured:
                shown(alice_client, by="charger")
            return len(captured)

        before = queries()
        for number in range(5):
            point = factories.charge_point(site, f"MORE-{number}")
            charge(point, moment("2025-03-10T10:00:00Z"), net="10")
        assert queries() == before
        assert reverse("reports") == URL
