"""The dialog that starts a charge: who is found, who can pay, at which price, where, and up to which limit."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from chargepoints.choices import KeyState, PaymentKind
from chargepoints.models import (
    ChargeKey,
    ChargePoint,
    Command,
    PaymentMethod,
    PriceGroup,
)
from chargepoints.services.ledger import wallet_top_up
from hub.audit.records import HUB
from hub.teams.choices import Role
from hub.teams.models import Organisation
from tests import factories
from tests.portal.charge_tools import payer
from tests.portal.price_tools import group_made
from tests.portal.start_tools import choice, empty, go_online, method, radio, start

pytestmark = pytest.mark.usefixtures("clean_redis")


@pytest.fixture
def online(charge_point: ChargePoint) -> ChargePoint:
    """NORD-1, connected and idle; 20 kWh in an hour cost 90 NOK."""
    return go_online(charge_point)


@pytest.fixture
def kari(online: ChargePoint) -> ChargeKey:
    """TAG-A of Kari, whose wallet has 500 NOK."""
    return payer(online)


def test_the_default_pays_unless_another_is_chosen(alice_client: Client, online: ChargePoint, kari: ChargeKey) -> None:
    default = PaymentMethod.objects.get(driver=kari.driver)
    invoice, team = method(online, PaymentKind.INVOICE, kari), method(online, PaymentKind.TEAM_WALLET, name="Fleet")
    wallet_top_up(method=team, amount=Decimal(80), key="first", actor=HUB)
    html = choice(alice_client, online, id_tag="TAG-A")
    assert " checked" in radio(html, "payment_method", default.pk)
    assert "pays by default" in radio(html, "payment_method", default.pk)
    assert "NOK\u00a0500.00 free" in radio(html, "payment_method", default.pk)
    assert " checked" not in radio(html, "payment_method", invoice.pk)
    assert "Team wallet of the team" in radio(html, "payment_method", team.pk)
    assert start(alice_client, online, payment_method=invoice.pk)[0] == 204
    assert Command.objects.get().parameters == {"connector": 1, "id_tag": "TAG-A", "payment_method": invoice.pk}


def test_who_would_be_refused_says_why(alice_client: Client, online: ChargePoint, kari: ChargeKey) -> None:
    empty(kari)
    wallet = PaymentMethod.objects.get(driver=kari.driver)
    off = method(online, PaymentKind.INVOICE, kari, name="Old invoice", is_active=False)
    html = choice(alice_client, online, id_tag="TAG-A")
    for each, why in ((wallet, "the wallet is empty"), (off, "the payment method Old invoice is switched off")):
        told = radio(html, "payment_method", each.pk)
        assert " disabled" in told
        assert " checked" not in told
        assert f"Would be refused: {why}." in told
        status, page = start(alice_client, online, payment_method=each.pk)
        assert (status, f"Blocked: {why}" in page) == (409, True)
    assert not Command.objects.exists()


def test_operations_sees_no_amounts(bob_client: Client, online: ChargePoint, kari: ChargeKey) -> None:
    wallet, team = PaymentMethod.objects.get(driver=kari.driver), method(online, PaymentKind.INVOICE)
    free = method(online, PaymentKind.FREE)
    group = group_made(online.site.team.organisation, "Staff")
    html = choice(bob_client, online, id_tag="TAG-A")
    assert "Wallet" in radio(html, "payment_method", wallet.pk)
    assert "NOK" not in html
    assert "500" not in html
    assert radio(html, "payment_method", free.pk) == ""
    assert 'name="price_group"' not in html
    assert 'name="limit_amount"' not in html
    for wrong in ({"payment_method": free.pk}, {"price_group": group.pk}, {"limit_amount": "50"}):
        status, page = start(bob_client, online, **wrong)
        assert (status, 'role="alert"' in page) == (422, True)
    assert not Command.objects.exists()
    assert start(bob_client, online, payment_method=team.pk, limit_kwh="10")[0] == 204
    assert Command.objects.get().parameters["limit_wh"] == 10_000


def test_free_is_for_who_decides_about_money(alice_client: Client, online: ChargePoint, kari: ChargeKey) -> None:
    free = method(online, PaymentKind.FREE)
    assert radio(choice(alice_client, online, id_tag="TAG-A"), "payment_method", free.pk)
    assert start(alice_client, online, payment_method=free.pk)[0] == 204


def test_what_a_key_has_anyway_is_nobodys_decision(bob_client: Client, online: ChargePoint) -> None:
    key = payer(online, PaymentKind.FREE, "TAG-F")
    free = PaymentMethod.objects.get(driver=key.driver)
    assert " checked" in radio(choice(bob_client, online, id_tag="TAG-F"), "payment_method", free.pk)
    assert start(bob_client, online, id_tag="TAG-F", payment_method=free.pk)[0] == 204


def test_the_price_and_what_it_means(alice_client: Client, online: ChargePoint, kari: ChargeKey) -> None:
    other = group_made(online.site.team.organisation, "Fast")
    html = choice(alice_client, online, id_tag="TAG-A")
    assert "The charger's own: Public" in html
    assert '20 kWh in an hour: <b class="num">NOK\u00a090.00</b>' in html
    html = choice(alice_client, online, id_tag="TAG-A", price_group=other.pk)
    assert f'<option value="{other.pk}" selected>Fast' in html
    assert "NOK\u00a0100.00" in html
    assert start(alice_client, online, price_group=other.pk, limit_amount="12.50", limit_minutes="90")[0] == 204
    assert Command.objects.get().parameters == {
        "connector": 1,
        "id_tag": "TAG-A",
        "price_group": other.pk,
        "limit_s": 5400,
        "limit_amount": "12.50",
    }


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"limit_kwh": "0"}, "The limit of energy (kWh) is a number above 0"),
        ({"limit_kwh": "-3"}, "The limit of energy (kWh) is a number above 0"),
        ({"limit_kwh": "1001"}, "up to 1000"),
        ({"limit_minutes": "1.5"}, "The limit of time (min) is a number above 0"),
        ({"limit_minutes": "soon"}, "The limit of time (min) is a number above 0"),
        ({"limit_amount": "NaN"}, "The limit of cost is a number above 0"),
        ({"limit_amount": "0"}, "The limit of cost is a number above 0"),
        ({"payment_method": "x"}, "Choose who pays."),
        ({"price_group": "x"}, "Choose a price group."),
        ({"connector": "9"}, "not one of the available choices"),
        ({"id_tag": ""}, "Choose a driver or a key."),
        ({"payment_method": "999999"}, "This payment method cannot be chosen"),
    ],
)
def test_nonsense_is_refused(
    alice_client: Client, online: ChargePoint, kari: ChargeKey, data: dict[str, str], words: str
) -> None:
    status, page = start(alice_client, online, **data)
    assert (status, words in page) == (422, True)
    assert not Command.objects.exists()


def test_what_is_others_is_refused(
    alice_client: Client, online: ChargePoint, kari: ChargeKey, fjord: Organisation, foreign_charge_point: ChargePoint
) -> None:
    theirs, their_price = payer(foreign_charge_point, tag="THEIRS"), group_made(fjord, "Theirs")
    foreign = PaymentMethod.objects.get(driver=theirs.driver)
    ola = payer(online, PaymentKind.INVOICE, "TAG-O")
    others = PaymentMethod.objects.get(driver=ola.driver)
    assert start(alice_client, online, id_tag="THEIRS")[0] == 422
    assert start(alice_client, online, payment_method=foreign.pk)[0] == 422
    assert start(alice_client, online, payment_method=others.pk)[0] == 422
    status, page = start(alice_client, online, price_group=their_price.pk)
    assert (status, "This price group is not there any more." in page) == (409, True)
    html = choice(alice_client, online, id_tag="THEIRS", q="theirs", price_group=their_price.pk)
    assert "No driver or key matches “theirs”." in html
    assert f'value="{foreign.pk}"' not in html
    assert not Command.objects.exists()


def test_no_cost_without_a_price(alice_client: Client, online: ChargePoint, kari: ChargeKey) -> None:
    PriceGroup.objects.update(is_default=False)
    html = choice(alice_client, online, id_tag="TAG-A")
    assert "Charging costs nothing here." in html
    assert 'name="limit_amount"' not in html
    status, page = start(alice_client, online, limit_amount="50")
    assert (status, "There is no price here" in page) == (409, True)


def test_keys_that_cannot_and_drivers_without(alice_client: Client, online: ChargePoint, kari: ChargeKey) -> None:
    factories.charge_key(kari.organisation, "TAG-B", state=KeyState.BLOCKED)
    factories.driver(kari.organisation, "Karl Keyless")
    html = choice(alice_client, online, q="kar")
    assert " checked" in radio(html, "id_tag", "TAG-A")
    assert "Karl Keyless" in html
    assert "has no key to start with" in html
    html = choice(alice_client, online, q="tag-b", id_tag="TAG-A")
    assert " checked" in radio(html, "id_tag", "TAG-A")
    assert "Would be refused: the key is blocked." in radio(html, "id_tag", "TAG-B")
    assert "Who pays" not in choice(alice_client, online, q="tag-b", id_tag="TAG-B")


def test_nobody_can_pay(alice_client: Client, online: ChargePoint, nordlys: Organisation) -> None:
    factories.charge_key(nordlys, "LOOSE")
    assert "the bill will stay unpaid" in choice(alice_client, online, id_tag="LOOSE")
    assert start(alice_client, online, id_tag="LOOSE")[0] == 204


def test_without_script_step_by_step(alice_client: Client, online: ChargePoint, kari: ChargeKey) -> None:
    page = reverse("action", args=[online.pk, "start"])
    first = alice_client.get(page).content.decode()
    assert "Show who pays" in first
    second = alice_client.get(page, {"q": "kari", "id_tag": "TAG-A", "limit_kwh": "7"}).content.decode()
    assert "Who pays" in second
    assert 'name="limit_kwh" inputmode="decimal" maxlength="8" autocomplete="off" value="7"' in second
    refused = alice_client.post(page, {"connector": "1", "id_tag": "TAG-A", "limit_kwh": "0", "q": "kari"})
    assert refused.status_code == 422
    assert " checked" in radio(refused.content.decode(), "id_tag", "TAG-A")
    assert alice_client.post(page, {"connector": "1", "id_tag": "TAG-A"}).status_code == 302


def test_the_command_tells_what_was_chosen(
    alice_client: Client, bob_client: Client, online: ChargePoint, kari: ChargeKey
) -> None:
    other = group_made(kari.organisation, "Fast")
    method_of = PaymentMethod.objects.get(driver=kari.driver)
    given = {"payment_method": method_of.pk, "price_group": other.pk, "limit_kwh": "10", "limit_amount": "77"}
    assert start(alice_client, online, **given, limit_minutes="45")[0] == 204
    page = reverse("command", args=[Command.objects.get().pk])
    hers, his = (client.get(page).content.decode() for client in (alice_client, bob_client))
    for words in ("Wallet (Wallet)", "10 kWh", "45 min"):
        assert words in hers
        assert words in his
    for words in ("Fast", "77"):
        assert f"<dd>{words}</dd>" in hers
        assert f">{words}<" not in his


def test_questions_are_as_many_for_many_keys(alice_client: Client, online: ChargePoint, kari: ChargeKey) -> None:
    counts = []
    for more in (0, 6):
        for number in range(more):
            payer(online, tag=f"TAG-A{number}")
            method(online, PaymentKind.INVOICE, kari, name=f"Invoice {number}")
        with CaptureQueriesContext(
            connection,
        ) as asked:
            choice(alice_client, online, q="tag", id_tag="TAG-A")
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert counts[0] < 30


def test_who_gets_in(
    client: Client, charlie_client: Client, bob_client: Client, online: ChargePoint, far_charge_point: ChargePoint
) -> None:
    page = reverse("start_choice", args=[online.pk])
    assert client.get(page).status_code == 302
    assert charlie_client.get(page).status_code == 404
    assert bob_client.get(page).status_code == 200
    assert bob_client.post(page).status_code == 405
    assert bob_client.get(reverse("start_choice", args=[far_charge_point.pk])).status_code == 404
    assert bob_client.get("/charge-points/0/start/").status_code == 404
    person = factories.user()
    factories.member(online.site.team.organisation, person, Role.FINANCE)
    client.force_login(person)
    assert client.get(page).status_code == 403
