"""Payment methods of drivers and teams; money into wallets and out of them; statements."""

import uuid
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from chargepoints.choices import PaymentKind
from chargepoints.models import Driver, LedgerMovement, PaymentMethod, Site
from chargepoints.selectors.books import books_wrong
from chargepoints.services.ledger import wallet_top_up
from hub.audit.models import AuditEntry
from hub.audit.records import HUB
from hub.teams.models import Organisation
from tests import factories
from tests.gateway.bill_tools import wallet_of

CARD = {"kind": "card", "name": "", "currency": "nok", "provider": "offline", "reference": "tok_secret_4242"}
WALLET = {"kind": "wallet", "name": "Wallet", "currency": "NOK", "credit_limit": "50"}


@pytest.fixture
def kari(nordlys: Organisation) -> Driver:
    return factories.driver(nordlys, "Kari Nordmann", user_id="U-100")


@pytest.fixture
def wallet(kari: Driver) -> PaymentMethod:
    """Kari's wallet, empty."""
    return PaymentMethod.objects.create(
        organisation=kari.organisation, kind=PaymentKind.WALLET, name="Wallet", driver=kari, currency="NOK"
    )


def money(amount: str, direction: str = "in", key: uuid.UUID | None = None) -> dict[str, str]:
    """What the dialog sends."""
    return {"direction": direction, "amount": amount, "reason": "cash", "key": str(key or uuid.uuid4())}


class TestMethods:
    """Added, named, made default, switched off."""

    def test_a_card_never_shows_its_reference(self, alice_client: Client, kari: Driver) -> None:
        alice_client.post(reverse("driver_method_new", args=[kari.pk]), CARD)
        made = PaymentMethod.objects.get()
        assert (made.kind, made.name, made.currency, made.reference, made.is_default) == (
            "card",
            "Card on file",
            "NOK",
            "tok_secret_4242",
            True,
        )
        for page in (
            reverse("driver", args=[kari.pk]),
            reverse("payment_method", args=[made.pk]),
            reverse("payment_method_edit", args=[made.pk]),
        ):
            html = alice_client.get(page).content.decode()
            assert "secret" not in html
        assert "…4242" in alice_client.get(reverse("driver", args=[kari.pk])).content.decode()
        assert "secret" not in str(AuditEntry.objects.values_list("after", "before"))

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"reference": ""}, "needs the reference"),
            ({"currency": "kroner"}, "at most 3"),
            ({"currency": "N1K"}, "ISO 4217"),
            ({"kind": "gold"}, "valid choice"),
        ],
    )
    def test_wrong(self, alice_client: Client, kari: Driver, wrong: dict[str, str], said: str) -> None:
        answer = alice_client.post(reverse("driver_method_new", args=[kari.pk]), CARD | wrong)
        assert (answer.status_code, PaymentMethod.objects.count()) == (422, 0)
        assert said in answer.content.decode()

    def test_default_and_switching(self, alice_client: Client, kari: Driver) -> None:
        page = reverse("driver_method_new", args=[kari.pk])
        alice_client.post(page, WALLET)
        alice_client.post(page, CARD)
        first, second = PaymentMethod.objects.order_by("pk")
        assert (first.is_default, second.is_default, first.credit_limit) == (True, False, Decimal(50))
        alice_client.post(reverse("payment_method_default", args=[second.pk]))
        assert list(PaymentMethod.objects.order_by("pk").values_list("is_default", flat=True)) == [False, True]
        switch = reverse("payment_method_active", args=[second.pk])
        for to in ("off", "on"):
            alice_client.post(switch, {"to": to})
            assert PaymentMethod.objects.get(pk=second.pk).is_active == (to == "on")
        assert AuditEntry.objects.filter(act="payment_method.switched_off").count() == 1

    def test_edit(self, alice_client: Client, wallet: PaymentMethod) -> None:
        page = reverse("payment_method_edit", args=[wallet.pk])
        alice_client.post(page, {"name": "Main wallet", "credit_limit": "20"})
        stored = PaymentMethod.objects.get()
        assert (stored.name, stored.credit_limit) == ("Main wallet", Decimal(20))
        assert alice_client.post(page, {"name": "", "credit_limit": "-1"}).status_code == 422

    def test_team(self, alice_client: Client, site: Site) -> None:
        fields = WALLET | {"kind": "team-wallet", "name": "Fleet"}
        alice_client.post(reverse("team_method_new", args=[site.team_id]), fields)
        assert PaymentMethod.objects.get().team == site.team
        assert "Fleet" in alice_client.get(reverse("team_payment_methods")).content.decode()

    def test_foreign_is_404(self, charlie_client: Client, wallet: PaymentMethod) -> None:
        for name in ("payment_method", "payment_method_edit", "wallet_money"):
            assert charlie_client.get(reverse(name, args=[wallet.pk])).status_code == 404

    def test_without_money_403(self, bob_client: Client, wallet: PaymentMethod) -> None:
        assert bob_client.post(reverse("wallet_money", args=[wallet.pk]), money("5")).status_code == 403
        assert wallet_of(wallet).balance == 0


