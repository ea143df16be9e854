"""The administration's lists stay quick: constant queries, and a bound on the tables without end."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from chargepoints.choices import Category
from chargepoints.models import Charge, ChargePoint, Connection, Driver, LogLine, MeterSample, Site
from hub.teams.choices import Role
from hub.teams.models import Member, Organisation
from tests import factories
from tests.portal.admin_tools import history_of, url


@pytest.mark.parametrize("model", [ChargePoint, Charge, Site, LogLine, Driver, Member, Connection])
def test_the_number_of_queries_does_not_grow(
    model: type[Model], filled: None, alice_client: Client, nordlys: Organisation, site: Site
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert alice_client.get(url(model, "changelist")).status_code == 200
        return len(captured)

    queries()
    few = queries()
    for number in range(12):
        history_of(factories.charge_point(site, f"MORE-{number}"))
        factories.site(site.team)
        factories.charge_key(holder=factories.driver(nordlys))
        factories.member(nordlys, role=Role.SUPPORT)
    assert queries() == few


@pytest.mark.parametrize("table", ["logline", "metersample"])
@pytest.mark.parametrize("query", ["", "?q=NORD-1", "?charge_point__id__exact={}"])
def test_lists_of_endless_tables_are_bound(
    table: str, query: str, filled: None, alice_client: Client, charge_point: ChargePoint
) -> None:
    address = reverse(f"admin:chargepoints_{table}_changelist") + query.format(charge_point.pk)
    with CaptureQueriesContext(connection) as captured:
        assert alice_client.get(address).status_code == 200
    asked = [entry["sql"] for entry in captured if f'FROM "chargepoints_{table}"' in entry["sql"]]
    bounds = ('"seq" >=', '"charge_point_id" =', '"charge_point_id" IN', '"received_at" >=')
    for sql in asked:
        assert any(bound in sql for bound in bounds), sql
        assert "COUNT" not in sql or "LIMIT" in sql, sql
    assert any("COUNT" in sql for sql in asked) or (table, query) == ("metersample", "?q=NORD-1")


def test_old_lines_are_found_by_identity(filled: None, alice_client: Client, charge_point: ChargePoint) -> None:
    old = factories.now() - timedelta(days=2)
    LogLine.objects.create(
        charge_point=charge_point,
        seq=int(old.timestamp() * 1_000_000),
        at=old,
        category=Category.LINK,
        action="Connect",
    )
    counted = {
        query: alice_client.get(url(LogLine, "changelist") + query).context["cl"].result_count
        for query in ("", "?q=nord-1", f"?charge_point__id__exact={charge_point.pk}", "?q=FJORD-1", "?q=NORD")
    }
    assert list(counted.values()) == [1, 2, 2, 0, 0]


def test_meter_samples_are_found_by_charge(
    filled: None, alice_client: Client, charge_point: ChargePoint, foreign_charge_point: ChargePoint
) -> None:
    old = factories.now() - timedelta(days=2)
    mine, foreign = (point.charges.get().pk for point in (charge_point, foreign_charge_point))
    MeterSample.objects.filter(charge_id=mine).update(at=old)
    address = url(MeterSample, "changelist")
    assert alice_client.get(f"{address}?charge_id__exact={mine}").context["cl"].result_count == 1
    assert alice_client.get(f"{address}?q={mine}").context["cl"].result_count == 1
    assert alice_client.get(f"{address}?charge_id__exact={foreign}").context["cl"].result_count == 0
