"""Hourly prices: tables of them, their pages, and the API that takes them."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import redis
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from chargepoints.hourly import Hours, hours_read
from chargepoints.models import ChargePoint, SpotSource
from hub.audit.models import AuditEntry
from hub.spreadsheets import table_read
from hub.teams.choices import Role
from hub.teams.models import Organisation
from tests.portal.api_tools import key_made, problem_of

OSLO = ZoneInfo("Europe/Oslo")


def d(text: str) -> Decimal:
    return Decimal(text)


def read(text: str, *, per_mwh: bool = False) -> Hours:
    """A table as it is uploaded."""
    return hours_read(table_read(text.encode()), zone=OSLO, per_mwh=per_mwh)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def source(nordlys: Organisation) -> SpotSource:
    """NO1 of Nordlys."""
    return SpotSource.objects.create(organisation=nordlys, name="NO1", currency="NOK")


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("2026-11-20 01:00;0,4512", "0.4512"),
        ("Time;Price\n2026-11-20 01:00;0.4512", "0.4512"),
        ("20.11.2026 01:00\t-0,4512", "-0.4512"),
        ("2026-11-20T00:00Z,0.4512", "0.4512"),
        ("2026-11-20T01:00+01:00;1 000,5", "1000.5"),
        ("2026-11-20 01:00;1.000,5", "1000.5"),
        ('"2026-11-20 01:00","1,000.5"', "1000.5"),
    ],
)
def test_ways_to_write_it(text: str, price: str) -> None:
    found = read(text)
    assert found.prices == {utc("2026-11-20T00:00"): d(price)}
    assert not found.wrong


def test_per_mwh() -> None:
    assert read("2026-11-20 01:00;451,2", per_mwh=True).prices == {utc("2026-11-20T00:00"): d("0.4512")}


def test_days_on_which_clocks_change() -> None:
    autumn = read("\n".join(f"2026-10-25 {hour:02}:00;{index}" for index, hour in enumerate([0, 1, 2, 2, 3])))
    assert autumn.prices == {utc("2026-10-24T22:00") + timedelta(hours=index): index for index in range(5)}
    assert not autumn.gaps
    spring = read("2026-03-29 01:00;1\n2026-03-29 02:00;2\n2026-03-29 03:00;3")
    assert spring.prices == {utc("2026-03-29T00:00"): 1, utc("2026-03-29T01:00"): 3}
    assert [(wrong.row, wrong.value) for wrong in spring.wrong] == [(2, "2026-03-29 02:00")]
    assert "does not exist in Europe/Oslo" in spring.wrong[0].advice


def test_gaps_and_doubles() -> None:
    found = read("2026-11-20 01:00;1\n2026-11-20 01:00;1,0\n2026-11-20 05:00;2\n2026-11-20 05:00;3")
    assert (len(found.prices), found.doubles) == (2, [utc("2026-11-20T00:00")])
    assert [(gap.begin, gap.hours) for gap in found.gaps] == [(utc("2026-11-20T01:00"), 3)]
    assert [wrong.advice for wrong in found.wrong] == ["This hour has another price above: 2."]


@pytest.mark.parametrize(
    ("row", "advice"),
    [
        ("soon;1", "Write a time"),
        ("2026-11-20 01:15;1", "no whole hour"),
        ("2026-11-20 01:00;", "Write a price"),
        ("2026-11-20 01:00;NaN", "Write a price"),
        ("2026-11-20 01:00;1e99999", "Write a price"),
        ("2026-11-20 01:00;100000", "too large"),
        ("0001-01-01T00:00+14:00;1", "not possible"),
    ],
)
def test_mistakes(row: str, advice: str) -> None:
    found = read(f"2026-11-19 01:00;1\n{row}")
    assert len(found.prices) == 1
    assert advice in found.wrong[0].advice


class TestPages:
    """Made, uploaded, looked at, stored."""

    def test_from_nothing_to_a_chart(
        self, alice_client: Client, nordlys: Organisation, charge_point: ChargePoint
    ) -> None:
        assert "Bill by the market" in alice_client.get(reverse("spot_sources")).content.decode()
        made = {"organisation": nordlys.pk, "name": "NO1", "currency": "NOK"}
        alice_client.post(reverse("spot_source_new"), made)
        source = SpotSource.objects.get()
        assert alice_client.post(reverse("spot_source_new"), made).status_code == 422
        assert alice_client.post(reverse("spot_source_new"), {**made, "currency": "OMR"}).status_code == 422
        page = reverse("spot_source", args=[source.pk])
        assert "No price in these three days" in alice_client.get(page).content.decode()
        begin = datetime.now(OSLO).replace(hour=0, minute=0, second=0, microsecond=0)
        rows = [f"{begin + timedelta(hours=hour):%Y-%m-%d %H:%M};{hour},5" for hour in range(4, 24) if hour != 12]
        check = self.upload(alice_client, source, "\n".join([*rows, "x;1"])).content.decode()
        assert "Store 19 hours, leave out 1 row" in check
        assert "1 hour from" in check
        assert not source.prices.exists()
        signed = check.split('name="hours" value="')[1].split('"')[0]
        store = reverse("spot_store", args=[source.pk])
        assert alice_client.post(store, {"hours": signed}).headers["Location"].startswith(f"{page}?day=")
        assert alice_client.post(store, {"hours": signed}).status_code == 302
        assert source.prices.count() == 19
        assert AuditEntry.objects.get(act="spot_source.prices_stored").after["new_hours"] == 19
        html = alice_client.get(page).content.decode()
        assert '<path class="s1" d="M' in html
        assert 'class="hole"' in html
        assert '<td class="n num">19.5000</td>' in html
        assert "No price for" in html
        changed = self.upload(alice_client, source, rows[0].replace("4,5", "4,9")).content.decode()
        assert "4.50 → 4.90" in changed

    def upload(self, client: Client, source: SpotSource, text: str, **fields: str) -> Any:
        """Send a table."""
        file = SimpleUploadedFile("prices.csv", text.encode())
        sent = {"file": file, "unit": "kwh", "zone": "Europe/Oslo", **fields}
        return client.post(reverse("spot_upload", args=[source.pk]), sent)

    @pytest.mark.parametrize(
        ("text", "fields", "said"),
        [
            ("", {}, "The file is empty"),
            ("only a header", {}, "no row with a time"),
            ("2026-11-20 01:00;1", {"zone": "Mars"}, "no time zone"),
            ("2026-11-20 01:00;1", {"unit": "gwh"}, "valid choice"),
            ("\x00", {}, "neither a CSV"),
        ],
    )
    def test_bad_input(
        self, alice_client: Client, source: SpotSource, text: str, fields: dict[str, str], said: str
    ) -> None:
        answer = self.upload(alice_client, source, text, **fields)
        assert answer.status_code == 422
        assert said in answer.content.decode()

    def test_only_what_was_looked_at_is_stored(
        self, alice_client: Client, nordlys: Organisation, source: SpotSource
    ) -> None:
        other = SpotSource.objects.create(organisation=nordlys, name="NO2", currency="NOK")
        check = self.upload(alice_client, other, "2026-11-20 01:00;1").content.decode()
        signed = check.split('name="hours" value="')[1].split('"')[0]
        store = reverse("spot_store", args=[source.pk])
        for sent in (signed, signed[:-3] + "abc", "nonsense"):
            assert alice_client.post(store, {"hours": sent}).status_code == 410
        assert alice_client.post(store).status_code == 422
        assert not source.prices.exists()

    def test_who_may(self, client: Client, bob_client: Client, charlie_client: Client, source: SpotSource) -> None:
        page = reverse("spot_source", args=[source.pk])
        assert client.get(page).headers["Location"].startswith("/login/")
        assert (bob_client.get(page).status_code, charlie_client.get(page).status_code) == (403, 404)
        assert (
            bob_client.get(reverse("spot_sources")).status_code,
            self.upload(bob_client, source, "x").status_code,
        ) == (
            403,
            403,
        )
        assert self.upload(charlie_client, source, "x").status_code == 404

    @pytest.mark.parametrize("day", ["2026-10-25", "2026-03-29", "9999-12-31", "yesterday"])
    def test_any_day(self, alice_client: Client, source: SpotSource, charge_point: ChargePoint, day: str) -> None:
        source.prices.create(starts_at=utc("2026-10-25T01:00"), per_kwh=d("-1"))
        answer = alice_client.get(reverse("spot_source", args=[source.pk]), {"day": day})
        assert answer.status_code == 200
        assert ("02:00 again" in answer.content.decode()) == (day == "2026-10-25")


class TestApi:
    """`PUT /api/v1/spot-sources/{id}/prices`."""

    @pytest.fixture(autouse=True)
    def own_limits(self, clean_redis: redis.Redis) -> None:
        """Each test starts with all requests left."""

    def put(self, secret: str, source_id: int, body: object) -> Any:
        """Send hours with a key."""
        return Client().put(
            f"/api/v1/spot-sources/{source_id}/prices",
            body if isinstance(body, str) else json.dumps(body),
            content_type="application/json",
            headers={"authorization": f"Bearer {secret}"},
        )

    def test_the_same_again_changes_nothing(self, nordlys: Organisation, source: SpotSource) -> None:
        secret = key_made(nordlys, Role.FINANCE)[1]
        hours = [{"starts_at": f"2026-11-20T{hour:02}:00:00+01:00", "per_kwh": f"0.{hour}1"} for hour in range(24)]
        first, again = (self.put(secret, source.pk, {"prices": hours}) for _ in range(2))
        assert first.json() == {"new": 24, "changed": 0, "unchanged": 0}
        assert again.json() == {"new": 0, "changed": 0, "unchanged": 24}
        hours[3]["per_kwh"] = "-1"
        assert self.put(secret, source.pk, {"prices": hours}).json() == {"new": 0, "changed": 1, "unchanged": 23}
        assert source.prices.get(starts_at=utc("2026-11-20T02:00")).per_kwh == -1
        assert AuditEntry.objects.filter(act="spot_source.prices_stored").count() == 2

    def test_who_may(
        self, nordlys: Organisation, fjord: Organisation, source: SpotSource, charge_point: ChargePoint
    ) -> None:
        body = {"prices": [{"starts_at": "2026-11-20T00:00:00Z", "per_kwh": "1"}]}
        keys = [
            (key_made(nordlys, Role.OPERATIONS)[1], 403),
            (key_made(nordlys, Role.FINANCE, sites=(charge_point.site,))[1], 403),
            (key_made(fjord, Role.ADMIN)[1], 404),
            ("hub_x", 401),
        ]
        for secret, status in keys:
            problem_of(self.put(secret, source.pk, body), status)
        assert not source.prices.exists()

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ("{", 400),
            ({}, 422),
            ({"prices": []}, 422),
            ({"prices": [{"starts_at": "2026-11-20T00:00:00", "per_kwh": "1"}]}, 422),
            ({"prices": [{"starts_at": "2026-11-20T00:15:00Z", "per_kwh": "1"}]}, 422),
            ({"prices": [{"starts_at": "2026-11-20T00:00:00Z", "per_kwh": "NaN"}]}, 422),
            ({"prices": [{"starts_at": "2026-11-20T00:00:00Z", "per_kwh": "100000"}]}, 422),
            ({"prices": [{"starts_at": "2026-11-20T00:00:00Z", "per_kwh": "1", "vat": 1}]}, 422),
            ({"prices": [{"starts_at": "2026-11-20T00:00:00Z", "per_kwh": "1"}] * 2}, 422),
        ],
    )
    def test_bad_input(self, nordlys: Organisation, source: SpotSource, body: object, status: int) -> None:
        problem_of(self.put(key_made(nordlys, Role.ADMIN)[1], source.pk, body), status)
        assert not source.prices.exists()
