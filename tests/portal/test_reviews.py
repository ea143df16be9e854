"""Decisions about bills: release, cancel, refund, retry, keep; who may, what is refused, and twice is once."""

import re
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from chargepoints.choices import BillState, PaymentKind
from chargepoints.models import Bill, Charge, ChargePoint, Payment, PaymentMethod
from chargepoints.selectors.books import books_wrong
from hub.audit.models import AuditEntry
from hub.teams.choices import Role
from hub.teams.models import Organisation
from tests import factories
from tests.conftest import signed_in
from tests.portal.charge_tools import HTMX, billed, charge, held, payer, priced

KINDS = ("release", "cancel", "refund", "retry", "keep")


def url(of: Charge, kind: str) -> str:
    return reverse("charge_review", args=[of.pk, kind])


def said(client: Client, of: Charge) -> str:
    """The charge's page after the decision."""
    return client.get(reverse("charge", args=[of.pk])).content.decode()


@pytest.fixture
def waiting(charge_point: ChargePoint) -> Charge:
    """A held bill; 8 kWh are proposed, the register fell from 50 kWh."""
    priced(charge_point)
    return held(charge_point, payer(charge_point))


@pytest.fixture
def unpaid(charge_point: ChargePoint) -> Charge:
    """90 NOK that nobody pays."""
    priced(charge_point)
    made = charge(charge_point, "5002")
    assert billed(made).state == BillState.UNPAID
    return made


def state(of: Charge) -> str:
    return Bill.objects.get(charge=of).state


def test_the_page_shows_the_hold_and_what_can_be_done(alice_client: Client, waiting: Charge) -> None:
    html = said(alice_client, waiting)
    for words in ("The register fell", "50000 Wh", "8000 Wh", "Bill the proposed 8.00 kWh", "Bill another energy"):
        assert words in html, words
    assert 'id="decide-cancel"' in html
    assert 'id="decide-refund"' not in html
    assert 'id="decide-retry"' not in html


def test_bill_the_proposed(alice_client: Client, waiting: Charge) -> None:
    dialog = alice_client.get(url(waiting, "release"), headers=HTMX).content.decode()
    assert 'value="8.000"' in dialog
    answer = alice_client.post(url(waiting, "release"), {"energy": "8.000", "reason": "counted from zero"})
    assert answer.headers["Location"] == reverse("charge", args=[waiting.pk])
    html = said(alice_client, waiting)
    assert "The bill of 42.00 NOK is paid." in html
    assert "counted from zero" in html
    assert state(waiting) == BillState.PAID
    assert AuditEntry.objects.get(act="bill.released").actor_name == "Alice"
    assert books_wrong() == []


def test_bill_another_energy(alice_client: Client, waiting: Charge) -> None:
    assert 'value="8.000"' not in alice_client.get(f"{url(waiting, 'release')}?other=1").content.decode()
    answer = alice_client.post(url(waiting, "release"), {"energy": "2.5"}, headers=HTMX)
    assert answer.headers["HX-Redirect"] == reverse("charge", args=[waiting.pk])
    bill = Bill.objects.get(charge=waiting)
    assert (bill.energy_wh, bill.total) == (2_500, Decimal("20.00"))


@pytest.mark.parametrize(
    ("energy", "words"),
    [
        ("", "Say how many"),
        ("x", "as a number"),
        ("-1", "never negative"),
        ("8000000", "Write kWh"),
        ("1.2345", "Three"),
    ],
)
def test_energy_that_makes_no_sense(alice_client: Client, waiting: Charge, energy: str, words: str) -> None:
    answer = alice_client.post(url(waiting, "release"), {"energy": energy}, headers=HTMX)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert state(waiting) == BillState.HELD


def test_released_twice_is_paid_once(alice_client: Client, waiting: Charge) -> None:
    alice_client.post(url(waiting, "release"), {"energy": "8"})
    again = alice_client.post(url(waiting, "release"), {"energy": "9"}, headers=HTMX)
    assert again.status_code == 409
    assert "This bill is not held any more." in again.content.decode()
    assert Bill.objects.get(charge=waiting).energy_wh == 8_000
    assert books_wrong() == []


@pytest.mark.parametrize("kind", ["cancel", "refund"])
def test_a_reason_is_asked_for(alice_client: Client, waiting: Charge, kind: str) -> None:
    answer = alice_client.post(url(waiting, kind), {"reason": "  ", "amount": "1", "key": "a" * 32}, headers=HTMX)
    assert answer.status_code == 422
    assert "Say why" in answer.content.decode()


