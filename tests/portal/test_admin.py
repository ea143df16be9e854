"""The administration: tenancy on every page, read-only history, passwords that never come out, quick lists."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from chargepoints.choices import Category, ConnectorStatus, Refusal
from chargepoints.models import (
    Charge,
    ChargeKey,
    ChargePoint,
    Command,
    Connection,
    ConnectionAttempt,
    Connector,
    Driver,
    GatewayProcess,
    LinkPeriod,
    LogLine,
    MeterSample,
    Site,
    SiteLimit,
    StatusChange,
)
from chargepoints.services.credentials import password_matches
from hub.teams.choices import Role
from hub.teams.models import Member, Organisation, Team, User
from tests import factories
from tests.conftest import signed_in

MODELS = [
    model
    for label in ("teams", "chargepoints")
    for model in apps.get_app_config(label).get_models()
    if model is not SiteLimit
]
HISTORY = [
    Charge,
    StatusChange,
    Command,
    Connection,
    LinkPeriod,
    ConnectionAttempt,
    LogLine,
    MeterSample,
    GatewayProcess,
]
CHANGED = [model for model in MODELS if model not in HISTORY]


def url(model: type[Model], page: str, *args: object) -> str:
    """The address of a page of the administration."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def history_of(charge_point: ChargePoint) -> None:
    """One row of everything that happens to a charge point."""
    now = factories.now()
    seq = int(now.timestamp() * 1_000_000)
    mark = f"MARK-{charge_point.identity}"
    charge = Charge.objects.create(
        charge_point=charge_point, transaction_id=mark, started_at=now, id_tag=mark, energy_wh=1234
    )
    StatusChange.objects.create(
        charge_point=charge_point,
        connector_number=1,
        status=ConnectorStatus.FAULTED,
        info=mark,
        received_at=now,
    )
    Command.objects.create(charge_point=charge_point, kind="reboot", author_name=mark, created_at=now, expires_at=now)
    LinkPeriod.objects.create(charge_point=charge_point, generation=1, started_at=now, close_reason=mark)
    ConnectionAttempt.objects.create(
        fingerprint=mark,
        charge_point=charge_point,
        identity=mark,
        reason=Refusal.WRONG_PASSWORD,
        http_status=401,
        first_at=now,
        last_at=now,
    )
    LogLine.objects.create(
        charge_point=charge_point,
        seq=seq,
        at=now,
        category=Category.STATE,
        action="Heartbeat",
        fact=mark,
        request="{}",
    )
    MeterSample.objects.create(
        charge_point=charge_point,
        connector_number=1,
        charge_id=charge.pk,
        at=now,
        received_at=now,
        measurand="Voltage",
        raw=mark,
    )


@pytest.fixture
def filled(alice: User, charlie: User, charge_point: ChargePoint, foreign_charge_point: ChargePoint) -> None:
    """Two operators with one row of everything."""
    for point in (charge_point, foreign_charge_point):
        history_of(point)
        operator = point.site.team.organisation
        holder = factories.driver(operator, f"Driver of {operator}")
        factories.charge_key(holder=holder, id_tag=f"TAG-{operator}")


def objects(model: type[Model], operator: Organisation) -> list[Model]:
    """The rows of a model that belong to an operator."""
    if model is User:
        return list(User.objects.filter(memberships__organisation=operator))
    page = admin.site.get_model_admin(model)
    path = getattr(page, "organisation_path", "")
    return list(model._default_manager.filter(**{path: operator})) if path else []


def address_of(row: Model) -> object:
    """What stands for a row in an address."""
    return f"{row.charge_point_id}-{row.seq}" if isinstance(row, LogLine) else row.pk


def test_every_model_has_a_page() -> None:
    assert [model for model in MODELS if not admin.site.is_registered(model)] == []


@pytest.mark.parametrize("model", MODELS)
def test_an_admin_sees_their_organisation_only(
    model: type[Model], filled: None, nordlys: Organisation, fjord: Organisation, alice_client: Client
) -> None:
    answer = alice_client.get(url(model, "changelist"))
    if model is GatewayProcess:
        assert answer.status_code == 403
        return
    assert answer.status_code == 200
    mine, foreign = objects(model, nordlys), objects(model, fjord)
    assert mine
    assert foreign
    assert {row.pk for row in answer.context["cl"].result_list} == {row.pk for row in mine}
    body = answer.content.decode()
    assert "FJORD-1" not in body
    assert "Fjord Mobility" not in body
    if model is MeterSample:
        return
    assert alice_client.get(url(model, "change", address_of(mine[0]))).status_code == 200
    for page in ("change", "delete", "history"):
        assert alice_client.get(url(model, page, address_of(foreign[0]))).status_code in {403, 404}
    assert alice_client.get(url(model, "change", address_of(foreign[0]))).status_code == 404


