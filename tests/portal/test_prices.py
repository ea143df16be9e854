"""Price groups: the list, one of them, changes of its price, who uses it; who may."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from chargepoints.models import ChargePoint, Price, PriceGroup, Site, SpotSource
from chargepoints.selectors.billing import price_at
from hub.audit.models import AuditEntry
from hub.teams.choices import Role
from hub.teams.models import Organisation, User
from tests import factories
from tests.factories import now
from tests.portal.price_tools import billed, group_made

HTMX = {"HX-Request": "true"}
OSLO = ZoneInfo("Europe/Oslo")
NEW = {"name": "Guests", "currency": "nok", "authorise_amount": "0"}
PRICE = {"when": "now", "per_kwh": "5", "vat_percent": "25", "includes_vat": "True"}


def url(name: str, row: object = None) -> str:
    return reverse(name, args=[row.pk] if hasattr(row, "pk") else [])


def window(index: int = 0, **fields: object) -> dict[str, object]:
    """A time of day as the form sends it."""
    told = {"label": "Night", "weekdays": ["0", "1"], "from_time": "22:00", "to_time": "06:00", "per_kwh": "1"}
    return {f"windows-{index}-{name}": value for name, value in {**told, **fields}.items()}


@pytest.fixture
def group(nordlys: Organisation, site: Site) -> PriceGroup:
    """The default price group of Nordlys."""
    return group_made(nordlys, is_default=True)


@pytest.fixture
def foreign(fjord: Organisation) -> PriceGroup:
    """Charlie's price group."""
    return group_made(fjord, "Foreign")


def test_the_list_works(
    alice_client: Client, group: PriceGroup, charge_point: ChargePoint, foreign: PriceGroup
) -> None:
    Site.objects.filter(pk=charge_point.site_id).update(price_group=group)
    billed(charge_point, group.prices.get())
    html = alice_client.get(url("price_groups")).content.decode()
    for text in ("NOK 4.50 / kWh, 10 to start, idle 2 / min after 10 min", "with 25 % VAT", "Default", "1 site, 0"):
        assert text in html
    assert "Foreign" not in html
    assert ">1<" in html.split("0 charge points</td>")[1][:40]


