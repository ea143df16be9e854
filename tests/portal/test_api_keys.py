"""The pages of API keys: who manages which, making one, which is shown once, and revoking."""

import re
from datetime import timedelta

import pytest
import redis
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page
from pytest_django import DjangoAssertNumQueries

from chargepoints.models import Site
from chargepoints.selectors.api_keys import api_key_state
from hub.audit.models import AuditEntry
from hub.teams.choices import Role
from hub.teams.models import ApiKey, Organisation, User
from tests import browsers, factories
from tests.conftest import StartServer, signed_in
from tests.factories import now
from tests.portal.api_tools import Program, key_made

PAGES = ("api_keys", "api_key_new")


@pytest.fixture
def key(nordlys: Organisation) -> ApiKey:
    """A read-only key of Nordlys."""
    return key_made(nordlys)[0]


def given(within: Organisation, **more: object) -> dict[str, object]:
    """A filled-in form."""
    return {"name": "Billing export", "role": "read-only", "place": f"organisation-{within.pk}", "days": "90", **more}


@pytest.mark.parametrize("name", PAGES)
def test_pages(name: str, alice_client: Client, bob_client: Client, client: Client, key: ApiKey) -> None:
    assert alice_client.get(reverse(name)).status_code == 200
    assert client.get(reverse(name)).status_code == 302
    assert bob_client.get(reverse(name)).status_code == 403
    assert alice_client.put(reverse(name)).status_code == 405


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMIN])
def test_only_admins_make_keys(role: Role, nordlys: Organisation) -> None:
    person = factories.user()
    factories.member(nordlys, person, role)
    assert signed_in(person).post(reverse("api_key_new"), given(nordlys)).status_code == 403
    assert not ApiKey.objects.exists()


def test_admins_of_a_site_make_no_keys(nordlys: Organisation, site: Site) -> None:
    person = factories.user()
    factories.member(nordlys, person, Role.ADMIN, sites=(site,))
    assert signed_in(person).get(reverse("api_keys")).status_code == 403


def test_an_empty_list_teaches(alice_client: Client) -> None:
    html = alice_client.get(reverse("api_keys")).content.decode()
    assert "No API key yet." in html
    assert "http://testserver/api/v1" in html


def test_list(alice_client: Client, charlie_client: Client, nordlys: Organisation, site: Site) -> None:
    limited, _ = key_made(nordlys, Role.SUPPORT, sites=(site,))
    ApiKey.objects.filter(pk=limited.pk).update(name="<b>bold</b>", last_used_at=now(), last_used_from="192.0.2.4")
    ended, _ = key_made(nordlys, expires_at=now() - timedelta(days=1))
    ended.refresh_from_db()
    assert api_key_state(ended) == "expired"
    html = alice_client.get(reverse("api_keys")).content.decode()
    for text in ("&lt;b&gt;bold", limited.prefix, "Support", "only Aker Brygge", "192.0.2.4", "Expired", "Works"):
        assert text in html
    assert limited.key_hash not in html
    assert limited.prefix not in charlie_client.get(reverse("api_keys")).content.decode()


def test_list_costs_the_same_for_many(
    alice_client: Client, nordlys: Organisation, site: Site, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    key_made(nordlys, sites=(site,))
    costs = 9
    with django_assert_num_queries(costs):
        alice_client.get(reverse("api_keys"))
    for _ in range(5):
        key_made(nordlys, sites=(site,))
    with django_assert_num_queries(costs):
        alice_client.get(reverse("api_keys"))


def test_a_new_key_is_shown_once_and_works(
    alice: User, alice_client: Client, nordlys: Organisation, site: Site, clean_redis: redis.Redis
) -> None:
    response = alice_client.post(reverse("api_key_new"), given(nordlys, role="support", sites=[site.pk]))
    secret = re.findall(r"hub_[a-z0-9]{8}_[A-Za-z0-9]{43}", response.content.decode())[0]
    assert "no-store" in response["Cache-Control"]
    made = ApiKey.objects.get()
    assert made.expires_at is not None
    assert timedelta(days=89) < made.expires_at - now() < timedelta(days=90)
    assert made.created_by == alice
    told = Program(secret).read("/me")
    assert (told["name"], told["role"], told["sites"]) == (
        "Billing export",
        "support",
        [{"id": site.pk, "name": "Aker Brygge"}],
    )
    assert secret not in alice_client.get(reverse("api_keys")).content.decode()
    entry = AuditEntry.objects.get(act="api_key.created")
    assert (entry.actor_name, entry.organisation, entry.after["role"]) == ("Alice", nordlys, "Support")
    assert secret not in str(entry.after)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": " "}, "Give the key a name"),
        ({"name": "x" * 81}, "at most 80 characters"),
        ({"role": "owner"}, "Select a valid choice"),
        ({"place": ""}, "Choose where the key works."),
        ({"days": "4000"}, "Select a valid choice"),
        ({"sites": ["x"]}, "Select a valid choice"),
    ],
)
def test_bad_input(
    change: dict[str, object], sentence: str, alice_client: Client, nordlys: Organisation, site: Site
) -> None:
    response = alice_client.post(reverse("api_key_new"), given(nordlys, **change))
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not ApiKey.objects.exists()


