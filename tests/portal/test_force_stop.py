"""Force stop on the pages: what is lost is told first, a reason is asked for, offline is no obstacle."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from chargepoints.choices import BillState, Integration
from chargepoints.models import Bill, Charge, ChargePoint, Command, Connection
from chargepoints.selectors.books import books_wrong
from hub.audit.models import AuditEntry
from hub.teams.choices import Role
from hub.teams.models import Organisation
from tests import factories
from tests.conftest import signed_in
from tests.factories import now
from tests.portal.charge_tools import HTMX, billed, charge, payer, priced


@pytest.fixture
def running(charge_point: ChargePoint) -> Charge:
    """5 kWh so far, of 30 NOK; 100 are held. The charger is offline."""
    priced(charge_point)
    made = charge(
        charge_point, "88123", minutes=None, begun=now() - timedelta(minutes=30), stop_wh=6_000, key=payer(charge_point)
    )
    billed(made)
    return made


def url(of: Charge) -> str:
    return reverse("charge_force_stop", args=[of.pk])


def test_the_dialog_tells_what_is_lost(alice_client: Client, running: Charge) -> None:
    html = alice_client.get(url(running), headers=HTMX).content.decode()
    for words in ("Lost for good: 5.00 kWh, 30.00 NOK", "Its payment is removed", "energy without payment", "offline"):
        assert words in html, words


def test_without_money_the_amount_is_not_told(bob_client: Client, running: Charge) -> None:
    html = bob_client.get(url(running)).content.decode()
    assert "Lost for good: 5.00 kWh." in html
    assert "NOK" not in html
    assert bob_client.post(url(running), {"reason": "blocks the bay"}).status_code == 302


def test_force_stop_while_offline(alice_client: Client, running: Charge) -> None:
    answer = alice_client.post(url(running), {"reason": "blocks the bay"}, headers=HTMX)
    assert answer.headers["HX-Redirect"] == reverse("charge", args=[running.pk])
    html = alice_client.get(reverse("charge", args=[running.pk])).content.decode()
    for words in ("was stopped by force", "Payment removed", "Stopped by force", "blocks the bay", "Completed"):
        assert words in html, words
    bill = Bill.objects.get(charge=running)
    assert (bill.state, bill.energy_wh) == (BillState.REMOVED, 5_000)
    entry = AuditEntry.objects.get(act="charge.force_stopped")
    assert (entry.actor_name, entry.reason) == ("Alice", "blocks the bay")
    assert not Command.objects.exists()
    assert books_wrong() == []


def test_a_connected_charger_is_told_as_well(alice_client: Client, running: Charge) -> None:
    point = running.charge_point
    ChargePoint.objects.filter(pk=point.pk).update(integration=Integration.CONNECTED)
    Connection.objects.filter(pk=point.pk).update(is_connected=True, connected_at=now(), last_seen_at=now())
    assert "The charger is told to stop." in alice_client.get(url(running)).content.decode()
    alice_client.post(url(running), {"reason": "blocks the bay"})
    command = Command.objects.get()
    assert (command.kind, command.charge_id, command.reason) == ("stop", running.pk, "blocks the bay")
    assert f'id="cmd-{command.pk}"' in alice_client.get(reverse("charge", args=[running.pk])).content.decode()


def test_a_reason_is_asked_for(alice_client: Client, running: Charge) -> None:
    answer = alice_client.post(url(running), {"reason": " "}, headers=HTMX)
    assert answer.status_code == 422
    assert "Say why" in answer.content.decode()
    assert Bill.objects.get(charge=running).state == BillState.OPEN


def test_twice_is_told(alice_client: Client, running: Charge) -> None:
    alice_client.post(url(running), {"reason": "blocks the bay"})
    again = alice_client.post(url(running), {"reason": "blocks the bay"}, headers=HTMX)
    assert again.status_code == 409
    assert "already ended" in again.content.decode()
    assert 'id="force-send"' not in alice_client.get(url(running)).content.decode()
    assert AuditEntry.objects.filter(act="charge.force_stopped").count() == 1


@pytest.mark.parametrize("role", [Role.FINANCE, Role.SUPPORT, Role.READ_ONLY])
def test_it_needs_the_right(nordlys: Organisation, running: Charge, role: Role) -> None:
    person = factories.user()
    factories.member(nordlys, person, role)
    client = signed_in(person)
    for page in (reverse("charge", args=[running.pk]), reverse("charge_point", args=[running.charge_point_id])):
        assert url(running) not in client.get(page).content.decode()
    assert client.get(url(running)).status_code == 403
    assert client.post(url(running), {"reason": "x"}).status_code == 403
    assert Bill.objects.get(charge=running).state == BillState.OPEN


def test_it_is_offered_on_both_pages(alice_client: Client, charlie_client: Client, running: Charge) -> None:
    for page in (reverse("charge", args=[running.pk]), reverse("charge_point", args=[running.charge_point_id])):
        assert url(running) in alice_client.get(page).content.decode()
    assert charlie_client.get(url(running)).status_code == 404
    assert reverse("charge", args=[running.pk]) in alice_client.get("/").content.decode()
