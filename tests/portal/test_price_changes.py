"""Changes of a price: a new one from now or later on, what counted stays, and what it would cost while typing."""

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from chargepoints.models import ChargePoint, Price, PriceGroup, Site, SpotSource
from chargepoints.selectors.billing import price_at
from hub.audit.models import AuditEntry
from hub.teams.models import Organisation, User
from tests.factories import now
from tests.portal.price_tools import PRICE, billed, group_made, url, window

OSLO = ZoneInfo("Europe/Oslo")


@pytest.fixture
def group(nordlys: Organisation, site: Site) -> PriceGroup:
    """The default price group of Nordlys."""
    return group_made(nordlys, is_default=True)


class TestChanges:
    """A change is a new price; what counted stays."""

    def test_now(self, alice_client: Client, alice: User, group: PriceGroup) -> None:
        old = group.prices.get()
        assert (
            alice_client.post(url("price_new", group), {**PRICE, **window()} | {"windows-TOTAL_FORMS": "1"}).status_code
            == 302
        )
        new = price_at(group, now())
        old.refresh_from_db()
        assert new is not None
        assert (new.per_kwh, new.valid_to) == (Decimal(5), None)
        assert (old.per_kwh, old.valid_to) == (Decimal("4.5"), new.valid_from)
        assert new.created_by_name == str(alice)
        assert new.windows == [
            {
                "label": "Night",
                "weekdays": [0, 1],
                "from_minute": 1320,
                "to_minute": 360,
                "per_kwh": "1",
                "per_minute": None,
            }
        ]
        entry = AuditEntry.objects.get(act="price_group.price_changed")
        assert (entry.before["per_kwh"], entry.after["per_kwh"]) == ("4.500000", "5")

    def test_planned_then_edited_then_deleted(self, alice_client: Client, group: PriceGroup) -> None:
        later = (now() + timedelta(days=7)).replace(minute=0, second=0, microsecond=0)
        local = later.astimezone(OSLO)
        sent = {**PRICE, "when": "later", "starts_at": f"{local:%Y-%m-%dT%H:%M}"}
        assert alice_client.post(url("price_new", group), sent).status_code == 302
        planned = group.prices.get(valid_from=later)
        first = group.prices.get(valid_to=later)
        html = alice_client.get(url("price_group", group)).content.decode()
        assert "Planned" in html
        assert f"{local:%H:%M}" in html
        # One in between ends where the planned one begins.
        assert alice_client.post(url("price_new", group), {**PRICE, "per_kwh": "6"}).status_code == 302
        assert group.prices.get(per_kwh=6).valid_to == later
        assert alice_client.get(url("price_edit", planned)).status_code == 200
        moved = {**sent, "per_kwh": "7", "starts_at": f"{local + timedelta(days=1):%Y-%m-%dT%H:%M}"}
        assert alice_client.post(url("price_edit", planned), moved).status_code == 302
        again = group.prices.get(per_kwh=7)
        assert again.valid_from == later + timedelta(days=1)
        assert group.prices.get(per_kwh=6).valid_to == again.valid_from
        assert alice_client.post(url("price_delete", again)).status_code == 302
        assert group.prices.get(per_kwh=6).valid_to is None
        first.refresh_from_db()
        assert first.valid_to == group.prices.get(per_kwh=6).valid_from
        assert AuditEntry.objects.filter(act="price_group.price_removed").count() == 1

    def test_what_counts_is_neither_edited_nor_deleted(
        self, alice_client: Client, group: PriceGroup, charge_point: ChargePoint
    ) -> None:
        price = group.prices.get()
        ahead = Price.objects.create(price_group=group, valid_from=now() + timedelta(days=1))
        # A charger whose clock is ahead can have used a planned one.
        billed(charge_point, ahead)
        for row in (price, ahead):
            for name in ("price_edit", "price_delete"):
                assert alice_client.post(url(name, row), PRICE).headers["Location"] == url("price_group", group)
            assert "counts already" in alice_client.get(url("price_edit", row), follow=True).content.decode()
        assert {row.per_kwh for row in group.prices.all()} == {Decimal("4.5"), 0}

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"when": "later", "starts_at": "2020-01-01T00:00"}, "This moment is over"),
            ({"when": "later", "starts_at": ""}, "Say from when on"),
            ({"when": "later", "starts_at": "soon"}, "Type a date"),
            ({"per_kwh": "-1"}, "greater than or equal to 0"),
            ({"vat_percent": "101"}, "less than or equal to 100"),
            ({"includes_vat": "maybe"}, "valid choice"),
            ({"spot_source": "999"}, "Nothing was stored"),
            ({"windows-TOTAL_FORMS": "1"}, "Give it a name"),
            ({**window(per_kwh=""), "windows-TOTAL_FORMS": "1"}, "Give it a price"),
            ({**window(weekdays=[]), "windows-TOTAL_FORMS": "1"}, "Choose at least one day"),
            ({**window(from_time="25:00"), "windows-TOTAL_FORMS": "1"}, "valid time"),
        ],
    )
    def test_bad_input(self, alice_client: Client, group: PriceGroup, typed: dict[str, object], said: str) -> None:
        answer = alice_client.post(url("price_new", group), {**PRICE, **typed})
        assert answer.status_code in {409, 422}
        assert said in answer.content.decode()
        assert group.prices.count() == 1

    def test_a_source_in_another_currency_is_not_offered(
        self, alice_client: Client, nordlys: Organisation, group: PriceGroup
    ) -> None:
        euro = SpotSource.objects.create(organisation=nordlys, name="NL", currency="EUR")
        assert alice_client.post(url("price_new", group), {**PRICE, "spot_source": euro.pk}).status_code == 422

    def test_times_of_day_are_added_and_removed(self, alice_client: Client, group: PriceGroup) -> None:
        sent = {**PRICE, **window(), "windows-TOTAL_FORMS": "1"}
        more = alice_client.post(url("price_new", group), {**sent, "add_window": "1"}).content.decode()
        assert more.count('class="winrow"') == 2
        assert 'value="Night"' in more
        assert 'value="5"' in more
        less = alice_client.post(url("price_new", group), {**sent, "remove_window": "0"}).content.decode()
        assert 'class="winrow"' not in less
        assert group.prices.count() == 1

    def test_the_preview_computes_while_typing(self, alice_client: Client, group: PriceGroup) -> None:
        html = alice_client.post(url("price_preview", group), PRICE).content.decode()
        assert "20 kWh × 5" in html  # noqa: RUF001 - the sign of multiplication
        assert "NOK\xa0100.00" in html
        assert "with NOK\xa020.00 VAT" in html
        night = {**window(weekdays=[str(day) for day in range(7)]), **window(1, label="Late", weekdays=["1"])}
        html = alice_client.post(
            url("price_preview", group), {**PRICE, **night, "windows-TOTAL_FORMS": "2"}
        ).content.decode()
        assert "NOK\xa050.00" in html
        assert "Night and Late overlap: there Night counts" in html
        wrong = alice_client.post(url("price_preview", group), {**PRICE, "per_kwh": "x"})
        assert (wrong.status_code, "not right yet" in wrong.content.decode()) == (200, True)
        assert group.prices.count() == 1