class TestMoney:
    """Top up and pay out."""

    def test_pressing_twice_books_once(self, alice_client: Client, wallet: PaymentMethod) -> None:
        page, key = reverse("wallet_money", args=[wallet.pk]), uuid.uuid4()
        assert 'name="key"' in alice_client.get(page).content.decode()
        for _ in range(2):
            answer = alice_client.post(page, money("100", key=key))
            assert answer.headers["Location"] == reverse("payment_method", args=[wallet.pk])
        out = uuid.uuid4()
        for _ in range(2):
            assert alice_client.post(page, money("100", "out", out)).status_code == 302
        assert (wallet_of(wallet).balance, LedgerMovement.objects.count()) == (Decimal(0), 2)
        acts = ["payment_method.topped_up", "payment_method.paid_out"]
        assert [AuditEntry.objects.filter(act=act).count() for act in acts] == [1, 1]
        assert books_wrong() == []

    @pytest.mark.parametrize(
        ("wrong", "status", "said"),
        [
            (money("10", "out"), 409, "holds 0.00 NOK only"),
            (money("0"), 422, "greater than or equal"),
            (money("1.001"), 422, "decimal places"),
            (money("x"), 422, "number"),
            (money("1") | {"reason": ""}, 422, "Say where the money came from"),
            (money("1") | {"key": "1"}, 422, "valid UUID"),
            (money("1") | {"direction": "up"}, 422, "Top up"),
        ],
    )
    def test_wrong(
        self, alice_client: Client, wallet: PaymentMethod, wrong: dict[str, str], status: int, said: str
    ) -> None:
        answer = alice_client.post(reverse("wallet_money", args=[wallet.pk]), wrong)
        assert (answer.status_code, LedgerMovement.objects.count()) == (status, 0)
        assert said in answer.content.decode()

    def test_only_wallets_hold_money(self, alice_client: Client, kari: Driver) -> None:
        card = PaymentMethod.objects.create(
            organisation=kari.organisation, kind=PaymentKind.CARD, name="Card", driver=kari, currency="NOK"
        )
        assert alice_client.get(reverse("wallet_money", args=[card.pk])).status_code == 404


def test_statement(alice_client: Client, wallet: PaymentMethod) -> None:
    """Newest first with what was free after each, in pages that do not move."""
    for n in range(1, 61):
        wallet_top_up(method=wallet, amount=Decimal(n), key=str(n), actor=HUB, reason=f"No {n}.")
    page = reverse("payment_method", args=[wallet.pk])
    first = alice_client.get(page).content.decode()
    assert '<b class="bd">1830.00</b>' in first
    assert "No 60." in first
    assert "No 10." not in first
    older = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
    wallet_top_up(method=wallet, amount=Decimal(1), key="later", actor=HUB)
    second = alice_client.get(older).content.decode()
    assert second.count('class="r"') == 10
    assert '<b class="bd">55.00</b>' in second
    assert alice_client.get(page + "?before=x").status_code == 200