@pytest.mark.parametrize("model", [Team, Site, ChargePoint, Connector, Driver, ChargeKey, Member, User])
def test_foreign_objects_cannot_be_changed_or_deleted(
    model: type[Model], filled: None, fjord: Organisation, alice_client: Client
) -> None:
    foreign = objects(model, fjord)[0]
    assert alice_client.post(url(model, "change", foreign.pk), {"name": "mine now"}).status_code == 404
    assert alice_client.post(url(model, "delete", foreign.pk), {"post": "yes"}).status_code == 404
    assert model._default_manager.filter(pk=foreign.pk).exists()


def test_a_foreign_password_cannot_be_set(alice_client: Client, charlie: User) -> None:
    address = reverse("admin:auth_user_password_change", args=[charlie.pk])
    fields = {"password1": "a-new-long-password", "password2": "a-new-long-password", "usable_password": "true"}
    assert alice_client.post(address, fields).status_code == 404
    charlie.refresh_from_db()
    assert not charlie.has_usable_password()


def test_choices_are_scoped(filled: None, alice_client: Client, foreign_site: Site, site: Site) -> None:
    address = url(Site, "change", site.pk)
    fields = {"name": "Moved", "time_zone": "Europe/Oslo", "team": foreign_site.team_id}
    inline = {"charge_points-TOTAL_FORMS": 0, "charge_points-INITIAL_FORMS": 0}
    answer = alice_client.post(address, {**fields, **inline})
    assert answer.status_code == 200
    assert "team" in answer.context["adminform"].form.errors
    site.refresh_from_db()
    assert site.name == "Aker Brygge"
    found = alice_client.get(
        reverse("admin:autocomplete"),
        {"app_label": "chargepoints", "model_name": "chargepoint", "field_name": "site", "term": ""},
    ).json()
    assert [entry["text"] for entry in found["results"]] == ["Aker Brygge"]


@pytest.mark.parametrize("model", HISTORY)
def test_history_cannot_be_written(model: type[Model], filled: None, nordlys: Organisation) -> None:
    GatewayProcess.objects.create(id="g", host="h", pid=1, started_at=factories.now(), seen_at=factories.now())
    client = signed_in(factories.user("root", is_staff=True, is_superuser=True))
    row = model._default_manager.all()[0]
    before = model._default_manager.count()
    assert client.get(url(model, "changelist")).status_code == 200
    assert client.get(url(model, "add")).status_code == 403
    if model is not MeterSample:
        assert client.get(url(model, "change", address_of(row))).status_code == 200
    denied = 404 if model is MeterSample else 403
    assert client.post(url(model, "change", address_of(row)), {}).status_code == denied
    assert client.post(url(model, "delete", address_of(row)), {"post": "yes"}).status_code == denied
    assert model._default_manager.count() == before


@pytest.mark.parametrize("model", CHANGED)
def test_a_superuser_sees_everything(model: type[Model], filled: None, fjord: Organisation) -> None:
    client = signed_in(factories.user("root", is_staff=True, is_superuser=True))
    assert client.get(url(model, "add")).status_code == 200
    assert client.get(url(model, "change", objects(model, fjord)[0].pk)).status_code == 200


@pytest.mark.parametrize("who", ["support", "team admin", "limited admin", "inactive admin"])
def test_others_have_no_business_here(who: str, nordlys: Organisation, site: Site) -> None:
    person = factories.user(is_staff=True)
    client = signed_in(person)
    if who == "support":
        factories.member(nordlys, person, Role.SUPPORT)
    elif who == "team admin":
        factories.member(site.team, person, Role.ADMIN)
    elif who == "limited admin":
        factories.member(nordlys, person, Role.ADMIN, sites=(site,))
    else:
        factories.member(nordlys, person, Role.ADMIN)
        User.objects.filter(pk=person.pk).update(is_active=False)
    assert client.get(url(Site, "changelist")).status_code in {302, 403}
    assert client.get(url(Site, "change", site.pk)).status_code in {302, 403}


def test_bob_is_not_staff_and_strangers_sign_in_first(bob_client: Client, site: Site) -> None:
    for client in (bob_client, Client()):
        answer = client.get(url(Site, "change", site.pk))
        assert answer.status_code == 302
        assert "login" in answer["Location"]


