"""The calculator: what a charge would cost, from its address alone."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from chargepoints.models import ChargePoint, PriceGroup, SpotSource
from hub.teams.models import Organisation
from tests.factories import now
from tests.portal.price_tools import group_made

URL = reverse("calculator")
ASKED = {"begin": "2026-11-20T12:00", "kwh": "12.345", "minutes": "60", "idle": "30"}


@pytest.fixture
def group(nordlys: Organisation, charge_point: ChargePoint) -> PriceGroup:
    """The default of Nordlys, valid since long ago."""
    made = group_made(nordlys, is_default=True)
    made.prices.update(valid_from=now() - timedelta(days=4000))
    return made


def asked(client: Client, of: str, **fields: str) -> str:
    """What the page says."""
    answer = client.get(URL, {"of": of, **ASKED, **fields})
    assert answer.status_code == 200
    return answer.content.decode()


def test_lines_with_their_arithmetic(alice_client: Client, group: PriceGroup) -> None:
    html = asked(alice_client, f"group-{group.pk}")
    for text in ("12.345 kWh × 4.50", "55.5525", "20 min × 2", "NOK\xa0105.55", "NOK\xa084.44", "NOK\xa021.11"):  # noqa: RUF001
        assert text in html
    assert "Public" in html


@pytest.mark.parametrize("of", ["site", "charge_point"])
def test_of_a_place(alice_client: Client, group: PriceGroup, charge_point: ChargePoint, of: str) -> None:
    pk = charge_point.site_id if of == "site" else charge_point.pk
    html = asked(alice_client, f"{of}-{pk}")
    assert "NOK\xa0105.55" in html
    assert "time of Europe/Oslo" in html


def test_by_power(alice_client: Client, group: PriceGroup) -> None:
    html = asked(alice_client, f"group-{group.pk}", kwh="22", minutes="", power="11", idle="")
    assert "12:00 – 14:00" in html  # noqa: RUF001 - as the page writes it


def test_hourly_prices_and_those_that_are_missing(
    alice_client: Client, nordlys: Organisation, group: PriceGroup
) -> None:
    source = SpotSource.objects.create(organisation=nordlys, name="NO1", currency="NOK")
    group.prices.update(spot_source=source, per_kwh=0, start_fee=0)
    source.prices.create(starts_at=datetime.fromisoformat("2026-11-20T11:00Z"), per_kwh=Decimal("0.75"))
    told = asked(alice_client, f"group-{group.pk}", kwh="10", minutes="60", idle="")
    assert "10 kWh × 0.75" in told  # noqa: RUF001 - the sign of multiplication
    assert "1 hourly price of NO1" in told
    missing = asked(alice_client, f"group-{group.pk}", kwh="10", minutes="120", idle="")
    assert "2 hourly prices of NO1, 1 missing" in missing
    assert "There is no hourly price for 2026-11-20 12:00 UTC, and no fall-back." in missing


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kwh": "0"}, "greater than or equal to 0.001"),
        ({"kwh": "many"}, "Enter a number"),
        ({"begin": "soon"}, "Type a date"),
        ({"power": "11"}, "not both"),
        ({"minutes": ""}, "Give the minutes or the power"),
        ({"minutes": "", "power": "0.1", "kwh": "10000"}, "more than 31 days"),
        ({"of": "group-0"}, "Choose a price group"),
        ({"of": "site-\u0661"}, "Choose a price group"),
        ({"begin": "1990-01-01T00:00"}, "says nothing at"),
    ],
)
def test_bad_input(alice_client: Client, group: PriceGroup, fields: dict[str, str], said: str) -> None:
    assert said in asked(alice_client, fields.pop("of", f"group-{group.pk}"), **fields)


def test_who_may(
    client: Client, bob_client: Client, charlie_client: Client, group: PriceGroup, charge_point: ChargePoint
) -> None:
    assert client.get(URL).headers["Location"].startswith("/login/")
    assert bob_client.get(URL).status_code == 403
    for of in (f"group-{group.pk}", f"site-{charge_point.site_id}", f"charge_point-{charge_point.pk}"):
        html = asked(charlie_client, of)
        assert "Choose a price group" in html
        assert "4.50" not in html
    assert charlie_client.post(URL).status_code == 405


def test_empty(alice_client: Client, alice: object) -> None:
    assert "There is no price group yet" in alice_client.get(URL).content.decode()
