"""The page of one charge: curve, phases, bill, registers, log, commands, what is on record, and files."""

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from chargepoints.choices import BillState, Category, ChargeState, CommandStatus, PaymentKind
from chargepoints.models import Charge, ChargePoint, Command, MeterSample, StatusChange
from chargepoints.rendering.charge import difference_words, numbers, refund_proposed
from chargepoints.selectors.charge_detail import Reading
from hub.audit.records import Actor, audit_record
from hub.teams.choices import Role
from hub.teams.models import Organisation, User
from tests import factories
from tests.conftest import signed_in
from tests.factories import now
from tests.portal.charge_tools import billed, charge, held, payer, priced, samples
from tests.portal.live_tools import append

QUERIES = 22
SIGNED = "OCMF|" + "eyJGViI6IjEuMCJ9\n" * 4
REGISTER, POWER = "Energy.Active.Import.Register", "Power.Active.Import"


def url(of: Charge, place: str = "") -> str:
    return f"{reverse('charge', args=[of.pk])}{place}"


def text(client: Client, of: Charge, query: str = "") -> str:
    answer = client.get(url(of) + query)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def paid(charge_point: ChargePoint) -> Charge:
    """20 kWh in an hour, 90 NOK by wallet, metered by phase; 14 minutes paused by the car."""
    priced(charge_point)
    made = charge(charge_point, "5001", key=payer(charge_point), soc=80)
    for phase in ("L1", "L2", "L3"):
        samples(made, POWER, dict.fromkeys(range(0, 60, 5), 7000), phase=phase, unit="W")
    samples(made, REGISTER, {minute: 1_000 + minute * 333 for minute in range(0, 60, 5)}, unit="Wh")
    samples(made, "SoC", {0: 20, 55: 80}, unit="Percent")
    for minute, status in ((0, "Charging"), (20, "SuspendedEV"), (34, "Charging")):
        StatusChange.objects.create(
            charge_point=charge_point,
            connector_number=1,
            status=status,
            received_at=made.started_at + timedelta(minutes=minute),
        )
    assert billed(made).state == BillState.PAID
    return made


def test_works(alice_client: Client, paid: Charge) -> None:
    html = text(alice_client, paid)
    for words in ("Charge 5001", "Completed", "20.00 kWh", "01:00:00", "21 kW", "Aker Brygge", "Kari TAG-A", "…AG-A"):
        assert words in html, words
    for words in (
        "14 min</b> paused by the car",
        "1\u2009000 Wh",
        "21\u2009000 Wh",
        "pulled at the car",
        "20 %",
        "80 %",
    ):
        assert words in html, words
    assert "style=" not in html
    assert "TAG-A<" not in html.replace("Kari TAG-A<", ""), "a whole id tag is as good as the card"


def test_the_bill_with_its_arithmetic(alice_client: Client, paid: Charge) -> None:
    html = text(alice_client, paid)
    for words in (
        "20 kWh \u00d7 4.00",
        "80.00",
        "Start fee",
        "10.00",
        "72.00",
        "VAT 25 %",
        "18.00",
        "90.00 NOK",
        "Public",
    ):
        assert words in html, words
    for words in ("Captured 90.00 NOK", "Wallet"):
        assert words in html, words


@pytest.mark.parametrize("role", [Role.OPERATIONS, Role.SUPPORT, Role.READ_ONLY])
def test_without_the_right_there_is_no_money(nordlys: Organisation, paid: Charge, role: Role) -> None:
    person = factories.user()
    factories.member(nordlys, person, role)
    html = text(signed_in(person), paid)
    assert "20.00 kWh" in html
    for words in ("NOK", "90.00", "Price group", "Wallet", "VAT", "Refund"):
        assert words not in html, words


@pytest.mark.parametrize("place", ["", "meter.csv", "force-stop/", "review/cancel/"])
def test_who_gets_in(
    client: Client,
    alice_client: Client,
    charlie_client: Client,
    bob_client: Client,
    paid: Charge,
    far_charge_point: ChargePoint,
    place: str,
) -> None:
    assert client.get(url(paid, place)).headers["Location"].startswith("/login/")
    assert alice_client.get(url(paid, place)).status_code == 200
    assert charlie_client.get(url(paid, place)).status_code == 404
    far = charge(far_charge_point, "5002")
    assert bob_client.get(url(far, place)).status_code == 404
    assert alice_client.delete(url(paid, place)).status_code == 405


@pytest.mark.parametrize("bad", ["0", "999999999", "99999999999999999999", "x"])
def test_bad_id(alice_client: Client, bad: str) -> None:
    assert alice_client.get(f"/charges/{bad}/").status_code == 404


def test_a_charge_without_a_bill_or_anything(alice_client: Client, charge_point: ChargePoint) -> None:
    bare = charge(charge_point, "1", connector=None, start_wh=None, stop_wh=None, start_received_at=None)
    html = text(alice_client, bare)
    for words in (
        "No bill yet",
        "No reading in this time",
        "its start was never told",
        "not told",
        "No line of the log",
    ):
        assert words in html, words


def test_a_running_charge_is_asked_for_again(alice_client: Client, charge_point: ChargePoint) -> None:
    priced(charge_point)
    made = charge(
        charge_point, "5003", minutes=None, begun=now() - timedelta(minutes=30), stop_wh=6_000, power_w=11_000
    )
    billed(made)
    html = text(alice_client, made)
    for words in ('hx-trigger="every 4s"', "data-clock", "11 kW", "about 30.00 NOK", "Force stop", "it runs"):
        assert words in html, words
    Charge.objects.update(state=ChargeState.COMPLETED, ended_at=now())
    assert 'hx-trigger="every 4s"' not in text(alice_client, made)


