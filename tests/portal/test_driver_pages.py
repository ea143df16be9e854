"""Drivers: the list, one driver's page, and what can be changed."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from chargepoints.choices import PaymentKind
from chargepoints.models import Bill, Charge, ChargePoint, Driver, HomeCharger, PaymentMethod
from chargepoints.services.ledger import wallet_top_up
from hub.audit.models import AuditEntry
from hub.audit.records import HUB
from hub.teams.choices import Role
from hub.teams.models import Organisation
from tests import factories
from tests.conftest import signed_in

LIST = "/drivers/"
FIELDS = {"name": "Ola Berg", "user_id": "U-200", "email": "ola@example.com", "phone": "", "note": ""}
As = Callable[[Role], Client]


@pytest.fixture
def as_role(nordlys: Organisation) -> As:
    """A browser of a member of Nordlys."""

    def sign_in(role: Role) -> Client:
        person = factories.user()
        factories.member(nordlys, person, role)
        return signed_in(person)

    return sign_in


@pytest.fixture
def kari(nordlys: Organisation) -> Driver:
    """A driver with a key."""
    made = factories.driver(nordlys, "Kari Nordmann", user_id="U-100")
    factories.charge_key(id_tag="CARD-KARI", holder=made)
    return made


def charged(driver: Driver, charge_point: ChargePoint, **fields: Any) -> Charge:
    """A charge of the driver with its bill, 12.50 kWh."""
    charge = Charge.objects.create(
        charge_point=charge_point,
        transaction_id=f"{Charge.objects.count() + 1}",
        started_at=factories.now(),
        charge_key=driver.charge_keys.all()[0],
        energy_wh=12_500,
        **fields,
    )
    Bill.objects.create(
        charge=charge,
        organisation=driver.organisation,
        site=charge_point.site,
        driver=driver,
        started_at=charge.started_at,
        computed_at=charge.started_at,
        energy_wh=12_500,
        total=Decimal("49.90"),
        currency="NOK",
        state="paid",
    )
    return charge


def wallet(driver: Driver, amount: int) -> PaymentMethod:
    """A wallet with so much in it."""
    made = PaymentMethod.objects.create(
        organisation=driver.organisation, kind=PaymentKind.WALLET, name="Wallet", driver=driver, currency="NOK"
    )
    if amount:
        wallet_top_up(method=made, amount=Decimal(amount), key="first", actor=HUB)
    return made


class TestList:
    """`/drivers/`."""

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("", {"Kari", "Blocked Bo"}),
            ("?q=u-100", {"Kari"}),
            ("?q=card-kari", {"Kari"}),
            ("?q=kari+card", {"Kari"}),
            ("?q=%25", set()),
            ("?state=blocked", {"Blocked Bo"}),
            ("?state=active", {"Kari"}),
            ("?state=archived", {"Gone Geir"}),
            ("?after=x", {"Kari", "Blocked Bo"}),
        ],
    )
    def test_filters(
        self,
        alice_client: Client,
        kari: Driver,
        nordlys: Organisation,
        fjord: Organisation,
        query: str,
        names: set[str],
    ) -> None:
        Driver.objects.filter(pk=factories.driver(nordlys, "Blocked Bo").pk).update(is_blocked=True)
        Driver.objects.filter(pk=factories.driver(nordlys, "Gone Geir").pk).update(archived_at=factories.now())
        factories.driver(fjord, "Kari Fremmed")
        html = alice_client.get(LIST + query).content.decode()
        assert {
            name for name in ("Kari", "Blocked Bo", "Gone Geir", "Fremmed") if name in html.split("<tbody>")[-1]
        } == names

    def test_figures(self, alice_client: Client, as_role: As, kari: Driver, charge_point: ChargePoint) -> None:
        charged(kari, charge_point)
        wallet(kari, 120)
        html = alice_client.get(LIST).content.decode()
        assert "12.50" in html
        assert "120.00" in html
        assert "120.00" not in as_role(Role.OPERATIONS).get(LIST).content.decode()
        assert "120.00" in as_role(Role.FINANCE).get(LIST).content.decode()

    def test_energy_of_other_sites_is_not_told(
        self, bob_client: Client, kari: Driver, far_charge_point: ChargePoint
    ) -> None:
        charged(kari, far_charge_point)
        assert "12.50" not in bob_client.get(LIST).content.decode()

    def test_constant_queries_and_pages(self, alice_client: Client, kari: Driver, nordlys: Organisation) -> None:
        wallet(kari, 5)
        with CaptureQueriesContext(connection) as one:
            alice_client.get(LIST)
        for n in range(60):
            wallet(factories.driver(nordlys, f"Driver {n:02}"), 0)
        with CaptureQueriesContext(connection) as many:
            first = alice_client.get(LIST).content.decode()
        assert len(many) <= len(one) + 1  # the next page
        assert "50 of 61 drivers" in first
        following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
        second = alice_client.get(following).content.decode()
        assert second.count('class="r"') == 11

    def test_empty_state_teaches(self, alice_client: Client) -> None:
        assert "No driver yet" in alice_client.get(LIST).content.decode()

    def test_htmx_gets_the_table(self, alice_client: Client, kari: Driver) -> None:
        assert b"<html" not in alice_client.get(LIST, headers={"hx-request": "true"}).content


class TestPage:
    """One driver."""

    def test_shows_what_may_be_seen(
        self, alice_client: Client, as_role: As, kari: Driver, charge_point: ChargePoint
    ) -> None:
        charged(kari, charge_point)
        made = wallet(kari, 80)
        HomeCharger.objects.create(charge_point=charge_point, driver=kari, per_kwh=Decimal("1.5"), currency="NOK")
        page = reverse("driver", args=[kari.pk])
        for words in ("Kari Nordmann", "CARD-KARI", "80.00", "49.90", "NORD-1", "Chargers at home"):
            assert words in alice_client.get(page).content.decode()
        support = as_role(Role.SUPPORT).get(page).content.decode()
        assert "12.50" in support
        for words in ("80.00", "49.90", reverse("driver_edit", args=[kari.pk]), str(made)):
            assert words not in support

    def test_constant_queries(
        self, alice_client: Client, kari: Driver, charge_point: ChargePoint, far_charge_point: ChargePoint
    ) -> None:
        page = reverse("driver", args=[kari.pk])
        charged(kari, charge_point)
        wallet(kari, 5)
        with CaptureQueriesContext(connection) as one:
            alice_client.get(page)
        for n in range(5):
            factories.charge_key(id_tag=f"CARD-{n}", holder=kari)
            charged(kari, far_charge_point)
            wallet(kari, 0)
        with CaptureQueriesContext(connection) as many:
            alice_client.get(page)
        assert len(many) == len(one)

    def test_foreign_is_404(self, charlie_client: Client, client: Client, kari: Driver) -> None:
        page = reverse("driver", args=[kari.pk])
        assert charlie_client.get(page).status_code == 404
        assert client.get(page).status_code == 302
        assert charlie_client.get("/drivers/0/").status_code == 404


class TestChanges:
    """Made, edited, blocked, archived."""

    def test_new(self, alice_client: Client, nordlys: Organisation) -> None:
        answer = alice_client.post("/drivers/new/", FIELDS)
        made = Driver.objects.get(user_id="U-200")
        assert answer.headers["Location"] == reverse("driver", args=[made.pk])
        assert made.organisation == nordlys
        assert AuditEntry.objects.get(act="driver.created").after["email"] == "ola@example.com"

    def test_user_id_is_one_drivers(self, alice_client: Client, kari: Driver) -> None:
        answer = alice_client.post("/drivers/new/", FIELDS | {"user_id": "U-100"})
        assert answer.status_code == 422
        assert "Another driver has this user id" in answer.content.decode()

    def test_edit(self, alice_client: Client, kari: Driver) -> None:
        page = reverse("driver_edit", args=[kari.pk])
        assert "Kari Nordmann" in alice_client.get(page).content.decode()
        assert alice_client.post(page, FIELDS).status_code == 302
        kari.refresh_from_db()
        assert (kari.name, kari.user_id) == ("Ola Berg", "U-200")
        assert alice_client.post(page, FIELDS | {"email": "no"}).status_code == 422

    def test_block_and_unblock(self, alice_client: Client, kari: Driver) -> None:
        page = reverse("driver_block", args=[kari.pk])
        assert "Block Kari" in alice_client.get(page, headers={"hx-request": "true"}).content.decode()
        alice_client.post(page, {"reason": "lost card"})
        assert Driver.objects.get(pk=kari.pk).is_blocked
        assert AuditEntry.objects.get(act="driver.blocked").reason == "lost card"
        alice_client.post(page)
        assert not Driver.objects.get(pk=kari.pk).is_blocked

    def test_archive_and_restore(self, alice_client: Client, kari: Driver) -> None:
        assert alice_client.post(reverse("driver_archive", args=[kari.pk])).headers["Location"] == LIST
        assert Driver.objects.get(pk=kari.pk).archived_at is not None
        assert "Restore" in alice_client.get(reverse("driver", args=[kari.pk])).content.decode()
        alice_client.post(reverse("driver_restore", args=[kari.pk]))
        assert Driver.objects.get(pk=kari.pk).archived_at is None

    @pytest.mark.parametrize("why", ["is running", "is not empty"])
    def test_archive_is_refused(self, alice_client: Client, kari: Driver, charge_point: ChargePoint, why: str) -> None:
        if why == "is running":
            charged(kari, charge_point, state="charging")
        else:
            wallet(kari, 1)
        page = reverse("driver_archive", args=[kari.pk])
        assert why in alice_client.get(page).content.decode()
        answer = alice_client.post(page)
        assert (answer.status_code, Driver.objects.get(pk=kari.pk).archived_at) == (409, None)