def test_the_list_costs_the_same_however_long_it_is(
    alice_client: Client,
    nordlys: Organisation,
    group: PriceGroup,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(10) as few:
        alice_client.get(url("price_groups"))
    for number in range(8):
        group_made(nordlys, f"Group {number}")
    with django_assert_num_queries(len(few)):
        alice_client.get(url("price_groups"))


def test_an_empty_list_teaches(alice_client: Client) -> None:
    assert "Say what charging costs" in alice_client.get(url("price_groups")).content.decode()


def test_needs_login(client: Client, group: PriceGroup) -> None:
    for name in ("price_groups", "price_group_new"):
        assert client.get(url(name)).headers["Location"].startswith("/login/")
    for name in ("price_group", "price_group_edit", "price_new", "price_group_archive"):
        assert client.get(url(name, group)).headers["Location"].startswith("/login/")


def test_ownership_and_roles(
    bob_client: Client, charlie_client: Client, group: PriceGroup, foreign: PriceGroup, charge_point: ChargePoint
) -> None:
    price = group.prices.get()
    pages = [url(name, group) for name in ("price_group", "price_group_edit", "price_new")]
    for page in [*pages, url("price_edit", price), reverse("price_group", args=[2**40])]:
        assert charlie_client.get(page).status_code == 404
    for page in [*pages, url("price_edit", price), url("price_groups"), url("price_group_new")]:
        assert bob_client.get(page).status_code == (404 if "1099511627776" in page else 403)
    assert charlie_client.post(url("price_new", group), PRICE).status_code == 404
    assert bob_client.post(url("price_new", group), PRICE).status_code == 403
    assert bob_client.post(url("site_price_group", charge_point.site), {"price_group": group.pk}).status_code == 403
    assert group.prices.count() == 1


@pytest.mark.parametrize(("role", "expected"), [(Role.FINANCE, 200), (Role.SUPPORT, 403), (Role.READ_ONLY, 403)])
def test_roles(client: Client, nordlys: Organisation, group: PriceGroup, role: Role, expected: int) -> None:
    person = factories.user()
    factories.member(nordlys, person, role)
    client.force_login(person)
    assert client.get(url("price_group", group)).status_code == expected
    assert ("Prices</span>" in client.get("/sites/").content.decode()) == (expected == 200)


def test_wrong_method(alice_client: Client, group: PriceGroup) -> None:
    for name in ("price_group_restore", "price_group_use", "price_preview"):
        assert alice_client.get(url(name, group)).status_code == 405
    assert alice_client.post(url("price_group", group)).status_code == 405


class TestGroups:
    """Made, changed, put away."""

    def test_create(self, alice_client: Client, nordlys: Organisation) -> None:
        answer = alice_client.post(url("price_group_new"), {**NEW, "organisation": nordlys.pk})
        made = PriceGroup.objects.get(name="Guests")
        assert answer.headers["Location"] == url("price_new", made)
        assert made.currency == "NOK"
        assert AuditEntry.objects.get(act="price_group.created").after["currency"] == "NOK"

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"currency": "KWD"}, "thousandths"),
            ({"currency": "kr"}, "Use three letters"),
            ({"currency": "N0K"}, "ISO 4217"),
            ({"name": "Public"}, "already"),
            ({"name": ""}, "required"),
            ({"currency": "JPY", "authorise_amount": "10.50"}, "no such small amounts"),
            ({"organisation": ""}, "Not saved yet"),
        ],
    )
    def test_bad_input(
        self, alice_client: Client, nordlys: Organisation, group: PriceGroup, typed: dict[str, str], said: str
    ) -> None:
        answer = alice_client.post(url("price_group_new"), {**NEW, "organisation": nordlys.pk, **typed})
        assert answer.status_code == 422
        assert said in answer.content.decode()
        assert PriceGroup.objects.count() == 1

    def test_of_another_organisation(self, alice_client: Client, fjord: Organisation) -> None:
        assert alice_client.post(url("price_group_new"), {**NEW, "organisation": fjord.pk}).status_code == 422
        assert not PriceGroup.objects.exists()

    def test_another_default(self, alice_client: Client, nordlys: Organisation, group: PriceGroup) -> None:
        other = group_made(nordlys, "Other")
        fields = {"name": "Other", "description": "x", "authorise_amount": "50", "is_default": "on"}
        assert alice_client.post(url("price_group_edit", other), fields).status_code == 302
        assert set(PriceGroup.objects.values_list("name", "is_default")) == {("Public", False), ("Other", True)}
        assert AuditEntry.objects.filter(act="price_group.edited").count() == 2

    def test_archive_is_refused_while_it_is_used(
        self, alice_client: Client, nordlys: Organisation, site: Site, charge_point: ChargePoint
    ) -> None:
        group = group_made(nordlys)
        Site.objects.filter(pk=site.pk).update(price_group=group)
        ChargePoint.objects.filter(pk=charge_point.pk).update(price_group=group)
        answer = alice_client.post(url("price_group_archive", group), {"reason": ""}, headers=HTMX)
        assert answer.status_code == 409
        assert "site Aker Brygge, charge point NORD-1" in answer.content.decode()
        for kind, row in (("drop_site", site), ("drop_charge_point", charge_point)):
            alice_client.post(url("price_group_use", group), {kind: row.pk})
        assert alice_client.post(url("price_group_archive", group), {}, headers=HTMX).headers["HX-Redirect"]
        group.refresh_from_db()
        assert group.archived_at
        assert "Restore" in alice_client.get(url("price_group", group)).content.decode()
        assert "archived" in alice_client.get(url("price_groups") + "?archived=1").content.decode()
        assert alice_client.post(url("price_new", group), PRICE).status_code == 302
        assert group.prices.count() == 1
        alice_client.post(url("price_group_restore", group))
        assert PriceGroup.objects.filter(archived_at__isnull=True).count() == 1

    def test_the_default_is_not_archived(self, alice_client: Client, group: PriceGroup) -> None:
        assert "the default" in alice_client.get(url("price_group_archive", group)).content.decode()
        assert alice_client.post(url("price_group_archive", group)).status_code == 409


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
        assert (new.per_kwh, new.valid_to, old.per_kwh, old.valid_to) == (5, None, Decimal("4.5"), new.valid_from)
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


