"""The ledger's page: accounts, movements, and a check of the books in words."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chargepoints.choices import PaymentKind
from chargepoints.models import ChargePoint, LedgerAccount, PaymentMethod
from chargepoints.services.ledger import wallet_top_up
from hub.audit.records import HUB
from hub.teams.choices import Role
from hub.teams.models import Organisation
from tests import factories
from tests.conftest import signed_in
from tests.portal.report_tools import charge, moment, refund

URL = "/reports/ledger/"


def wallet(of: Organisation, name: str) -> PaymentMethod:
    """A driver's wallet, empty."""
    return PaymentMethod.objects.create(
        organisation=of,
        kind=PaymentKind.WALLET,
        name=f"Wallet of {name}",
        driver=factories.driver(of, name),
        currency="NOK",
    )


@pytest.fixture
def books(nordlys: Organisation, fjord: Organisation) -> PaymentMethod:
    """Two top-ups of Kari's wallet, one of Ola's, and one in another organisation; Kari's is returned."""
    kari, ola, strange = wallet(nordlys, "Kari"), wallet(nordlys, "Ola"), wallet(fjord, "Stranger")
    for number, (method, amount) in enumerate(((kari, "100.50"), (kari, "20"), (ola, "5"), (strange, "77"))):
        wallet_top_up(method=method, amount=Decimal(amount), key=str(number), actor=HUB, reason=f"Transfer {number}")
    return kari


class TestPage:
    """Balances, and movements newest first."""

    def test_accounts_and_movements(self, books: PaymentMethod, alice_client: Client) -> None:
        context = alice_client.get(URL).context
        told = [(line.account.kind, line.account.count, line.balance) for line in context["accounts"]]
        assert told == [("wallet", 2, "125.50\u00a0NOK"), ("bank", 1, "\u2212125.50\u00a0NOK")]
        assert [row.movement.reason for row in context["rows"]] == ["Transfer 2", "Transfer 1", "Transfer 0"]
        parts = [(part.name, part.amount) for part in context["rows"][2].parts]
        assert parts == [("Wallet, Kari", "+100.50\u00a0NOK"), ("Bank", "\u2212100.50\u00a0NOK")]

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({"q": "ola"}, ["Transfer 2"]),
            ({"q": "transfer 1"}, ["Transfer 1"]),
            ({"kind": "top-up"}, ["Transfer 2", "Transfer 1", "Transfer 0"]),
            ({"kind": "refund"}, []),
            ({"account": "bank"}, ["Transfer 2", "Transfer 1", "Transfer 0"]),
            ({"account": "vat"}, []),
            ({"kind": "x", "account": "y", "payment": "z", "before": "0-"}, ["Transfer 2", "Transfer 1", "Transfer 0"]),
        ],
    )
    def test_filters(self, asked: dict[str, str], found: list[str], books: PaymentMethod, alice_client: Client) -> None:
        assert [row.movement.reason for row in alice_client.get(URL, asked).context["rows"]] == found

    def test_of_one_driver_and_one_payment(
        self, books: PaymentMethod, alice_client: Client, charge_point: ChargePoint
    ) -> None:
        driver = str(books.driver_id)
        assert len(alice_client.get(URL, {"driver": driver}).context["rows"]) == 2
        bill = charge(charge_point, moment("2025-03-10T10:00:00Z"), net="10", driver=books.driver)
        refund(bill, "4", "1", moment("2025-03-11T10:00:00Z"))
        assert len(alice_client.get(URL, {"driver": driver}).context["rows"]) == 3
        (row,) = alice_client.get(URL, {"payment": bill.payments.get().pk}).context["rows"]
        assert row.charge_id == bill.charge_id

    def test_pages_by_cursor(self, books: PaymentMethod, alice_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        for number in range(60):
            wallet_top_up(method=books, amount=Decimal(1), key=f"more-{number}", actor=HUB)
        first = alice_client.get(URL)
        second = alice_client.get(f"{URL}?{first.context['next_page']}")
        pks = [row.movement.pk for page in (first, second) for row in page.context["rows"]]
        assert len(pks) == len(set(pks)) == 63
        assert pks == sorted(pks, reverse=True)
        assert second.context["next_page"] == ""

    def test_as_many_queries_for_many(self, books: PaymentMethod, alice_client: Client, nordlys: Organisation) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                alice_client.get(URL)
            return len(captured)

        before = queries()
        for number in range(5):
            wallet_top_up(method=wallet(nordlys, f"D{number}"), amount=Decimal(1), key="1", actor=HUB)
        assert queries() == before

    def test_empty(self, alice_client: Client) -> None:
        assert "No money has moved yet." in alice_client.get(URL).content.decode()


class TestCheck:
    """Right or wrong, in words, and of the own organisation only."""

    def test_right(self, books: PaymentMethod, alice_client: Client) -> None:
        assert "The books are right." in alice_client.get(URL + "check/").content.decode()

    def test_wrong(self, books: PaymentMethod, alice_client: Client, charlie_client: Client) -> None:
        LedgerAccount.objects.filter(payment_method=books).update(balance=Decimal(1))
        text = alice_client.get(URL + "check/", headers={"HX-Request": "true"}).content.decode()
        assert "The books are wrong." in text
        assert "says 1.00, its lines say 120.50" in text
        assert "all accounts in NOK sum up to -119.50" in text
        assert "The books are right." in charlie_client.get(URL + "check/").content.decode()

    def test_a_bill_that_nobody_paid(self, alice_client: Client, charge_point: ChargePoint) -> None:
        bill = charge(charge_point, moment("2025-03-10T10:00:00Z"), net="10")
        text = alice_client.get(URL + "check/").content.decode()
        assert f"bill {bill.pk} (paid) is 10.00, paid 0" in text


class TestWho:
    """The books are those of the whole organisation."""

    def test_finance_of_the_whole(self, books: PaymentMethod, nordlys: Organisation) -> None:
        person = factories.user()
        factories.member(nordlys, person, Role.FINANCE)
        assert len(signed_in(person).get(URL).context["rows"]) == 3

    def test_others_do_not(
        self, books: PaymentMethod, bob_client: Client, charlie_client: Client, far_charge_point: ChargePoint
    ) -> None:
        assert {bob_client.get(page).status_code for page in (URL, URL + "check/")} == {403}
        assert [row.movement.reason for row in charlie_client.get(URL).context["rows"]] == ["Transfer 3"]
        limited = factories.user()
        factories.member(books.organisation, limited, Role.FINANCE, sites=(far_charge_point.site,))
        assert signed_in(limited).get(URL).status_code == 403

    def test_who_is_not_signed_in(self, client: Client) -> None:
        assert client.get(URL)["Location"].startswith("/login/")

    def test_reading_only(self, alice_client: Client) -> None:
        assert {alice_client.post(page).status_code for page in (URL, URL + "check/")} == {405}
