"""Price groups: the list, one of them, changes of its price, who uses it; who may."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from chargepoints.models import ChargePoint, PriceGroup, Site, SpotSource
from hub.audit.models import AuditEntry
from hub.teams.choices import Role
from hub.teams.models import Organisation
from tests import factories
from tests.portal.price_tools import PRICE, billed, group_made, url

HTMX = {"HX-Request": "true"}
OSLO = ZoneInfo("Europe/Oslo")
NEW = {"name": "Guests", "currency": "nok", "authorise_amount": "0"}


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
