"""Chargers that nobody has registered: the inbox, ignoring, rejecting, and who may."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from chargepoints.choices import ChargeState
from chargepoints.models import Charge, ChargePoint, Connection, Site
from chargepoints.selectors.strangers import QUARANTINE_SITE, QUARANTINE_TEAM, waiting_in
from chargepoints.services.credentials import password_hmac
from hub.audit.models import AuditEntry
from hub.teams.choices import Role
from hub.teams.models import Organisation, User
from tests import factories
from tests.conftest import signed_in
from tests.factories import now
from tests.portal.unknown_tools import HTMX, INBOX, OFFERED, accept, knock, listed

pytestmark = pytest.mark.usefixtures("clean_redis")


@pytest.fixture
def stranger(alice: User, nordlys: Organisation) -> ChargePoint:
    """A charger that was let in to wait, connected and told so."""
    site = factories.site(factories.team(nordlys, QUARANTINE_TEAM), QUARANTINE_SITE)
    made = factories.charge_point(
        site, "LET-IN-1", registration="Pending", registration_told="Pending", integration="connected", vendor="Acme"
    )
    Connection.objects.filter(pk=made.pk).update(is_connected=True, remote_address="192.0.2.7", gateway="g1")
    return made


def test_one_row_for_an_identity(alice_client: Client) -> None:
    knock(age=90)
    knock("new-1", address="192.0.2.10", age=5)
    knock("OTHER", password="", age=60)
    html = alice_client.get(INBOX).content.decode()
    assert listed(alice_client) == ["new-1", "OTHER"]
    assert "192.0.2.10" in html
    assert "and 1 more" in html
    assert html.count("No charge point has this identity") == 2
    assert password_hmac("NEW-1", OFFERED) not in html


def test_search_and_odd_addresses(alice_client: Client) -> None:
    knock(address="198.51.100.4")
    knock("OTHER")
    assert listed(alice_client, q="other") == ["OTHER"]
    assert listed(alice_client, q="198.51") == ["NEW-1"]
    assert listed(alice_client, q="%") == []
    for query in ("after=x~y", "after=2026-13-45T00:00:00Z~a", "after=%00", "show=%00", f"q={'x' * 500}"):
        assert alice_client.get(f"{INBOX}?{query}").status_code == 200


def test_pages_by_key(alice_client: Client) -> None:
    for number in range(53):
        knock(f"N-{number:02}", age=number)
    html = alice_client.get(INBOX).content.decode()
    assert listed(alice_client) == [f"N-{number:02}" for number in range(50)]
    link = re.search(r'href="([^"]+)" rel="next"', html)
    assert link is not None
    later = alice_client.get(link[1].replace("&amp;", "&")).content.decode()
    assert re.findall(r'<span class="id">(N-\d+)</span>', later) == ["N-50", "N-51", "N-52"]
    assert 'rel="next"' not in later


def test_query_count_is_constant(
    alice_client: Client, stranger: ChargePoint, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    knock()
    with django_assert_max_num_queries(16) as few:
        alice_client.get(INBOX)
    for number in range(20):
        knock(f"N-{number}", age=number)
        factories.charge_point(stranger.site, f"W-{number}")
    with django_assert_max_num_queries(16) as many:
        alice_client.get(INBOX)
    assert len(many.captured_queries) == len(few.captured_queries)


def test_ignore_and_undo(alice_client: Client) -> None:
    knock()
    after = alice_client.post(reverse("unknown_ignore"), {"identity": "NEW-1"}, follow=True)
    assert "Undo" in after.content.decode()
    assert listed(alice_client) == []
    knock("new-1", address="192.0.2.77")
    assert listed(alice_client) == []  # whatever the address
    assert listed(alice_client, show="ignored") == ["new-1"]
    for _ in range(2):
        alice_client.post(reverse("unknown_unignore"), {"identity": "NEW-1"})
    assert listed(alice_client) == ["new-1"]
    acts = list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))
    assert acts == ["connection_attempt.ignored", "connection_attempt.unignored"]


def test_a_waiting_charger_is_accepted(alice_client: Client, stranger: ChargePoint, site: Site) -> None:
    html = alice_client.get(INBOX).content.decode()
    assert "connected, told to wait" in html
    url = reverse("unknown_accept_waiting", args=[stranger.pk])
    assert "LET-IN-1" in alice_client.get(url, headers=HTMX).content.decode()
    given = {"site": site.pk, "name": "Gate", "connectors": 2}
    assert alice_client.post(url, given, headers=HTMX).status_code == 200
    stranger.refresh_from_db()
    assert (stranger.site, stranger.name, stranger.registration) == (site, "Gate", "Accepted")
    assert stranger.connectors.count() == 2
    asked = stranger.commands.get()
    assert (asked.kind, asked.parameters["message"], asked.author_name) == ("trigger", "BootNotification", "Alice")
    entry = AuditEntry.objects.exclude(act="charge_point.commanded").get()
    assert (entry.act, entry.before["site"], entry.after["site"]) == (
        "charge_point.accepted",
        QUARANTINE_SITE,
        "Aker Brygge",
    )
    assert alice_client.post(url, given).status_code == 404


def test_a_waiting_charger_is_rejected(alice_client: Client, stranger: ChargePoint) -> None:
    alice_client.post(reverse("unknown_reject", args=[stranger.pk]))
    stranger.refresh_from_db()
    assert (stranger.identity, stranger.former_identity, stranger.is_active) == (None, "LET-IN-1", False)
    assert stranger.archived_at is not None
    assert listed(alice_client) == []
    assert listed(alice_client, show="ignored") == ["LET-IN-1"]
    assert AuditEntry.objects.get().act == "charge_point.rejected"


@pytest.mark.parametrize("name", ["unknown_accept_waiting", "unknown_reject"])
def test_not_while_a_charge_runs(alice_client: Client, stranger: ChargePoint, site: Site, name: str) -> None:
    Charge.objects.create(
        charge_point=stranger, transaction_id="1", state=ChargeState.CHARGING, started_at=now(), energy_wh=0
    )
    given = {"site": site.pk, "name": "Gate", "connectors": 1}
    answer = alice_client.post(reverse(name, args=[stranger.pk]), given, follow=True)
    assert "A charge is running." in answer.content.decode()
    assert waiting_in(stranger.site.team.organisation).count() == 1


def test_the_organisation_that_receives_sees_them(
    alice_client: Client, charlie_client: Client, charlie: User, nordlys: Organisation, fjord: Organisation, site: Site
) -> None:
    attempt = knock()
    for client in (alice_client, charlie_client):
        assert listed(client) == []  # two organisations, and nobody said which
    assert "does not receive unknown chargers" in alice_client.get(INBOX).content.decode()
    Organisation.objects.filter(pk=nordlys.pk).update(receives_unknown=True)
    assert listed(alice_client) == ["NEW-1"]
    assert listed(charlie_client) == []
    for path, method in (("unknown_accept", "get"), ("unknown_ignore", "post"), ("unknown_unignore", "post")):
        assert getattr(charlie_client, method)(reverse(path), {"identity": "NEW-1"}).status_code == 404
    assert accept(charlie_client, attempt, site).startswith("404")
    accept(alice_client, attempt, site)
    assert accept(charlie_client, attempt, site).startswith("404")  # nor does he learn that it exists now


def test_needs_login(client: Client, stranger: ChargePoint) -> None:
    assert client.get(INBOX).status_code == 302
    for name in ("unknown_accept", "unknown_ignore", "unknown_unignore"):
        assert client.post(reverse(name)).status_code == 302
    for name in ("unknown_accept_waiting", "unknown_reject", "unknown_called"):
        assert client.post(reverse(name, args=[stranger.pk])).status_code == 302


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.FINANCE, Role.READ_ONLY])
def test_wrong_role(nordlys: Organisation, stranger: ChargePoint, role: Role) -> None:
    person = factories.user()
    factories.member(nordlys, person, role)
    client = signed_in(person)
    knock()
    assert client.get(INBOX).status_code == 403
    assert client.get(reverse("unknown_sites")).status_code == 403
    for name in ("unknown_accept", "unknown_ignore", "unknown_unignore"):
        assert client.post(reverse(name), {"identity": "NEW-1"}).status_code == 403
    for name in ("unknown_accept_waiting", "unknown_reject"):
        assert client.post(reverse(name, args=[stranger.pk])).status_code == 403


def test_one_site_is_not_the_whole(bob_client: Client, charge_point: ChargePoint, stranger: ChargePoint) -> None:
    attempt = knock()
    assert listed(bob_client) == []
    assert accept(bob_client, attempt, charge_point.site).startswith("404")
    for name in ("unknown_accept_waiting", "unknown_reject", "unknown_called"):
        url = reverse(name, args=[stranger.pk])
        assert (bob_client.get(url) if name == "unknown_called" else bob_client.post(url)).status_code == 404


def test_bad_ids_and_methods(alice_client: Client, charge_point: ChargePoint) -> None:
    assert alice_client.post(INBOX).status_code == 405
    assert alice_client.get(reverse("unknown_ignore")).status_code == 405
    assert alice_client.get(reverse("unknown_accept"), {"identity": "NOBODY"}).status_code == 404
    assert alice_client.get(reverse("unknown_accept"), {"attempt": "9" * 30}).status_code == 404
    assert alice_client.get(reverse("unknown_accept"), {"identity": "A\x00"}).status_code == 404
    assert alice_client.get(reverse("unknown_sites"), {"q": "\x00", "site": "²"}).status_code == 200
    assert alice_client.post(reverse("unknown_ignore"), {"identity": "NOBODY"}).status_code == 404
    for name in ("unknown_accept_waiting", "unknown_reject"):  # nobody waits there
        assert alice_client.post(reverse(name, args=[charge_point.pk])).status_code == 404
        assert alice_client.post(reverse(name, args=[999999])).status_code == 404