class TestChoices:
    """Which price group counts where."""

    def test_on_the_page_of_the_group(
        self, alice_client: Client, group: PriceGroup, site: Site, charge_point: ChargePoint, foreign_site: Site
    ) -> None:
        use = url("price_group_use", group)
        for sent in ({"site": "aker brygge"}, {"charge_point": "nord-1"}):
            assert alice_client.post(use, sent).status_code == 302
        site.refresh_from_db()
        charge_point.refresh_from_db()
        assert (site.price_group, charge_point.price_group) == (group, group)
        changed = AuditEntry.objects.filter(act__endswith=".edited").order_by("act")
        assert [(each.act, each.before, each.after) for each in changed] == [
            ("charge_point.edited", {"price_group": None}, {"price_group": "Public"}),
            ("site.edited", {"price_group": None}, {"price_group": "Public"}),
        ]
        for sent, said in (
            ({"site": foreign_site.name}, "There is no site"),
            ({"charge_point": "FJORD-1"}, "no charge point"),
            ({}, "Choose a site or a charge point"),
        ):
            answer = alice_client.post(use, sent)
            assert answer.status_code == 422
            assert said in answer.content.decode()

    def test_on_the_pages_of_site_and_charge_point(
        self,
        alice_client: Client,
        bob_client: Client,
        nordlys: Organisation,
        group: PriceGroup,
        charge_point: ChargePoint,
        foreign: PriceGroup,
    ) -> None:
        other = group_made(nordlys, "Other")
        for name, page, row in (
            ("site_price_group", "site", charge_point.site),
            ("charge_point_price_group", "charge_point_settings", charge_point),
        ):
            assert "NOK 4.50 / kWh" in alice_client.get(url(page, row)).content.decode()
            assert "4.50 / kWh" not in bob_client.get(url(page, row)).content.decode()
            alice_client.post(url(name, row), {"price_group": other.pk})
            row.refresh_from_db()
            assert row.price_group == other
            answer = alice_client.post(url(name, row), {"price_group": foreign.pk}, follow=True)
            assert "no such price group" in answer.content.decode()
            alice_client.post(url(name, row), {"price_group": ""})
            row.refresh_from_db()
            assert row.price_group is None


def test_missing_hours_are_told(alice_client: Client, nordlys: Organisation, group: PriceGroup) -> None:
    source = SpotSource.objects.create(organisation=nordlys, name="NO1", currency="NOK")
    price = group.prices.get()
    price.spot_source = source
    price.save()
    today = datetime.now(OSLO).replace(hour=0, minute=0, second=0, microsecond=0)
    begin = (today - timedelta(days=1)).astimezone(UTC)
    for hour in set(range(54)) - {27, 28}:
        source.prices.create(starts_at=begin + timedelta(hours=hour), per_kwh=Decimal(1))
    html = alice_client.get(url("price_group", group)).content.decode()
    assert "has no price for 2 hours" in html
    assert "held for review" in html
    for hour in (27, 28):
        source.prices.create(starts_at=begin + timedelta(hours=hour), per_kwh=1)
    assert "has no price for" not in alice_client.get(url("price_group", group)).content.decode()


def test_the_demo_has_prices(settings: object, monkeypatch: pytest.MonkeyPatch, db: None, tmp_path: object) -> None:
    monkeypatch.setattr(settings, "DEMO", True)
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path)
    monkeypatch.setattr(settings, "PASSWORD_HASHERS", ["django.contrib.auth.hashers.MD5PasswordHasher"])
    call_command("seed_demo")
    assert PriceGroup.objects.filter(is_default=True).count() == 2
    assert (
        not Site.objects.filter(price_group__isnull=False).exclude(name__in=["Minde Depot", "Zuidas Parking"]).exists()
    )
    call_command("ledger_check")