def test_what_was_typed_stays(alice_client: Client, nordlys: Organisation, site: Site) -> None:
    form = given(nordlys, name="Mine", role="", sites=[site.pk], days="365")
    html = alice_client.post(reverse("api_key_new"), form).content.decode()
    assert 'value="Mine"' in html
    assert f'value="{site.pk}" selected' in html
    assert 'value="365" selected' in html


def test_nobody_gives_what_is_not_theirs(
    alice_client: Client, nordlys: Organisation, fjord: Organisation, site: Site, foreign_site: Site
) -> None:
    """Neither another operator, nor its team or site, nor a site outside the team."""
    other = factories.team(nordlys, "Another team")
    for change in (
        {"place": f"organisation-{fjord.pk}"},
        {"place": f"team-{foreign_site.team_id}"},
        {"sites": [foreign_site.pk]},
        {"place": f"team-{other.pk}", "sites": [site.pk]},
    ):
        assert alice_client.post(reverse("api_key_new"), given(nordlys, **change)).status_code == 422
    assert not ApiKey.objects.exists()


def test_an_admin_of_a_team_makes_keys_of_that_team(nordlys: Organisation, site: Site) -> None:
    person = factories.user()
    factories.member(site.team, person, Role.ADMIN)
    client = signed_in(person)
    assert client.post(reverse("api_key_new"), given(nordlys)).status_code == 422
    assert client.post(reverse("api_key_new"), given(nordlys, place=f"team-{site.team_id}")).status_code == 200
    assert ApiKey.objects.get().member.team == site.team


def test_revoking(alice_client: Client, alice: User, nordlys: Organisation, clean_redis: redis.Redis) -> None:
    key, secret = key_made(nordlys)
    there = reverse("api_key_revoke", args=[key.pk])
    assert Program(secret).get("/me").status_code == 200
    assert "cannot be undone" in alice_client.get(there).content.decode()
    assert "<dialog" in alice_client.get(there, headers={"HX-Request": "true"}).content.decode()
    assert alice_client.post(there).status_code == 302
    assert Program(secret).get("/me").status_code == 401
    assert alice_client.post(there, headers={"HX-Request": "true"})["HX-Redirect"] == reverse("api_keys")
    assert AuditEntry.objects.get(act="api_key.revoked").actor_name == "Alice"
    assert "Revoked" in alice_client.get(reverse("api_keys")).content.decode()


def test_revoking_what_is_not_theirs(
    client: Client, bob_client: Client, charlie_client: Client, alice_client: Client, key: ApiKey
) -> None:
    there = reverse("api_key_revoke", args=[key.pk])
    assert client.post(there).status_code == 302
    for stranger in (bob_client, charlie_client):
        assert stranger.post(there).status_code == 404
    assert alice_client.delete(there).status_code == 405
    assert alice_client.post(reverse("api_key_revoke", args=[key.pk + 1])).status_code == 404
    key.refresh_from_db()
    assert key.revoked_at is None


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_in_a_browser(server: StartServer, page: Page, alice: User, site: Site) -> None:
    """A key is made with the keyboard, works against the real server, and is revoked in the dialog."""
    running = server()
    browsers.sign_in(page, running.url, alice)
    page.goto(running.url + reverse("api_keys"))
    page.click("text=New key >> nth=0")
    page.fill("#id_name", "Export")
    page.keyboard.press("Enter")
    secret = page.inner_text("#secret")
    called = page.request.get(f"{running.url}/api/v1/me", headers={"Authorization": f"Bearer {secret}"})
    assert called.json()["name"] == "Export"
    page.click("text=I have copied it")
    page.click("td a:has-text('Revoke')")
    page.wait_for_selector("dialog[open]")
    page.click("dialog button:has-text('Revoke')")
    page.wait_for_selector("td:has-text('Revoked')")
    refused = page.request.get(f"{running.url}/api/v1/me", headers={"Authorization": f"Bearer {secret}"})
    assert refused.status == 401
