"""Sites: the list and its figures, one site's page, create, edit, archive, restore; who may."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from chargepoints.choices import ConnectorStatus, Integration, State
from chargepoints.models import ChargePoint, Connection, ConnectionAttempt, Connector, MaintenancePeriod, Site
from chargepoints.rendering.sites import map_address, phone_address
from chargepoints.selectors.attention import attention
from chargepoints.selectors.sites import SiteFigures, site_figures
from hub.audit.models import AuditEntry
from hub.teams.choices import Role
from hub.teams.models import Organisation, User
from tests import factories
from tests.factories import now

HTMX = {"HX-Request": "true"}
FIELDS = {"name": "Havneparken", "time_zone": "Europe/Oslo", "address": "Kaigata 1", "city": "Oslo"}


def url(name: str, site: Site | None = None, *more: str) -> str:
    return reverse(name, args=[site.pk, *more] if site else [])


def state(charge_point: ChargePoint, state: State, **fields: object) -> None:
    """Make a charge point connected and in this state."""
    values: dict[str, object] = {"integration": Integration.CONNECTED, "state": state, **fields}
    ChargePoint.objects.filter(pk=charge_point.pk).update(**values)
    Connection.objects.filter(pk=charge_point.pk).update(is_connected=True, connected_at=now(), last_seen_at=now())


@pytest.fixture
def busy(site: Site) -> Site:
    """Aker Brygge with four charge points: one charges 7 kW, one is free, one is faulted, one never called."""
    Site.objects.filter(pk=site.pk).update(power_limit_w=50_000, phone="+47 22 00 00 01", address="Sjøgata 4")
    charging, free, faulted, _ = (factories.charge_point(site, f"A-{number}") for number in range(4))
    state(charging, State.BUSY_CHARGING)
    Connector.objects.filter(charge_point=charging).update(
        status=ConnectorStatus.CHARGING, power_w=7_000, metered_at=now()
    )
    state(free, State.AVAILABLE)
    state(faulted, State.ERROR)
    Connector.objects.filter(charge_point=faulted).update(status=ConnectorStatus.FAULTED, status_since=now())
    site.refresh_from_db()
    return site


def test_the_list_works(alice_client: Client, busy: Site, far_site: Site) -> None:
    html = alice_client.get("/sites/").content.decode()
    for text in ("Aker Brygge", "Bergen Havn", "Operations desk", "of 50", "7<span", "2 sites"):
        assert text in html
    row = re.sub(r"<[^>]+>", " ", html.split(f'id="site-{busy.pk}">')[1].split("</tr>")[0]).split()
    assert row[:3] == ["Aker", "Brygge", "Operations"]
    assert [word for word in row if word.isdecimal()] == ["4", "1", "2", "3", "0", "7", "50", "1"]
    assert "style=" not in html


def test_figures(alice: User, busy: Site, far_site: Site) -> None:
    found = site_figures(alice, [busy.pk, far_site.pk])
    assert found[busy.pk] == SiteFigures(total=4, in_use=1, not_operational=2, connected=3, power_w=7_000, attention=1)
    assert found[busy.pk].free == 1
    assert found[far_site.pk] == SiteFigures()


def test_attention_counts_what_the_list_of_it_names(alice: User, busy: Site) -> None:
    """The number beside a site is that of the charge points in the list, whatever the kind of trouble."""
    offline, refused, unsteady, silent = (factories.charge_point(busy, f"B-{number}") for number in range(4))
    Connection.objects.filter(pk=offline.pk).update(disconnected_at=now() - timedelta(hours=1))
    Connection.objects.filter(pk=refused.pk).update(refused_at=now(), refused_reason="wrong-password")
    for generation in range(5):
        unsteady.link_periods.create(generation=generation, started_at=now())
    for generation in range(4):
        silent.link_periods.create(generation=generation, started_at=now())
    ChargePoint.objects.filter(pk=offline.pk).update(is_active=True)
    named = {entry.charge_point.name for entry in attention(alice, site=busy)}
    assert named == {"A-2", "B-0", "B-1", "B-2"}
    assert site_figures(alice, [busy.pk])[busy.pk].attention == len(named)


def test_needs_login(client: Client, site: Site) -> None:
    for path in (url("sites"), url("site_new"), *(url(name, site) for name in ("site", "site_edit", "site_archive"))):
        assert client.get(path).headers["Location"].startswith("/login/")
    assert client.post(url("site_restore", site)).headers["Location"].startswith("/login/")


def test_ownership(bob_client: Client, charlie_client: Client, site: Site, far_site: Site, foreign_site: Site) -> None:
    assert [name in bob_client.get("/sites/").content.decode() for name in ("Aker", "Bergen", "Tromsø")] == [
        True,
        False,
        False,
    ]
    for client, target in ((bob_client, far_site), (charlie_client, site)):
        for name in ("site", "site_edit", "site_archive"):
            assert client.get(url(name, target)).status_code == 404
            assert client.post(url(name, target), FIELDS).status_code in {404, 405}
        assert client.post(url("site_restore", target)).status_code == 404
        assert client.get(url("site_panel", target, "kpis")).status_code == 404
    assert Site.objects.filter(archived_at__isnull=True).count() == 3


@pytest.mark.parametrize("role", [Role.FINANCE, Role.SUPPORT, Role.READ_ONLY])
def test_wrong_role(client: Client, nordlys: Organisation, site: Site, role: Role) -> None:
    person = factories.user()
    factories.member(nordlys, person, role)
    client.force_login(person)
    html = client.get(url("site", site)).content.decode()
    assert "Archive" not in html
    assert "New site" not in client.get("/sites/").content.decode()
    for path in (url("site_new"), url("site_edit", site), url("site_archive", site)):
        assert client.get(path).status_code == 403
        assert client.post(path, FIELDS).status_code == 403
    assert client.post(url("site_restore", site)).status_code == 403


def test_who_is_limited_to_sites_makes_none(bob_client: Client, site: Site) -> None:
    assert bob_client.get(url("site_new")).status_code == 403
    assert "New site" not in bob_client.get("/sites/").content.decode()
    assert bob_client.get(url("site_edit", site)).status_code == 200


def test_wrong_method_and_bad_id(alice_client: Client, site: Site) -> None:
    assert alice_client.post("/sites/").status_code == 405
    assert alice_client.post(url("site", site)).status_code == 405
    assert alice_client.get(url("site_restore", site)).status_code == 405
    assert alice_client.delete(url("site_edit", site)).status_code == 405
    for path in ("/sites/999999/", "/sites/abc/", "/sites/999999/edit/", url("site_panel", site, "nonsense")):
        assert alice_client.get(path).status_code == 404


@pytest.mark.parametrize("query", ["team=abc", "after=-1", "team=9999999999999999999999", "archived=maybe", "after=x"])
def test_filters_that_make_no_sense(alice_client: Client, site: Site, query: str) -> None:
    assert alice_client.get(f"/sites/?{query}").status_code == 200


def test_filters(alice_client: Client, nordlys: Organisation, site: Site, far_site: Site) -> None:
    other = factories.site(factories.team(nordlys, "Netherlands"), "Zuidas", city="Amsterdam")
    Site.objects.filter(pk=far_site.pk).update(archived_at=now())

    def names(query: str) -> set[str]:
        html = alice_client.get(f"/sites/?{query}", headers=HTMX).content.decode()
        assert html.startswith('<div id="sites"')
        return {each.name for each in (site, far_site, other) if each.name in html}

    assert names("") == {site.name, other.name}
    assert names("q=amster") == {"Zuidas"}
    assert names("q=nether") == {"Zuidas"}
    assert names(f"team={other.team_id}") == {"Zuidas"}
    assert names("archived=1") == {far_site.name}
    assert names("q=nothing-like-this") == set()


def test_paging_misses_nothing(alice_client: Client, site: Site) -> None:
    Site.objects.bulk_create(Site(team=site.team, name=f"Site {number:03}") for number in range(120))
    first = alice_client.get("/sites/?q=site").content.decode()
    following = re.search(r'href="(/sites/\?[^"]+)" rel="next"', first)
    assert following
    second = alice_client.get(following[1].replace("&amp;", "&")).content.decode()
    seen = [re.findall(r">(Site \d\d\d)<", html) for html in (first, second)]
    assert [len(names) for names in seen] == [100, 20]
    assert sorted({*seen[0], *seen[1]}) == [f"Site {number:03}" for number in range(120)]
    assert "First page" in second


def test_query_counts_are_constant(
    alice_client: Client, busy: Site, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    counts = []
    for turn in range(2):
        for path, most in (("/sites/", 14), (url("site", busy), 33)):
            with django_assert_max_num_queries(most) as made:
                alice_client.get(path)
            counts.append(len(made.captured_queries))
        for number in range(3):
            factories.charge_point(factories.site(busy.team, f"More {turn}-{number}"))
            factories.charge_point(busy, f"M-{turn}-{number}", connectors=2)
    assert counts[:2] == counts[2:]


def test_one_site(alice_client: Client, busy: Site) -> None:
    box = busy.charge_points.order_by("name")[0]
    MaintenancePeriod.objects.create(
        charge_point=box, starts_at=now() + timedelta(days=1), reason="New cable", author_name="Alice"
    )
    MaintenancePeriod.objects.create(
        charge_point=box, starts_at=now() - timedelta(days=9), ends_at=now() - timedelta(days=8), reason="Long over"
    )
    ConnectionAttempt.objects.create(
        fingerprint="x",
        charge_point=box,
        reason="wrong-password",
        http_status=401,
        remote_address="10.1.2.3",
        first_at=now(),
        last_at=now(),
    )
    html = alice_client.get(url("site", busy)).content.decode()
    for text in ("A-0", "A-3", "tel:+4722000001", "New cable", "10.1.2.3", "Sjøgata 4, Oslo", "In use", "of 50"):
        assert text in html
    assert "openstreetmap.org/search?query=Sj%C3%B8gata+4%2C+Oslo" in html
    assert 'rel="noreferrer"' in html
    assert "Long over" not in html
    assert "Connector 1 faulted" in html
    for panel in ("kpis", "attention"):
        piece = alice_client.get(url("site_panel", busy, panel)).content.decode()
        assert f'id="{panel}"' in piece
        assert f'data-panel-url="{url("site_panel", busy, panel)}"' in piece


def test_texts_of_people_are_text(alice_client: Client, site: Site) -> None:
    Site.objects.filter(pk=site.pk).update(
        name="<b>x", notes="<script>alert(1)</script>", phone='"><i>12', address="<img src=x>"
    )
    for path in ("/sites/", url("site", site), url("site_edit", site), url("site_archive", site)):
        html = alice_client.get(path).content.decode()
        assert not re.search(r"<b>x|<script>alert|<i>12|<img", html)


def test_addresses_of_map_and_phone() -> None:
    site = Site(phone="(22) 33 44", latitude="59.910300", longitude="10.728500")
    assert map_address(site) == (
        "https://www.openstreetmap.org/?mlat=59.910300&mlon=10.728500#map=17/59.910300/10.728500"
    )
    assert phone_address(site) == "tel:223344"
    assert (map_address(Site()), phone_address(Site(phone="ask"))) == ("", "")


def test_the_audit_log_of_a_site_is_for_those_who_may_read_it(
    alice_client: Client, bob_client: Client, site: Site
) -> None:
    alice_client.post(url("site_edit", site), {**FIELDS, "team": site.team_id, "phone": "123"})
    assert "edited site Havneparken: address, name, phone" in alice_client.get(url("site", site)).content.decode()
    assert "Changed lately" not in bob_client.get(url("site", site)).content.decode()
    assert AuditEntry.objects.get().after == {"name": "Havneparken", "address": "Kaigata 1", "phone": "123"}


def test_an_empty_list_teaches(alice_client: Client, client: Client, nordlys: Organisation) -> None:
    factories.team(nordlys)
    assert 'href="/sites/new/"' in alice_client.get("/sites/").content.decode()
    person = factories.user()
    factories.member(nordlys, person, Role.READ_ONLY)
    client.force_login(person)
    html = client.get("/sites/").content.decode()
    assert "Add your first site" in html
    assert "/sites/new/" not in html
