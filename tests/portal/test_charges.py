"""The list of charges: filters, pages, figures, who sees money, export, and the tab of a charger."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from chargepoints.choices import BillState, ChargeState
from chargepoints.models import Bill, Charge, ChargePoint, PriceGroup
from chargepoints.rendering.charges import CHARGE_LOOKS
from chargepoints.selectors.charges import COUNTED
from hub.teams.choices import Role
from hub.teams.models import Organisation, User
from tests import factories
from tests.conftest import signed_in
from tests.factories import now
from tests.portal.charge_tools import HTMX, billed, charge, held

URL = "/charges/"
# The two sums come besides, past Django.
QUERIES = 11


def shown(client: Client, query: str = "", url: str = URL) -> list[str]:
    """The transaction ids in the rows, from top to bottom."""
    answer = client.get(url + query)
    assert answer.status_code == 200
    return re.findall(r'<div class="sub line2">(\w+)</div></th>', answer.content.decode())


def test_works(alice_client: Client, paid: Charge) -> None:
    html = alice_client.get(URL).content.decode()
    for text in (
        "5001",
        "NORD-1",
        "Aker Brygge",
        "Kari TAG-A",
        "20.00 kWh",
        "01:00:00",
        "90.00 NOK",
        "Paid",
        "Completed",
    ):
        assert text in html, text
    assert "The cable was pulled at the car" in html
    assert "style=" not in html
    assert reverse("charge", args=[paid.pk]) in html


def test_empty_teaches(alice_client: Client) -> None:
    assert "No charge yet" in alice_client.get(URL).content.decode()
    assert "No charge matches" in alice_client.get(f"{URL}?q=nothing").content.decode()


def test_every_state_has_its_word() -> None:
    assert set(CHARGE_LOOKS) == set(ChargeState)
    assert len({look.label for look in CHARGE_LOOKS.values()}) == len(ChargeState)


def test_htmx_gets_the_rows_only(alice_client: Client, paid: Charge) -> None:
    html = alice_client.get(URL, headers=HTMX).content.decode()
    assert html.startswith('<div id="charges"')
    assert "5001" in html


@pytest.mark.parametrize("place", [URL, f"{URL}export/csv/", f"{URL}export/xlsx/"])
def test_needs_login_and_the_right_method(client: Client, alice_client: Client, place: str) -> None:
    assert client.get(place).headers["Location"].startswith("/login/")
    assert alice_client.post(place).status_code == 405


def test_ownership(
    alice_client: Client,
    bob_client: Client,
    charlie_client: Client,
    charge_point: ChargePoint,
    far_charge_point: ChargePoint,
    foreign_charge_point: ChargePoint,
) -> None:
    for number, point in enumerate((charge_point, far_charge_point, foreign_charge_point)):
        charge(point, f"600{number}", begun=now() - timedelta(hours=number + 1), minutes=1)
    assert shown(alice_client) == ["6000", "6001"]
    assert shown(bob_client) == ["6000"]
    assert shown(charlie_client) == ["6002"]
    assert shown(bob_client, f"?charge_point={far_charge_point.pk}") == []
    assert shown(bob_client, f"?site={far_charge_point.site_id}") == []


def test_an_archived_site_keeps_its_charges(alice_client: Client, paid: Charge) -> None:
    site = paid.charge_point.site
    site.archived_at = now()
    site.save()
    assert shown(alice_client) == ["5001"]


@pytest.mark.parametrize("role", [Role.OPERATIONS, Role.SUPPORT, Role.READ_ONLY])
def test_without_the_right_there_is_no_money(nordlys: Organisation, paid: Charge, role: Role) -> None:
    person = factories.user()
    factories.member(nordlys, person, role)
    client = signed_in(person)
    html = client.get(URL).content.decode()
    assert "5001" in html
    for word in ("NOK", "90.00", ">Paid<", 'name="bill"'):
        assert word not in html, word
    assert shown(client, "?bill=held") == ["5001"], "a filter that is not theirs filters nothing"
    assert b"NOK" not in b"".join(client.get(f"{URL}export/csv/"))


def test_finance_sees_money(nordlys: Organisation, paid: Charge) -> None:
    person = factories.user()
    factories.member(nordlys, person, Role.FINANCE)
    assert "90.00 NOK" in signed_in(person).get(URL).content.decode()


def test_filters(alice_client: Client, paid: Charge, far_charge_point: ChargePoint) -> None:
    point, key = paid.charge_point, paid.charge_key
    assert key is not None
    old = now() - timedelta(days=30)
    charge(far_charge_point, "5002", begun=old, stop_wh=1_500, id_tag="STRANGE-9")
    charge(point, "5003", minutes=None, begun=now() - timedelta(minutes=5))
    charge(point, "5004", begun=old - timedelta(days=1), needs_review="A stop without a start.", stop_wh=3_000)
    day = (now() - timedelta(days=29)).date()
    for query, wanted in {
        "": ["5003", "5001", "5002", "5004"],
        "?q=kari": ["5001"],
        "?q=tag-a": ["5001"],
        "?q=5002": ["5002"],
        "?q=strange-9": ["5002"],
        "?q=nord-1+kari": ["5001"],
        "?q=nord-2": ["5002"],
        f"?driver={key.driver_id}": ["5001"],
        f"?site={far_charge_point.site_id}": ["5002"],
        f"?charge_point={point.pk}": ["5003", "5001", "5004"],
        "?state=charging": ["5003"],
        "?state=failed": [],
        "?bill=paid": ["5001"],
        f"?since={day}": ["5003", "5001"],
        f"?until={day}": ["5002", "5004"],
        "?least=10": ["5003", "5001"],
        "?least=1&most=3": ["5004"],
    }.items():
        assert shown(alice_client, query) == wanted, query


@pytest.mark.parametrize(
    "query",
    [
        "?site=x",
        "?state=nonsense",
        "?since=2026-99-99",
        "?until=9999-12-31",
        "?least=-1",
        "?least=nan",
        "?before=x",
        "?before=99999999999999999-1",
        "?charge_point=99999999999999999999",
        "?bill=x",
        "?q=%00",
    ],
)
def test_what_makes_no_sense_is_left_out(alice_client: Client, paid: Charge, query: str) -> None:
    assert shown(alice_client, query) == ["5001"]


def test_to_review(alice_client: Client, bob_client: Client, paid: Charge) -> None:
    key = paid.charge_key
    assert key is not None
    held(paid.charge_point, key)
    unpaid = charge(paid.charge_point, "7002", begun=now() - timedelta(days=1))
    assert billed(unpaid).state == BillState.UNPAID
    assert shown(alice_client, "?review=1") == ["7001", "7002"]
    Bill.objects.filter(charge=paid).update(proposed_wh=1_000)
    assert sorted(shown(alice_client, "?review=1")) == ["5001", "7001", "7002"]
    assert shown(bob_client, "?review=1") == [], "what is odd about a bill is not his to see"
    Charge.objects.filter(pk=paid.pk).update(needs_review="Odd.")
    assert shown(bob_client, "?review=1") == ["5001"]


def test_pages_by_cursor(alice_client: Client, charge_point: ChargePoint) -> None:
    """Charges that began at the same moment are told apart by their number; none is lost or doubled."""
    moment = now() - timedelta(days=1)
    for number in range(120):
        charge(charge_point, f"{8000 + number}", begun=moment, minutes=1, connector=None)
    seen, query = [], ""
    for _ in range(3):
        seen += shown(alice_client, query)
        found = re.search(r'rel="next" href="/charges/(\?[^"]*)"', alice_client.get(URL + query).content.decode())
        query = found[1].replace("&amp;", "&") if found else ""
    assert seen == [f"{8119 - number}" for number in range(120)]
    assert query == ""


def test_figures(alice_client: Client, paid: Charge) -> None:
    key = paid.charge_key
    assert key is not None
    held(paid.charge_point, key)
    html = alice_client.get(URL).content.decode()
    sums = re.sub(r"<[^>]+>", " ", html.split('class="facts sums">')[1].split("</dl>")[0]).split()
    assert sums == ["Charges", "2", "Energy", "20", "kWh", "Paid", "and", "invoiced", "90.00", "NOK"]


def test_the_number_of_queries_does_not_grow(
    alice_client: Client, paid: Charge, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(QUERIES):
        alice_client.get(URL)
    for number in range(20):
        charge(paid.charge_point, f"{9000 + number}", connector=None, key=paid.charge_key)
    with django_assert_num_queries(QUERIES):
        alice_client.get(URL)


def test_running_charges_are_asked_for_again(alice_client: Client, charge_point: ChargePoint) -> None:
    charge(charge_point, "5003", minutes=None, power_w=11_000)
    html = alice_client.get(URL).content.decode()
    assert 'hx-trigger="every 10s"' in html
    assert "data-clock" in html
    assert "11 kW" in html


def test_the_tab_of_a_charger(
    alice_client: Client, bob_client: Client, paid: Charge, far_charge_point: ChargePoint
) -> None:
    charge(far_charge_point, "5002")
    url = reverse("charge_point_charges", args=[paid.charge_point_id])
    assert shown(alice_client, url=url) == ["5001"]
    assert "charge_point=" in alice_client.get(url).content.decode().split("export/csv/")[1][:40]
    far = reverse("charge_point_charges", args=[far_charge_point.pk])
    assert bob_client.get(far).status_code == 404
    assert alice_client.post(url).status_code == 405


def test_from_the_log_to_the_charge(alice_client: Client, charlie_client: Client, paid: Charge) -> None:
    url = reverse("charge_by_transaction", args=[paid.charge_point_id, "5001"])
    assert alice_client.get(url).headers["Location"] == reverse("charge", args=[paid.pk])
    assert charlie_client.get(url).status_code == 404
    for unknown in ("1", "%00", "x" * 300):
        assert alice_client.get(url.replace("5001", unknown)).status_code == 404


def test_amounts_of_two_currencies(alice_client: Client, paid: Charge, alice: User) -> None:
    other = charge(paid.charge_point, "5009", begun=now() - timedelta(days=1), connector=None, bill_due=False)
    group = PriceGroup.objects.create(
        organisation=paid.charge_point.site.team.organisation, name="Euro", currency="EUR"
    )
    Bill.objects.create(
        charge=other,
        organisation=group.organisation,
        site=paid.charge_point.site,
        price_group=group,
        currency="EUR",
        state=BillState.INVOICED,
        total=Decimal("7.50"),
        started_at=other.started_at,
    )
    html = alice_client.get(URL).content.decode()
    assert "7.50 EUR" in html
    assert "90.00 NOK" in html


def test_a_failed_charge_says_why(alice_client: Client, charge_point: ChargePoint) -> None:
    refused = charge(charge_point, "7001", stop_wh=1_000, state="failed", verdict="Blocked", stop_reason="DeAuthorized")
    lost = charge(charge_point, "7002", connector=None, stop_wh=1_000, state="failed", stop_reason="PowerLoss")
    gone = charge(charge_point, "7003", connector=None, stop_wh=1_000, state="cancelled", stop_reason="Local")
    html = alice_client.get(URL, {"state": "failed"}).content.decode()
    table = b"".join(alice_client.get(f"{URL}export/csv/")).decode()
    for found, word in ((refused, "The key was refused: Blocked"), (lost, "Power was lost")):
        assert html.count(word) >= 2, "as a title, and in the row"
        assert alice_client.get(f"/charges/{found.pk}/").content.decode().count(word) >= 2
        assert word in table
    assert "7003" not in html
    assert "it ended before any energy" in alice_client.get(f"/charges/{gone.pk}/").content.decode()


def test_a_word_that_is_everywhere(alice_client: Client, charge_point: ChargePoint) -> None:
    """More charges than are looked up by number: the list is walked by time, and the sums are limited."""
    Charge.objects.bulk_create(
        Charge(charge_point=charge_point, transaction_id=f"{number}", id_tag="MANY", started_at=now(), energy_wh=1)
        for number in range(COUNTED + 2)
    )
    Charge.objects.update(state="completed", started_at=now() - timedelta(hours=2))
    charge(charge_point, "8001", id_tag="ONE", begun=now() - timedelta(hours=1))
    assert len(shown(alice_client, "?q=many")) == 50
    assert shown(alice_client, "?q=one") == ["8001"]
    assert shown(alice_client, "?q=many+one") == []
    assert "The sums are of the newest 5" in alice_client.get(URL, {"q": "many"}).content.decode()
    assert shown(alice_client, "?q=nobody-like-this") == []