def test_cancel(alice_client: Client, waiting: Charge) -> None:
    assert "8.00 kWh" not in alice_client.get(url(waiting, "cancel")).content.decode()
    alice_client.post(url(waiting, "cancel"), {"reason": "test drive"})
    assert state(waiting) == BillState.CANCELLED
    assert "Nobody pays" in said(alice_client, waiting)
    again = alice_client.post(url(waiting, "cancel"), {"reason": "test drive"})
    assert again.status_code == 409
    assert books_wrong() == []


def test_refund_once_for_each_key(alice_client: Client, paid: Charge) -> None:
    dialog = alice_client.get(url(paid, "refund"), headers=HTMX).content.decode()
    key = re.findall(r'name="key" value="([0-9a-f]{32})"', dialog)[0]
    assert 'value="90.00"' in dialog
    given = {"amount": "30.00", "reason": "goodwill", "key": key}
    for _ in range(2):
        assert alice_client.post(url(paid, "refund"), given).status_code == 302
    assert Payment.objects.get(bill__charge=paid).refunded == Decimal("30.00")
    html = said(alice_client, paid)
    assert "30.00 of 90.00 NOK given back" in html
    assert 'value="60.00"' in alice_client.get(url(paid, "refund")).content.decode()
    alice_client.post(url(paid, "refund"), {"amount": "60", "reason": "rest", "key": "b" * 32})
    assert state(paid) == BillState.REFUNDED
    assert books_wrong() == []


@pytest.mark.parametrize(("amount", "status"), [("90.01", 409), ("0", 409), ("-5", 409), ("x", 422), ("1.001", 422)])
def test_refunds_that_cannot_be(alice_client: Client, paid: Charge, amount: str, status: int) -> None:
    given = {"amount": amount, "reason": "no", "key": "c" * 32}
    assert alice_client.post(url(paid, "refund"), given, headers=HTMX).status_code == status
    assert Payment.objects.get(bill__charge=paid).refunded == 0


def test_a_refund_without_its_key(alice_client: Client, paid: Charge) -> None:
    answer = alice_client.post(url(paid, "refund"), {"amount": "1", "reason": "x", "key": "'"}, headers=HTMX)
    assert answer.status_code == 422
    assert "Open this again." in answer.content.decode()


def test_try_again_by_another_payment_method(
    alice_client: Client, unpaid: Charge, nordlys: Organisation, fjord: Organisation
) -> None:
    mine, foreign = (
        PaymentMethod.objects.create(organisation=each, kind=PaymentKind.INVOICE, name="Fleet", currency="NOK")
        for each in (nordlys, fjord)
    )
    still = alice_client.post(url(unpaid, "retry"), {"method": ""})
    assert still.status_code == 302
    assert "still not paid" in said(alice_client, unpaid)
    refused = alice_client.post(url(unpaid, "retry"), {"method": foreign.pk}, headers=HTMX)
    assert refused.status_code == 422
    assert "cannot be used for this bill" in refused.content.decode()
    alice_client.post(url(unpaid, "retry"), {"method": mine.pk})
    assert state(unpaid) == BillState.INVOICED
    assert "on the next invoice" in said(alice_client, unpaid)
    assert books_wrong() == []


def test_leave_a_paid_bill_as_it_is(alice_client: Client, paid: Charge) -> None:
    Bill.objects.filter(charge=paid).update(proposed_wh=15_000, proposed_why="Its stop came later.")
    html = said(alice_client, paid)
    assert "5.00 kWh less than billed" in html
    assert 'value="22.50"' in alice_client.get(url(paid, "refund")).content.decode()
    alice_client.post(url(paid, "keep"), {"reason": "too little to matter"})
    bill = Bill.objects.get(charge=paid)
    assert (bill.proposed_wh, bill.state) == (None, BillState.PAID)
    assert alice_client.post(url(paid, "keep"), {}).status_code == 409
    assert AuditEntry.objects.get(act="bill.kept").reason == "too little to matter"


@pytest.mark.parametrize("kind", KINDS)
def test_who_may(
    bob_client: Client, charlie_client: Client, client: Client, nordlys: Organisation, waiting: Charge, kind: str
) -> None:
    for method in ("get", "post"):
        assert getattr(bob_client, method)(url(waiting, kind)).status_code == 403
        assert getattr(charlie_client, method)(url(waiting, kind)).status_code == 404
        assert getattr(client, method)(url(waiting, kind)).status_code == 302
    person = factories.user()
    factories.member(nordlys, person, Role.FINANCE)
    assert signed_in(person).get(url(waiting, kind)).status_code == 200
    assert state(waiting) == BillState.HELD


def test_bad_addresses(alice_client: Client, waiting: Charge, charge_point: ChargePoint) -> None:
    assert alice_client.get(url(waiting, "nothing")).status_code == 404
    assert alice_client.get(url(charge(charge_point, "1", connector=None, bill_due=False), "cancel")).status_code == 404
    assert alice_client.delete(url(waiting, "cancel")).status_code == 405