def test_log_commands_and_what_is_on_record(
    alice_client: Client, bob_client: Client, charge_point: ChargePoint, alice: User
) -> None:
    made = charge(charge_point, "5001", begun=now(), minutes=0)
    [seq] = append(charge_point, transaction_id="5001", action="StopTransaction", category=Category.TRANSACTION)
    append(charge_point, transaction_id="5001", action="MeterValues", category=Category.METER)
    append(charge_point, transaction_id="4000", action="StartTransaction", category=Category.TRANSACTION)
    Command.objects.create(
        charge_point=charge_point,
        kind="stop",
        charge=made,
        author_name="Bob",
        status=CommandStatus.ACCEPTED,
        created_at=now(),
        expires_at=now(),
    )
    place = charge_point.site.place
    audit_record(actor=Actor.of(alice), act="force_stopped", obj=made, place=place, reason="It <blocks> the bay")
    html = text(alice_client, made)
    assert reverse("log_line", args=[charge_point.pk, seq]) in html
    assert "StopTransaction" in html
    assert "StartTransaction" not in html
    assert "MeterValues" not in html
    assert "Stop charge" in html
    assert "It &lt;blocks&gt; the bay" in html
    assert "&lt;blocks" not in text(bob_client, made), "the record is not his to read"


def test_the_number_of_queries(
    alice_client: Client, paid: Charge, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(QUERIES):
        alice_client.get(url(paid))
    samples(paid, POWER, {minute / 10: 22_000 for minute in range(500)}, unit="W")
    append(paid.charge_point, 20, transaction_id="5001", at=paid.started_at)
    with django_assert_num_queries(QUERIES):
        alice_client.get(url(paid))


def test_looking_closer(alice_client: Client, paid: Charge) -> None:
    begin = paid.started_at + timedelta(minutes=20)
    query = f"?from={begin:%Y-%m-%dT%H:%M:%SZ}&to={begin + timedelta(minutes=10):%Y-%m-%dT%H:%M:%SZ}"
    part, whole = text(alice_client, paid, query), text(alice_client, paid)
    assert "Whole charge" in part
    assert "Whole charge" not in whole
    assert part.count('<td class="num"><time') < whole.count('<td class="num"><time')
    for words in ("Earlier", "Later", "Wider", "Closer"):
        assert words in part, words


@pytest.mark.parametrize(
    "query", ["?from=x", "?to=1", "?from=2030-01-01", "?from=2020-01-01&to=2020-01-02", "?from=%00"]
)
def test_a_range_that_makes_no_sense_is_the_whole(alice_client: Client, paid: Charge, query: str) -> None:
    assert "Whole charge" not in text(alice_client, paid, query)


class TestFiles:
    """What can be taken away."""

    def test_readings(self, alice_client: Client, charge_point: ChargePoint) -> None:
        made = charge(charge_point, "1")
        samples(made, POWER, {0: 7_000}, unit="W")
        MeterSample.objects.filter(charge_id=made.pk).update(location="=1+1")
        answer = alice_client.get(url(made, "meter.csv"))
        rows = list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
        assert rows[0][:3] == ["at", "received", "measurand"]
        assert (rows[1][2], rows[1][4], rows[1][6]) == (POWER, "'=1+1", "7000.000")

    def test_a_signed_value_byte_for_byte(
        self, alice_client: Client, charge_point: ChargePoint, far_charge_point: ChargePoint
    ) -> None:
        made, other = charge(charge_point, "1"), charge(far_charge_point, "2")
        samples(made, REGISTER, {60: None})
        MeterSample.objects.filter(charge_id=made.pk).update(raw=SIGNED)
        sample = MeterSample.objects.get(charge_id=made.pk)
        address = reverse("charge_signed", args=[made.pk, sample.pk])
        assert address in text(alice_client, made)
        answer = alice_client.get(address)
        assert answer.content == SIGNED.encode()
        assert "attachment" in answer.headers["Content-Disposition"]
        assert alice_client.get(reverse("charge_signed", args=[other.pk, sample.pk])).status_code == 404


def test_numbers_are_thinned_out(charge_point: ChargePoint) -> None:
    made = charge(charge_point, "1")
    readings = [Reading(now() + timedelta(seconds=number), register_wh=number) for number in range(1_000)]
    assert len(numbers(readings, made)) <= 200


def test_what_a_proposal_changes(charge_point: ChargePoint) -> None:
    priced(charge_point)
    bill = billed(held(charge_point, payer(charge_point)))
    assert (bill.proposed_wh, difference_words(bill)) == (8_000, "8.00 kWh more than billed")
    bill.energy_wh, bill.total = 16_000, Decimal(80)
    assert difference_words(bill) == "8.00 kWh less than billed"
    assert refund_proposed(bill, Decimal(80)) == Decimal("40.00")
    assert refund_proposed(bill, Decimal(30)) == Decimal(30)


def test_free_of_charge(alice_client: Client, charge_point: ChargePoint) -> None:
    priced(charge_point)
    made = charge(charge_point, "1", key=payer(charge_point, PaymentKind.FREE))
    assert billed(made).state == BillState.FREE
    html = text(alice_client, made)
    assert "0.00 NOK" in html
    assert "-90.00" in html
