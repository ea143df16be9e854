"""Importing a list of charge points: the dry run, what it makes, and who may."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from chargepoints.models import ChargePoint, ConnectionAttempt, Connector, Site
from chargepoints.services.credentials import password_matches
from hub.audit.models import AuditEntry
from hub.teams.choices import Role
from hub.teams.models import Organisation, User
from tests import factories
from tests.conftest import signed_in
from tests.factories import now
from tests.portal.import_tools import HEAD, UPLOAD, imported, page_of, table, token_of

pytestmark = pytest.mark.usefixtures("clean_redis")


def mistakes(html: str) -> list[tuple[str, str, str]]:
    """Row, column and advice of each mistake that is shown."""
    rows = re.findall(r'<tr class="r"><th scope="row" class="num">(\d+)</th>(.*?)</tr>', html, re.DOTALL)
    found = []
    for number, rest in rows:
        cells = [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", rest)]
        found.append((number, cells[0], cells[2]))
    return found


def test_every_mistake_is_named(
    alice_client: Client, charge_point: ChargePoint, foreign_charge_point: ChargePoint
) -> None:
    head = [*HEAD, "connectors", "password", "active", "sticker"]
    rows = [
        ["Nowhere", "A", "I-1"],
        ["Tromsø Torg", "A", "I-2"],
        ["", "A", "I-3"],
        ["Aker Brygge", "", "I-4"],
        ["Aker Brygge", "NORD-1", "I-5"],
        ["aker  brygge", "B", "nord-1"],
        ["Aker Brygge", "C", "FJORD-1"],
        ["Aker Brygge", "D", "a b"],
        ["Aker Brygge", "E", "I-9", "many"],
        ["Aker Brygge", "F", "I-10", "1:CCS:fast"],
        ["Aker Brygge", "G", "I-11", "", "short"],
        ["Aker Brygge", "H", "I-12", "", "", "perhaps"],
        ["Aker Brygge", "I", "I-13", "", "", "", "", "beyond"],
        ["Aker Brygge", "J", "DOUBLE"],
        ["Aker Brygge", "J", "double"],
        ["Aker Brygge", "K", "", "", "a-password-of-20-here"],
        ["Aker Brygge", "L", "I-17", "1:Foo:22", "", "", "x" * 41],
    ]
    html = page_of(alice_client, table(*rows, head=head))
    assert mistakes(html) == [
        ("2", "site", "There is no site of this name that you may change."),
        ("3", "site", "There is no site of this name that you may change."),
        ("4", "site", "Give the name of a site."),
        ("5", "name", "Give the charger a name."),
        ("6", "name", "Aker Brygge has a charge point of this name already."),
        ("7", "identity", "NORD-1 at Aker Brygge has this identity already."),
        ("8", "identity", "This identity is in use already."),
        ("9", "identity", "Use up to 48 letters, digits and * - _ = + | @ . only."),
        ("10", "connectors", "\u201cmany\u201d is no connector. Write number:type:kW, such as 1:Type2:22;2:CCS:150."),
        ("11", "connectors", "\u201cfast\u201d is no power in kW. Write a number up to 2000, such as 22 or 7.4."),
        ("12", "password", "Use 16 to 64 characters."),
        ("13", "active", "Write yes or no."),
        ("14", "\u2013", "There is a cell behind the last column. Remove it."),
        ("16", "identity", "Row 15 has this identity too. Each charger has its own."),
        ("16", "name", "Row 15 has this name at the same site. Choose another one."),
        ("17", "identity", "Give the identity too: the password belongs to it."),
        ("18", "sticker", "Use 40 characters at most."),
        ("18", "connectors", "\u201cFoo\u201d is no connector type. Use Type2, CCS, CHAdeMO, Schuko, other."),
    ]
    assert "short" not in html
    assert "FJORD" not in html.replace("FJORD-1", "")
    assert "Import the 1 good one, leave out 16" in html


def test_a_site_without_the_right_reads_as_unknown(bob_client: Client, site: Site, far_site: Site) -> None:
    html = page_of(bob_client, table(["Bergen Havn", "A", "I-1"], ["Bergen Haven", "B", "I-2"]))
    first, second = mistakes(html)
    assert first[1:] == second[1:]


def test_two_sites_of_one_name(alice_client: Client, nordlys: Organisation, site: Site) -> None:
    factories.site(factories.team(nordlys, "Second"), "Aker Brygge")
    html = page_of(alice_client, table(["Aker Brygge", "A", "I-1"], ["Second / Aker Brygge", "B", "I-2"]))
    assert mistakes(html)[0][2].startswith("Several sites have this name. Write the team too, such as ")
    assert "Import the 1 good one" in html


def test_all_or_the_good_ones(alice_client: Client, site: Site) -> None:
    content = table(["Aker Brygge", "A", "I-1"], ["Nowhere", "B", "I-2"])
    where = token_of(page_of(alice_client, content))
    refused = alice_client.post(where, {"which": "all"})
    assert refused.status_code == 409
    assert not ChargePoint.objects.exists()
    where = token_of(refused.content.decode())
    assert alice_client.post(where, {"which": "nonsense"}).status_code == 400
    alice_client.post(where, {"which": "good"})
    assert list(ChargePoint.objects.values_list("identity", flat=True)) == ["I-1"]
    again = alice_client.post(where, {"which": "good"})
    assert again.status_code == 410
    assert "was imported already" in again.content.decode()
    counts = AuditEntry.objects.get(act="organisation.imported").after
    assert counts == {"file": "list.csv", "charge_points": 1, "rows_left_out": 1}
    assert AuditEntry.objects.filter(act="charge_point.imported").count() == 1


def test_what_changed_meanwhile_stops_it(alice_client: Client, alice: User, site: Site) -> None:
    where = token_of(page_of(alice_client, table(["Aker Brygge", "A", "I-1"], ["Aker Brygge", "B", "I-2"])))
    factories.charge_point(site, "i-2", name="Somebody's")
    stopped = alice_client.post(where, {"which": "all"})
    assert stopped.status_code == 409
    assert mistakes(stopped.content.decode()) == [
        ("3", "identity", "Somebody's".replace("'", "&#x27;") + f" at {site} has this identity already.")
    ]
    where = token_of(stopped.content.decode())
    alice.memberships.update(role=Role.SUPPORT)
    assert alice_client.post(where, {"which": "good"}).status_code == 403
    assert ChargePoint.objects.count() == 1


def test_made_passwords_come_once(alice_client: Client, bob_client: Client, site: Site) -> None:
    content = table(["Aker Brygge", "=A", "=I-1"], ["Aker Brygge", "B", "I-2"], ["Aker Brygge", "C", ""])
    html = imported(alice_client, content)
    assert "3 charge points imported" in html
    assert "2 passwords were made" in html
    hidden = dict(re.findall(r'name="(token|key)" value="([^"]+)"', html))
    assert bob_client.post(reverse("import_passwords"), hidden).status_code == 410
    assert alice_client.post(reverse("import_passwords"), {**hidden, "key": "x" * 44}).status_code == 410
    given = alice_client.post(reverse("import_passwords"), hidden)
    assert "no-store" in given["Cache-Control"]
    assert "attachment" in given["Content-Disposition"]
    text = given.content.decode("utf-8-sig").splitlines()
    assert text[0] == "site,name,identity,address,password"
    assert text[1].startswith("Aker Brygge,'=A,'=I-1,")
    for row, identity in zip(text[1:], ("=I-1", "I-2"), strict=True):
        stored = ChargePoint.objects.get(identity=identity).password_hmac
        assert password_matches(identity, row.rpartition(",")[2].encode(), stored)
    assert alice_client.post(reverse("import_passwords"), hidden).status_code == 410
    assert alice_client.post(reverse("import_passwords"), {}).status_code == 400
    bare = ChargePoint.objects.get(name="C")
    assert (bare.identity, bare.password_hmac, bare.integration) == (None, "", "no_integration")


def test_what_knocked_before_belongs_to_it(alice_client: Client, site: Site) -> None:
    ConnectionAttempt.objects.create(
        fingerprint="x", identity="i-1", reason="unknown-identity", http_status=401, first_at=now(), last_at=now()
    )
    imported(alice_client, table(["Aker Brygge", "A", "I-1"]))
    assert ChargePoint.objects.get().connection_attempts.count() == 1


def test_query_counts_do_not_grow(
    alice_client: Client, site: Site, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    few, many = (
        token_of(
            page_of(alice_client, table(*(["Aker Brygge", f"{prefix}{n}", f"{prefix}-{n}"] for n in range(count))))
        )
        for prefix, count in (("A", 2), ("B", 60))
    )
    for method, most in (("get", 20), ("post", 30)):
        with django_assert_max_num_queries(most) as first:
            getattr(alice_client, method)(few, {"which": "all"})
        with django_assert_max_num_queries(most) as second:
            getattr(alice_client, method)(many, {"which": "all"})
        assert len(first.captured_queries) == len(second.captured_queries)
    assert Connector.objects.count() == 62


def test_needs_login(client: Client) -> None:
    for url in (UPLOAD, UPLOAD + "x" * 22 + "/", reverse("import_passwords"), reverse("import_template", args=["csv"])):
        assert client.post(url).status_code == 302


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.FINANCE, Role.READ_ONLY])
def test_wrong_role(nordlys: Organisation, site: Site, role: Role) -> None:
    person = factories.user()
    factories.member(nordlys, person, role)
    client = signed_in(person)
    for url in (UPLOAD, UPLOAD + "x" * 22 + "/", reverse("import_template", args=["csv"])):
        assert client.get(url).status_code == 403
    assert client.post(reverse("import_passwords")).status_code == 403


def test_somebody_else_s_upload_is_not_there(alice_client: Client, bob_client: Client, site: Site) -> None:
    where = token_of(page_of(alice_client, table(["Aker Brygge", "A", "I-1"])))
    assert alice_client.get(where).status_code == 200
    assert bob_client.get(where).status_code == 410
    assert bob_client.post(where, {"which": "all"}).status_code == 410
    assert alice_client.delete(where).status_code == 405
    assert not ChargePoint.objects.exists()
