"""The people page: who manages whom, what may be given, and what must not happen."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from chargepoints.exceptions import MemberRefused
from chargepoints.models import Site, SiteLimit
from chargepoints.selectors.members import Scope, is_last_admin
from chargepoints.services.members import member_edit, member_remove
from hub.account.second_factor import device_of
from hub.audit.models import AuditEntry
from hub.audit.records import Actor
from hub.teams.choices import Role
from hub.teams.models import ApiKey, Member, Organisation, Team, User
from tests import factories
from tests.conftest import signed_in
from tests.portal.test_sign_in import with_factor

pytestmark = pytest.mark.django_db


@pytest.fixture
def norway(nordlys: Organisation) -> Team:
    """A team of Nordlys."""
    return factories.team(nordlys, "Norway")


@pytest.fixture
def tina(norway: Team) -> User:
    """Admin of the team Norway, and of nothing else."""
    person = factories.user("tina", first_name="Tina")
    factories.member(norway, person, Role.ADMIN)
    return person


@pytest.fixture
def dora(nordlys: Organisation) -> Member:
    """Read-only in all of Nordlys."""
    person = factories.user("dora", first_name="Dora", email="dora@example.com")
    return factories.member(nordlys, person, Role.READ_ONLY)


def page_of(client: Client, url: str) -> dict[str, str]:
    """The fields of the form as the page holds them."""
    form = client.get(url).context["form"]
    return {"role": form["role"].value(), "scope": form["scope"].value(), "version": form.present_version()}


def change(client: Client, member: Member, **fields: object) -> tuple[int, str]:
    """Open the page of a membership, change these fields, save: status and page."""
    url = f"/people/{member.pk}/"
    response = client.post(url, {**page_of(client, url), **fields})
    return response.status_code, response.content.decode()


def test_people_are_listed_with_what_matters(alice_client: Client, dora: Member, bob: User, site: Site) -> None:
    assert dora.user
    with_factor(dora.user)
    page = alice_client.get("/people/").content.decode()
    for text in ("Alice", "Dora", "dora@example.com", "Read-only", "Operations", site.name, "all of Nordlys", "you"):
        assert text in page
    assert page.count("<span>on</span>") == 1
    assert 'href="/people/"' in alice_client.get("/").content.decode()


def test_programs_are_no_people(alice_client: Client, nordlys: Organisation, alice: User) -> None:
    member = Member.objects.create(organisation=nordlys, role=Role.OPERATIONS)
    ApiKey.objects.create(member=member, name="Billing robot", prefix="hub_x", key_hash="x")
    page = alice_client.get("/people/").content.decode()
    assert "1 membership<" in page
    assert "API key" not in page
    assert alice_client.get(f"/people/{member.pk}/").status_code == 404
    assert alice_client.get("/admin/teams/member/").status_code == 200


def test_filters(alice_client: Client, dora: Member, bob: User) -> None:
    def found(query: str) -> set[str]:
        page = alice_client.get(f"/people/?{query}", headers={"HX-Request": "true"}).content.decode()
        return {name for name in ("Alice", "Dora", "Bob") if f">{name}<" in page}

    assert found("") == {"Alice", "Dora", "Bob"}
    assert found("q=example.com") == {"Dora"}
    assert found("role=operations") == {"Bob"}
    assert found("q=alice+dora") == set()
    assert found("role=nonsense&page=0") == {"Alice", "Dora", "Bob"}
    assert "Nobody matches" in alice_client.get("/people/?q=zzz").content.decode()


def test_strangers_and_lesser_roles(
    client: Client, charlie_client: Client, bob_client: Client, dora: Member, alice: User
) -> None:
    urls = [f"/people/{dora.pk}/", f"/people/{dora.pk}/remove/"]
    for url in ("/people/", "/people/invite/", *urls):
        assert client.get(url).headers["Location"] == f"/login/?next={url}"
        assert bob_client.get(url).status_code == 403
    for url in urls:
        assert charlie_client.get(url).status_code == 404
        assert charlie_client.post(url).status_code == 404
        assert charlie_client.put(url).status_code == 405
    assert "Dora" not in charlie_client.get("/people/").content.decode()
    assert charlie_client.get("/people/999999/").status_code == 404
    assert charlie_client.post("/people/").status_code == 405


def test_a_member_of_some_sites_manages_nobody(client: Client, nordlys: Organisation, site: Site) -> None:
    limited = factories.user("limited")
    factories.member(nordlys, limited, Role.ADMIN, sites=(site,))
    assert signed_in(limited).get("/people/").status_code == 403


def test_role_team_and_sites_are_changed_and_on_record(
    alice_client: Client, dora: Member, site: Site, far_site: Site
) -> None:
    status, _ = change(alice_client, dora, role="support", scope=f"team-{site.team_id}", sites=[site.pk])
    assert status == 302
    dora.refresh_from_db()
    assert (dora.role, dora.team) == (Role.SUPPORT, site.team)
    assert list(SiteLimit.objects.filter(member=dora).values_list("site", flat=True)) == [site.pk]
    entry = AuditEntry.objects.get(act="member.edited")
    assert entry.before == {"role": "Read-only", "team": "", "sites": "all"}
    assert entry.after == {"role": "Support", "team": site.team.name, "sites": [site.name]}
    assert change(alice_client, dora, role="support", scope=f"organisation-{dora.organisation_id}")[0] == 302
    assert not SiteLimit.objects.filter(member=dora).exists()


def test_an_unchanged_membership_is_not_recorded(alice_client: Client, dora: Member) -> None:
    assert change(alice_client, dora)[0] == 302
    assert not AuditEntry.objects.filter(act="member.edited").exists()


def test_sites_must_be_of_the_place(alice_client: Client, dora: Member, site: Site, norway: Team) -> None:
    status, page = change(alice_client, dora, scope=f"team-{norway.pk}", sites=[site.pk])
    assert status == 422
    assert f"Not in Nordlys Charging, Norway: {site.name}" in page


def test_foreign_places_and_sites_are_no_choice(
    alice_client: Client, dora: Member, fjord: Organisation, foreign_site: Site
) -> None:
    assert change(alice_client, dora, scope=f"organisation-{fjord.pk}")[0] == 422
    assert change(alice_client, dora, sites=[foreign_site.pk])[0] == 422
    assert change(alice_client, dora, role="owner")[0] == 422
    assert foreign_site.name not in alice_client.get(f"/people/{dora.pk}/").content.decode()


def test_somebody_else_was_faster(alice_client: Client, dora: Member) -> None:
    url = f"/people/{dora.pk}/"
    opened = page_of(alice_client, url)
    Member.objects.filter(pk=dora.pk).update(role=Role.FINANCE)
    response = alice_client.post(url, {**opened, "role": "support"})
    assert response.status_code == 422
    assert "Somebody else has changed this meanwhile" in response.content.decode()
    dora.refresh_from_db()
    assert dora.role == Role.FINANCE


def test_nobody_changes_their_own_role(alice_client: Client, alice: User) -> None:
    own = alice.memberships.get()
    page = alice_client.get(f"/people/{own.pk}/").content.decode()
    assert "Nobody changes their own role" in page
    assert 'name="role"' not in page
    status, page = change(alice_client, own, role="read-only")
    assert (status, "Nobody changes their own role" in page) == (409, True)
    assert alice_client.post(f"/people/{own.pk}/remove/").status_code == 409
    own.refresh_from_db()
    assert own.role == Role.ADMIN


def test_two_admins_cannot_take_each_other_away(alice: User, nordlys: Organisation, site: Site) -> None:
    """Both have the page open; who comes second is no Admin any more, and the other one is the last."""
    eve = factories.user("eve")
    eves = factories.member(nordlys, eve, Role.ADMIN)
    own = alice.memberships.get()
    whole = Scope(nordlys)
    assert not is_last_admin(own)
    member_remove(actor=Actor.of(alice), by=alice, member=eves)
    assert is_last_admin(own)
    with pytest.raises(MemberRefused, match="last Admin"):
        member_remove(actor=Actor.of(eve), by=eve, member=own)
    with pytest.raises(MemberRefused, match="only give rights"):
        member_edit(actor=Actor.of(eve), by=eve, member=own, role=Role.SUPPORT, scope=whole, sites=[])
    tom = factories.user("tom")
    factories.member(nordlys, tom, Role.ADMIN)
    User.objects.filter(pk=tom.pk).update(is_active=False)
    for role, scope, sites in (
        (Role.SUPPORT, whole, []),
        (Role.ADMIN, Scope(nordlys, site.team), []),
        (Role.ADMIN, whole, [site]),
    ):
        with pytest.raises(MemberRefused):
            member_edit(actor=Actor.of(tom), by=tom, member=own, role=role, scope=scope, sites=sites)
    own.refresh_from_db()
    assert (own.role, own.team, own.site_limits.count()) == (Role.ADMIN, None, 0)


def test_removal_says_what_follows(
    alice_client: Client, dora: Member, charge_point: object, far_charge_point: object
) -> None:
    page = alice_client.get(f"/people/{dora.pk}/remove/").content.decode()
    assert "lose sight of 2 sites and 2 chargers" in page
    assert "only membership" in page
    assert alice_client.post(f"/people/{dora.pk}/remove/").headers["Location"] == "/people/"
    assert not Member.objects.filter(pk=dora.pk).exists()
    assert AuditEntry.objects.get(act="member.removed").before["role"] == "Read-only"
    assert alice_client.post(f"/people/{dora.pk}/remove/").status_code == 404


def test_an_admin_of_a_team_manages_the_team_only(
    alice: User, tina: User, norway: Team, dora: Member, nordlys: Organisation
) -> None:
    client = signed_in(tina)
    peer = factories.member(norway, factories.user("per", first_name="Per"), Role.SUPPORT)
    page = client.get("/people/").content.decode()
    assert ("Per" in page, "Dora" in page) == (True, False)
    assert client.get(f"/people/{dora.pk}/").status_code == 404
    assert change(client, peer, scope=f"organisation-{nordlys.pk}")[0] == 422
    assert change(client, peer, role="admin")[0] == 302
    assert "All of Nordlys" not in client.get("/people/invite/").content.decode()
    assert "Second factor in" not in page
    assert client.post(f"/people/organisations/{nordlys.pk}/", {"required": "1"}).status_code == 404


def test_everybody_can_be_asked_for_a_second_factor(
    alice_client: Client, alice: User, bob_client: Client, charlie_client: Client, nordlys: Organisation
) -> None:
    url = f"/people/organisations/{nordlys.pk}/"
    assert bob_client.post(url, {"required": "1"}).status_code == 403
    assert charlie_client.post(url, {"required": "1"}).status_code == 404
    with_factor(alice)
    assert alice_client.post(url, {"required": "1"}).headers["Location"] == "/people/"
    assert bob_client.get("/").headers["Location"] == "/account/second-factor/"
    assert alice_client.get("/people/").status_code == 200
    alice_client.post(url, {"required": "0"})
    assert bob_client.get("/").status_code == 200
    acts = AuditEntry.objects.filter(act="organisation.edited").order_by("at")
    assert [entry.after["requires_second_factor"] for entry in acts] == [True, False]


def test_a_lost_second_factor_is_removed_by_who_manages_the_whole_person(
    alice_client: Client, dora: Member, fjord: Organisation
) -> None:
    assert dora.user
    with_factor(dora.user)
    url = f"/people/{dora.pk}/second-factor/"
    elsewhere = factories.member(fjord, dora.user, Role.READ_ONLY)
    assert url not in alice_client.get(f"/people/{dora.pk}/").content.decode()
    alice_client.post(url)
    assert device_of(dora.user) is not None
    elsewhere.delete()
    assert url in alice_client.get(f"/people/{dora.pk}/").content.decode()
    assert alice_client.post(url).headers["Location"] == f"/people/{dora.pk}/"
    assert device_of(dora.user) is None
    assert AuditEntry.objects.get(act="user.second_factor_off").actor_name == "Alice"
    assert alice_client.get(url).status_code == 405


def test_few_queries(
    alice_client: Client, nordlys: Organisation, site: Site, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(14):
        alice_client.get("/people/")
    for number in range(20):
        factories.member(nordlys, factories.user(f"many{number}"), Role.SUPPORT, sites=(site,))
    with django_assert_max_num_queries(14):
        alice_client.get("/people/")
