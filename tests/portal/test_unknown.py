"""Chargers that nobody has registered: the inbox, accepting, ignoring, rejecting, and who may."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from chargepoints.choices import ChargeState, Refusal
from chargepoints.models import Charge, ChargePoint, Connection, ConnectionAttempt, Site
from chargepoints.reports import Refused
from chargepoints.selectors.strangers import QUARANTINE_SITE, QUARANTINE_TEAM, waiting_in
from chargepoints.services.connections import attempts_record
from chargepoints.services.credentials import password_hmac, password_matches
from hub.audit.models import AuditEntry
from hub.teams.choices import Role
from hub.teams.models import Organisation, User
from tests import factories
from tests.conftest import signed_in
from tests.factories import now

pytestmark = pytest.mark.usefixtures("clean_redis")
HTMX = {"HX-Request": "true"}
OFFERED = "offered-by-the-charger"
INBOX = "/unknown/"


def knock(
    identity: str = "NEW-1",
    *,
    password: str = OFFERED,
    address: str = "192.0.2.9",
    user: str | None = None,
    age: int = 0,
) -> ConnectionAttempt:
    """A handshake that the gateway refused."""
    name = (identity if password else "") if user is None else user
    entry = Refused(
        charge_point_id=None,
        at=now() - timedelta(seconds=age),
        identity=identity,
        remote_address=address,
        user_name=name,
        subprotocols="ocpp1.6",
        path=f"/ocpp/{identity}",
        reason=Refusal.UNKNOWN_IDENTITY,
        http_status=401,
        password_hmac=password_hmac(identity, password) if len(password) >= 16 else "",
    )
    with transaction.atomic():
        attempts_record(refused=[entry])
    return ConnectionAttempt.objects.order_by("-pk")[0]


def accept(client: Client, attempt: ConnectionAttempt, at: Site, **fields: object) -> str:
    """The page after pressing Accept."""
    given = {"identity": attempt.identity, "attempt": attempt.pk, "site": at.pk, "name": "Left of the lift"}
    given |= {"connectors": 2, "proof": "offered", **fields}
    response = client.post(reverse("unknown_accept"), given, headers=HTMX)
    return f"{response.status_code} {response.content.decode()}"


def listed(client: Client, **query: str) -> list[str]:
    """The identities that the inbox shows, in its order."""
    html = client.get(INBOX, query, headers=HTMX).content.decode()
    return re.findall(r'<span class="id">([^<]+)</span>', html)


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


def test_accept_with_the_password_it_offered(alice_client: Client, site: Site) -> None:
    attempt = knock()
    dialog = alice_client.get(reverse("unknown_accept"), {"identity": "NEW-1"}, headers=HTMX).content.decode()
    assert dialog.startswith("<dialog")
    assert f'value="{site.pk}" checked' in dialog  # the only one there is
    assert re.search(r'value="offered" checked', dialog)
    assert 'value="none"' not in dialog
    assert accept(alice_client, attempt, site).startswith("200 <dialog")
    made = ChargePoint.objects.get(identity="NEW-1")
    assert (made.site, made.name, made.security_profile, made.integration) == (site, "Left of the lift", 1, "pending")
    assert password_matches("NEW-1", OFFERED.encode(), made.password_hmac)
    assert list(made.connectors.values_list("number", flat=True)) == [1, 2]
    assert Connection.objects.filter(charge_point=made).exists()
    assert made.connection_attempts.get() == attempt
    assert listed(alice_client) == []
    entry = AuditEntry.objects.get(act="charge_point.accepted")
    assert entry.actor_name == "Alice"
    assert entry.after["password"] == "offered"
    assert made.password_hmac not in str(entry.after)


def test_the_page_waits_for_the_next_call(alice_client: Client, site: Site) -> None:
    accept(alice_client, knock(), site)
    made = ChargePoint.objects.get(identity="NEW-1")
    url = reverse("unknown_called", args=[made.pk])
    assert "Waiting for its next call" in alice_client.get(url, headers=HTMX).content.decode()
    Connection.objects.filter(pk=made.pk).update(is_connected=True)
    html = alice_client.get(url, headers=HTMX).content.decode()
    assert reverse("charge_point", args=[made.pk]) in html
    assert "hx-get" not in html


def test_a_new_password_is_shown_once(alice_client: Client, site: Site) -> None:
    attempt = knock(password="short")
    given = {"identity": "NEW-1", "attempt": attempt.pk, "site": site.pk, "name": "A", "connectors": 1, "proof": "new"}
    response = alice_client.post(reverse("unknown_accept"), given)
    assert "no-store" in response["Cache-Control"]
    shown = re.search(r'id="new-password"[^>]*>([0-9a-f]{40})<', response.content.decode())
    assert shown is not None
    made = ChargePoint.objects.get(identity="NEW-1")
    assert password_matches("NEW-1", shown[1].encode(), made.password_hmac)
    assert shown[1] not in alice_client.get(reverse("unknown_called", args=[made.pk])).content.decode()
    assert shown[1] not in str(AuditEntry.objects.get().after)


def test_without_a_password_only_if_it_offered_none(alice_client: Client, site: Site) -> None:
    assert accept(alice_client, knock(), site, proof="none").startswith("422")
    assert accept(alice_client, knock("OPEN-1", password=""), site, proof="none").startswith("200")
    made = ChargePoint.objects.get()
    assert (made.identity, made.security_profile, made.password_hmac) == ("OPEN-1", 0, "")


def test_several_addresses_are_told(alice_client: Client, site: Site) -> None:
    knock(age=60, address="192.0.2.1", password="the-password-of-one!")
    newest = knock(address="192.0.2.2", password="the-password-of-two!")
    dialog = alice_client.get(reverse("unknown_accept"), {"identity": "NEW-1"}).content.decode()
    assert "This identity called from several addresses." in dialog
    assert f'name="attempt" value="{newest.pk}"' in dialog
    accept(alice_client, newest, site)
    assert password_matches("NEW-1", b"the-password-of-two!", ChargePoint.objects.get().password_hmac)


def test_another_user_name_is_told(alice_client: Client) -> None:
    knock(user="operator")
    dialog = alice_client.get(reverse("unknown_accept"), {"identity": "NEW-1"}).content.decode()
    assert "Its user name is operator, not its identity." in dialog


@pytest.mark.parametrize("identity", ["", "a b", "x:y", "ø", "x" * 49, "<b>x</b>"])
def test_what_cannot_be_an_identity_says_so(alice_client: Client, site: Site, identity: str) -> None:
    attempt = knock(identity)
    html = alice_client.get(INBOX).content.decode()
    assert "Change it in the charger." in html or "It gives no identity." in html
    assert reverse("unknown_accept") not in html
    assert "<b>x</b>" not in html
    assert accept(alice_client, attempt, site, proof="new").startswith("409")
    assert not ChargePoint.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("site", "", "Choose a site."),
        ("site", "999999", "Choose one of your sites."),
        ("site", "x", "Choose one of your sites."),
        ("name", " ", "Give the charger a name."),
        ("name", "x" * 61, "A name has 60 characters at most."),
        ("name", "NORD-1", "Aker Brygge has a charge point called NORD-1 already."),
        ("connectors", "0", "Give the number of connectors, 1 to 20."),
        ("connectors", "x", "Give the number of connectors, 1 to 20."),
        ("proof", "", "Choose how it proves itself."),
    ],
)
def test_what_is_wrong_is_named_and_kept(
    alice_client: Client, charge_point: ChargePoint, field: str, value: str, says: str
) -> None:
    answer = accept(alice_client, knock(), charge_point.site, **{field: value})
    assert answer.startswith("422")
    assert says in answer
    assert field == "name" or 'value="Left of the lift"' in answer
    assert ChargePoint.objects.count() == 1


def test_two_accept_at_once(alice_client: Client, site: Site, far_site: Site) -> None:
    attempt = knock()
    accept(alice_client, attempt, site)
    late = accept(alice_client, attempt, far_site)
    assert late.startswith("409")
    assert "Somebody has registered this identity meanwhile." in late
    assert "Left of the lift at Aker Brygge" in late
    assert ChargePoint.objects.get().site == site


def test_the_last_site_is_remembered(alice_client: Client, site: Site, far_site: Site) -> None:
    knock("NEW-2")
    dialog = reverse("unknown_accept") + "?identity=NEW-2"
    assert "checked" not in alice_client.get(dialog).content.decode().partition("sites")[2].partition("</fieldset>")[0]
    accept(alice_client, knock(), far_site)
    assert f'value="{far_site.pk}" checked' in alice_client.get(dialog).content.decode()


def test_the_site_of_its_neighbours_is_suggested(
    alice_client: Client, charge_point: ChargePoint, far_site: Site
) -> None:
    Connection.objects.filter(pk=charge_point.pk).update(is_connected=True, remote_address="192.0.2.9")
    accept(alice_client, knock(address="198.51.100.1"), far_site)
    knock("NEW-2")
    html = alice_client.get(reverse("unknown_accept"), {"identity": "NEW-2"}).content.decode()
    assert f'value="{charge_point.site_id}" checked' in html


def test_sites_are_searched(alice_client: Client, site: Site, far_site: Site, foreign_site: Site) -> None:
    html = alice_client.get(reverse("unknown_sites"), {"q": "bergen"}).content.decode()
    assert "Bergen Havn" in html
    assert "Aker Brygge" not in html
    assert "Tromsø" not in alice_client.get(reverse("unknown_sites"), {"q": "tromsø"}).content.decode().split("<p")[0]


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


def test_an_ignored_one_can_be_accepted(alice_client: Client, site: Site) -> None:
    attempt = knock()
    alice_client.post(reverse("unknown_ignore"), {"identity": "NEW-1"})
    assert accept(alice_client, attempt, site).startswith("200")
    assert ChargePoint.objects.get().connection_attempts.get().ignored_at is None


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
    entry = AuditEntry.objects.get()
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


def test_a_foreign_site_cannot_be_chosen(alice_client: Client, nordlys: Organisation, foreign_site: Site) -> None:
    Organisation.objects.filter(pk=nordlys.pk).update(receives_unknown=True)
    assert "Choose one of your sites." in accept(alice_client, knock(), foreign_site)


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
