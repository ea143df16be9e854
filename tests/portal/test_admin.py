"""The administration: tenancy on every page, and history that nobody rewrites."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from chargepoints.models import (
    BatchRow,
    Bill,
    Charge,
    ChargeKey,
    ChargePoint,
    ChargingProfile,
    Command,
    CommandBatch,
    ConfigurationItem,
    Connection,
    ConnectionAttempt,
    Connector,
    DiagnosticsFile,
    Driver,
    Finding,
    FirmwareFile,
    FirmwareVersion,
    GatewayProcess,
    HomeCharger,
    IdempotencyKey,
    InstalledCertificate,
    IssuedCertificate,
    KeyLimit,
    LedgerAccount,
    LedgerLine,
    LedgerMovement,
    LinkPeriod,
    LocalList,
    LogLine,
    MaintenancePeriod,
    MeterSample,
    Payment,
    PaymentMethod,
    Price,
    Reservation,
    SecurityEvent,
    Site,
    SiteLimit,
    SpotPrice,
    SpotSource,
    StatusChange,
    Transfer,
    Webhook,
    WebhookDelivery,
)
from hub.audit.models import AuditEntry
from hub.teams.choices import Role
from hub.teams.models import ApiKey, Invitation, Member, Organisation, SignIn, Team, User
from tests import factories
from tests.conftest import signed_in
from tests.portal.admin_tools import address_of, objects, url

MODELS = [
    model
    for label in ("teams", "audit", "chargepoints", "installer")
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
    Finding,
    LogLine,
    MeterSample,
    GatewayProcess,
    ConfigurationItem,
    LocalList,
    ChargingProfile,
    Reservation,
    SecurityEvent,
    InstalledCertificate,
    IssuedCertificate,
    Bill,
    HomeCharger,
    KeyLimit,
    LedgerAccount,
    LedgerLine,
    LedgerMovement,
    Payment,
    PaymentMethod,
    Price,
    SpotPrice,
    SpotSource,
    MaintenancePeriod,
    FirmwareFile,
    FirmwareVersion,
    Transfer,
    CommandBatch,
    BatchRow,
    DiagnosticsFile,
    ApiKey,
    IdempotencyKey,
    Invitation,
    SignIn,
    AuditEntry,
    Webhook,
    WebhookDelivery,
    *apps.get_app_config("installer").get_models(),
]
CHANGED = [model for model in MODELS if model not in HISTORY]


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
    signed_out = who == "inactive admin"
    assert client.get(url(Site, "changelist")).status_code == (302 if signed_out else 403)
    assert client.get(url(Site, "change", site.pk)).status_code == (302 if signed_out else 404)


def test_bob_is_not_staff_and_strangers_sign_in_first(bob_client: Client, site: Site) -> None:
    for client in (bob_client, Client()):
        answer = client.get(url(Site, "change", site.pk))
        assert answer.status_code == 302
        assert "login" in answer["Location"]