def form_of(charge_point: ChargePoint, **changes: object) -> dict[str, object]:
    """What the page of a charge point posts."""
    names = {"connectors-TOTAL_FORMS": 0, "connectors-INITIAL_FORMS": 0}
    fields = {
        "site": charge_point.site_id,
        "name": charge_point.name,
        "identity": charge_point.identity or "",
        "is_active": "on",
        "registration": "Accepted",
    }
    return {**fields, **names, **changes}


def test_a_password_goes_in_and_never_comes_out(alice_client: Client, charge_point: ChargePoint) -> None:
    address = url(ChargePoint, "change", charge_point.pk)
    secret = "a-fresh-charger-password"
    answer = alice_client.post(address, form_of(charge_point, new_password=secret, _continue="1"), follow=True)
    assert answer.status_code == 200
    charge_point.refresh_from_db()
    assert password_matches("NORD-1", secret.encode(), charge_point.password_hmac)
    body = answer.content.decode()
    assert secret not in body
    assert charge_point.password_hmac not in body
    assert secret not in LogEntry.objects.get().change_message


def test_a_short_password_is_not_repeated(alice_client: Client, charge_point: ChargePoint) -> None:
    before = charge_point.password_hmac
    answer = alice_client.post(
        url(ChargePoint, "change", charge_point.pk), form_of(charge_point, new_password="too-short-pw")
    )
    assert "new_password" in answer.context["adminform"].form.errors
    assert "too-short-pw" not in answer.content.decode()
    charge_point.refresh_from_db()
    assert charge_point.password_hmac == before


def test_a_new_identity_needs_a_new_password(alice_client: Client, charge_point: ChargePoint) -> None:
    alice_client.post(url(ChargePoint, "change", charge_point.pk), form_of(charge_point, identity=" NORD-9 "))
    charge_point.refresh_from_db()
    assert charge_point.identity == "NORD-9"
    assert charge_point.password_hmac == ""


def test_an_identity_is_unique_in_any_case(
    alice_client: Client, charge_point: ChargePoint, far_charge_point: ChargePoint
) -> None:
    answer = alice_client.post(url(ChargePoint, "change", charge_point.pk), form_of(charge_point, identity="nord-2"))
    assert answer.context["adminform"].form.errors["identity"] == ["Another charge point has this identity already."]


def test_the_maintenance_flag_changes_the_state(alice_client: Client, charge_point: ChargePoint) -> None:
    alice_client.post(url(ChargePoint, "change", charge_point.pk), form_of(charge_point, maintenance="on"))
    charge_point.refresh_from_db()
    assert charge_point.state == "maintenance"


def test_only_an_unused_charge_point_can_be_deleted(
    filled: None, alice_client: Client, charge_point: ChargePoint, site: Site
) -> None:
    unused = factories.charge_point(site)
    assert alice_client.post(url(ChargePoint, "delete", unused.pk), {"post": "yes"}).status_code == 302
    assert not ChargePoint.objects.filter(pk=unused.pk).exists()
    assert alice_client.post(url(ChargePoint, "delete", charge_point.pk), {"post": "yes"}).status_code == 403
    assert ChargePoint.objects.filter(pk=charge_point.pk).exists()


