"""The organisation's page: teams with their counts, made, renamed, removed when empty; who may."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from chargepoints.models import ChargePoint, Site
from hub.audit.models import AuditEntry
from hub.teams.choices import Role
from hub.teams.models import Organisation, Team, User
from tests import factories
from tests.factories import now

HTMX = {"HX-Request": "true"}


@pytest.fixture
def team(site: Site) -> Team:
    """The team of Aker Brygge."""
    return site.team


@pytest.fixture
def empty(nordlys: Organisation) -> Team:
    """A team with nothing in it."""
    return factories.team(nordlys, "Night shift")


def addresses(team: Team) -> list[str]:
    organisation = team.organisation_id
    return [
        reverse("organisation_edit", args=[organisation]),
        reverse("team_new", args=[organisation]),
        reverse("team_edit", args=[team.pk]),
        reverse("team_remove", args=[team.pk]),
    ]


def test_works(
    alice_client: Client, bob: User, charge_point: ChargePoint, far_charge_point: ChargePoint, empty: Team
) -> None:
    factories.member(empty, factories.user(), Role.SUPPORT)
    html = alice_client.get("/organisation/").content.decode()
    for text in ("Nordlys Charging", "Operations desk", "Night shift", "1 of the whole organisation, 1 of some sites"):
        assert text in html
    assert f'href="/sites/?team={charge_point.site.team_id}">2</a>' in html
    assert f'href="/?team={charge_point.site.team_id}">2</a>' in html
    assert "Fjord" not in html
    assert 'aria-label="Organisation"' in html
    assert "style=" not in html


def test_needs_login(client: Client, team: Team) -> None:
    for path in ("/organisation/", *addresses(team)):
        assert client.get(path).headers["Location"].startswith("/login/")


def test_the_stranger(charlie_client: Client, team: Team, empty: Team) -> None:
    assert "Nordlys" not in charlie_client.get("/organisation/").content.decode()
    for path in addresses(empty):
        assert charlie_client.get(path).status_code == 404
        assert charlie_client.post(path, {"name": "Mine"}).status_code == 404
    assert Team.objects.filter(name__in=["Operations desk", "Night shift"]).count() == 2


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMIN])
def test_wrong_role(client: Client, nordlys: Organisation, empty: Team, role: Role) -> None:
    person = factories.user()
    factories.member(nordlys, person, role)
    client.force_login(person)
    for path in ("/organisation/", *addresses(empty)):
        assert client.get(path).status_code == 403
    for path in addresses(empty):
        assert client.post(path, {"name": "Mine"}).status_code == 403
    assert 'href="/organisation/"' not in client.get("/").content.decode()
    assert Team.objects.get().name == "Night shift"


def test_an_admin_of_one_team_or_of_some_sites_is_none_of_the_organisation(
    client: Client, nordlys: Organisation, team: Team, site: Site
) -> None:
    for of, sites in ((team, ()), (nordlys, (site,))):
        person = factories.user()
        factories.member(of, person, Role.ADMIN, sites=sites)
        client.force_login(person)
        assert client.get("/organisation/").status_code == 403
        assert 'href="/organisation/"' not in client.get("/").content.decode()
        assert {client.get(path).status_code for path in addresses(team)} <= {403, 404}


def test_wrong_method_and_bad_id(alice_client: Client, empty: Team) -> None:
    assert alice_client.post("/organisation/").status_code == 405
    for path in addresses(empty):
        assert alice_client.delete(path).status_code == 405
    for path in ("/organisation/999999/edit/", "/teams/999999/edit/", "/teams/abc/edit/"):
        assert alice_client.get(path).status_code == 404


def test_create_and_rename(alice_client: Client, nordlys: Organisation) -> None:
    new = reverse("team_new", args=[nordlys.pk])
    assert alice_client.get(new, headers=HTMX).content.decode().startswith("<dialog")
    assert "<!doctype html>" in alice_client.get(new).content.decode()
    response = alice_client.post(new, {"name": "Netherlands"}, headers=HTMX)
    assert response.headers["HX-Redirect"] == "/organisation/"
    made = Team.objects.get(name="Netherlands", organisation=nordlys)
    assert alice_client.post(reverse("team_edit", args=[made.pk]), {"name": "Benelux"}).status_code == 302
    made.refresh_from_db()
    assert made.name == "Benelux"
    entries = AuditEntry.objects.order_by("pk")
    assert [(entry.act, entry.before, entry.after) for entry in entries] == [
        ("team.created", {}, {"name": "Netherlands", "organisation": "Nordlys Charging"}),
        ("team.renamed", {"name": "Netherlands"}, {"name": "Benelux"}),
    ]


@pytest.mark.parametrize("name", ["", "  ", "OPERATIONS DESK", "x" * 121])
def test_names_that_do_not_do(alice_client: Client, nordlys: Organisation, team: Team, empty: Team, name: str) -> None:
    for path in (reverse("team_new", args=[nordlys.pk]), reverse("team_edit", args=[empty.pk])):
        response = alice_client.post(path, {"name": name}, headers=HTMX)
        assert response.status_code == 422
        assert 'aria-invalid="true"' in response.content.decode()
    assert set(Team.objects.values_list("name", flat=True)) == {"Operations desk", "Night shift"}


def test_the_same_name_is_good_in_another_organisation(alice_client: Client, team: Team, fjord: Organisation) -> None:
    factories.team(fjord, "Tromsø")
    assert alice_client.post(reverse("team_edit", args=[team.pk]), {"name": "Tromsø"}).status_code == 302


def test_an_empty_team_is_removed(alice_client: Client, empty: Team) -> None:
    path = reverse("team_remove", args=[empty.pk])
    assert f'href="{path}"' in alice_client.get("/organisation/").content.decode()
    assert "Remove team" in alice_client.get(path).content.decode()
    assert alice_client.post(path).headers["Location"] == "/organisation/"
    assert not Team.objects.filter(pk=empty.pk).exists()
    assert AuditEntry.objects.get().act == "team.removed"
    assert alice_client.get("/organisation/").status_code == 200


def test_a_team_with_anything_in_it_stays(alice_client: Client, team: Team, far_site: Site) -> None:
    Site.objects.filter(pk=far_site.pk).update(archived_at=now())
    factories.member(team)
    path = reverse("team_remove", args=[team.pk])
    assert path not in alice_client.get("/organisation/").content.decode()
    response = alice_client.post(path, headers=HTMX)
    assert response.status_code == 409
    says = "Operations desk still has 1 site, 1 archived site and 1 member. Give them to another team first."
    assert says in response.content.decode()
    assert says in alice_client.get(path).content.decode()
    assert Team.objects.filter(pk=team.pk).exists()
    assert not AuditEntry.objects.exists()


def test_edit_the_organisation(alice_client: Client, nordlys: Organisation, fjord: Organisation) -> None:
    path = reverse("organisation_edit", args=[nordlys.pk])
    assert alice_client.post(path, {"name": fjord.name}).status_code == 422
    assert alice_client.post(path, {"name": "Nordlys"}).status_code == 302
    nordlys.refresh_from_db()
    assert (nordlys.name, nordlys.requires_second_factor) == ("Nordlys", False)
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.after, entry.organisation_id) == ("organisation.edited", {"name": "Nordlys"}, nordlys.pk)
    alice_client.post(path, {"name": "Nordlys", "requires_second_factor": "on"})
    nordlys.refresh_from_db()
    assert nordlys.requires_second_factor


def test_texts_of_people_are_text(alice_client: Client, team: Team) -> None:
    Team.objects.filter(pk=team.pk).update(name="<b>x</b>")
    for path in ("/organisation/", reverse("team_remove", args=[team.pk])):
        assert "<b>x</b>" not in alice_client.get(path).content.decode()


def test_query_count_is_constant(
    alice_client: Client, nordlys: Organisation, site: Site, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    counts = []
    for turn in range(2):
        with django_assert_max_num_queries(14) as made:
            alice_client.get("/organisation/")
        counts.append(len(made.captured_queries))
        for number in range(4):
            factories.charge_point(factories.site(factories.team(nordlys, f"Team {turn} {number}")))
    assert counts[0] == counts[1]