def person_form(person: User | None, **changes: object) -> dict[str, object]:
    """What the page of a person posts."""
    names = {"memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}
    known = {"username": person.username, "theme": "auto", "density": "normal", "is_active": "on"}
    return {**(known if person else {}), **names, **changes}


def test_nobody_makes_themselves_superuser(alice_client: Client, alice: User, bob: User) -> None:
    for person in (alice, bob):
        fields = person_form(person, is_superuser="on", is_staff="on", first_name="Changed")
        assert alice_client.post(url(User, "change", person.pk), fields).status_code == 302
        person.refresh_from_db()
        assert person.first_name == "Changed"
        assert not person.is_superuser


def test_people_who_belong_elsewhere_too_are_read_only(
    alice_client: Client, alice: User, nordlys: Organisation, fjord: Organisation
) -> None:
    both, root = factories.user("both"), factories.user("root", is_superuser=True)
    factories.member(nordlys, both, Role.READ_ONLY)
    factories.member(fjord, both, Role.ADMIN)
    factories.member(nordlys, root, Role.READ_ONLY)
    for person in (both, root):
        page = alice_client.get(url(User, "change", person.pk))
        assert page.status_code == 200
        assert "Fjord" not in page.content.decode()
        fields = person_form(person, email="a@example.com")
        assert alice_client.post(url(User, "change", person.pk), fields).status_code == 403
        password = reverse("admin:auth_user_password_change", args=[person.pk])
        assert alice_client.get(password).status_code == 403
        assert alice_client.post(url(User, "delete", person.pk), {"post": "yes"}).status_code == 403


def test_a_new_person_becomes_a_member(alice_client: Client, nordlys: Organisation, fjord: Organisation) -> None:
    fields = {
        "username": "dora",
        "usable_password": "true",
        "password1": "a-long-password-1",
        "password2": "a-long-password-1",
        "memberships-TOTAL_FORMS": 1,
        "memberships-INITIAL_FORMS": 0,
        "memberships-0-role": Role.SUPPORT,
    }
    alice_client.post(url(User, "add"), {**fields, "memberships-TOTAL_FORMS": 0})
    alice_client.post(url(User, "add"), {**fields, "memberships-0-organisation": fjord.pk})
    assert not User.objects.filter(username="dora").exists()
    alice_client.post(url(User, "add"), {**fields, "memberships-0-organisation": nordlys.pk})
    assert Member.objects.get(user__username="dora").organisation == nordlys


def test_a_site_limit_is_within_the_membership(alice_client: Client, bob: User, far_site: Site) -> None:
    member = Member.objects.get(user=bob)
    other = factories.team(member.organisation, "Another team")
    fields = {
        "role": Role.OPERATIONS,
        "team": other.pk,
        "site_limits-TOTAL_FORMS": 1,
        "site_limits-INITIAL_FORMS": 0,
        "site_limits-0-site": far_site.pk,
    }
    answer = alice_client.post(url(Member, "change", member.pk), fields)
    assert "is not a site of this membership" in answer.content.decode()
    alice_client.post(url(Member, "change", member.pk), {**fields, "team": ""})
    assert set(member.site_limits.values_list("site__name", flat=True)) == {"Aker Brygge", "Bergen Havn"}


@pytest.mark.parametrize("model", [ChargePoint, Charge, Site, LogLine, Driver, Member, Connection])
def test_the_number_of_queries_does_not_grow(
    model: type[Model], filled: None, alice_client: Client, nordlys: Organisation, site: Site
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert alice_client.get(url(model, "changelist")).status_code == 200
        return len(captured)

    queries()
    few = queries()
    for number in range(12):
        history_of(factories.charge_point(site, f"MORE-{number}"))
        factories.site(site.team)
        factories.charge_key(holder=factories.driver(nordlys))
        factories.member(nordlys, role=Role.SUPPORT)
    assert queries() == few


@pytest.mark.parametrize("table", ["logline", "metersample"])
@pytest.mark.parametrize("query", ["", "?q=NORD-1", "?charge_point__id__exact={}"])
def test_lists_of_endless_tables_are_bound(
    table: str, query: str, filled: None, alice_client: Client, charge_point: ChargePoint
) -> None:
    address = reverse(f"admin:chargepoints_{table}_changelist") + query.format(charge_point.pk)
    with CaptureQueriesContext(connection) as captured:
        assert alice_client.get(address).status_code == 200
    asked = [entry["sql"] for entry in captured if f'FROM "chargepoints_{table}"' in entry["sql"]]
    bounds = ('"seq" >=', '"charge_point_id" =', '"charge_point_id" IN', '"received_at" >=')
    for sql in asked:
        assert any(bound in sql for bound in bounds), sql
        assert "LIMIT" in sql, sql


def test_old_lines_are_found_by_identity(filled: None, alice_client: Client, charge_point: ChargePoint) -> None:
    old = factories.now() - timedelta(days=2)
    LogLine.objects.create(
        charge_point=charge_point,
        seq=int(old.timestamp() * 1_000_000),
        at=old,
        category=Category.LINK,
        action="Connect",
    )
    counted = {
        query: alice_client.get(url(LogLine, "changelist") + query).context["cl"].result_count
        for query in ("", "?q=nord-1", f"?charge_point__id__exact={charge_point.pk}", "?q=FJORD-1", "?q=NORD")
    }
    assert list(counted.values()) == [1, 2, 2, 0, 0]


def test_meter_samples_are_found_by_charge(
    filled: None, alice_client: Client, charge_point: ChargePoint, foreign_charge_point: ChargePoint
) -> None:
    old = factories.now() - timedelta(days=2)
    mine, foreign = (point.charges.get().pk for point in (charge_point, foreign_charge_point))
    MeterSample.objects.filter(charge_id=mine).update(at=old)
    address = url(MeterSample, "changelist")
    assert alice_client.get(f"{address}?charge_id__exact={mine}").context["cl"].result_count == 1
    assert alice_client.get(f"{address}?q={mine}").context["cl"].result_count == 1
    assert alice_client.get(f"{address}?charge_id__exact={foreign}").context["cl"].result_count == 0
