"""The audit log keeps what it was told: nobody changes it, nothing that goes takes entries along, secrets stay out."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError
from django.test import Client

from chargepoints.models import ChargePoint, Connector, IssuedCertificate, Site
from chargepoints.services.certificates import certificates_revoke
from chargepoints.services.commands import command_create
from hub.audit.choices import ActorKind
from hub.audit.models import AuditEntry
from hub.audit.records import HUB, Actor, Place, audit_record
from hub.audit.words import act_words, deed, sentence, value_words
from hub.teams.models import ApiKey, Member, Organisation, User
from tests import factories
from tests.portal.admin_tools import url
from tests.portal.test_admin_forms import form_of, person_form

README = Path(__file__).resolve().parent.parent / "README.md"


@pytest.fixture
def kept(site: Site, alice: User) -> AuditEntry:
    """One entry."""
    made = audit_record(actor=Actor.of(alice), act="created", obj=site, place=site.place, after={"name": site.name})
    assert made is not None
    return made


class TestAppendOnly:
    """Entries are added and never changed."""

    @pytest.mark.parametrize(
        "change",
        [
            lambda: AuditEntry.objects.update(reason="other"),
            lambda: AuditEntry.objects.all().delete(),
            lambda: AuditEntry.objects.get().delete(),
            lambda: AuditEntry.objects.get().save(),
            lambda: _sql("UPDATE audit_auditentry SET actor_name = 'nobody'"),
            lambda: _sql("DELETE FROM audit_auditentry"),
        ],
        ids=["update", "delete", "delete one", "save", "SQL update", "SQL delete"],
    )
    def test_nothing_changes_it(self, change: Callable[[], object], kept: AuditEntry) -> None:
        with pytest.raises(DatabaseError, match="can only be added to"), transaction.atomic():
            change()
        assert AuditEntry.objects.get() == kept
        assert AuditEntry.objects.get().actor_name == "Alice"

    def test_what_goes_leaves_its_entries(self, kept: AuditEntry, alice: User, site: Site) -> None:
        team, operator = site.team, site.team.organisation
        alice.delete()
        site.delete()
        team.delete()
        again = AuditEntry.objects.select_related("team").get()
        assert (again.actor_name, again.object_name, again.site_id) == ("Alice", "Aker Brygge", kept.site_id)
        assert again.team is None
        with pytest.raises(ProtectedError):
            operator.delete()

    def test_a_role_of_its_own_as_readme_advises(self, kept: AuditEntry) -> None:
        advice = re.search(r"```sql\n(.*?)```", README.read_text(), re.DOTALL)
        assert advice
        statements = advice[1].replace("hub_app", "hub_test_app").replace("hub_audit", "hub_test_audit")
        _sql("SET CONSTRAINTS ALL IMMEDIATE")
        _sql("CREATE ROLE hub_test_app")
        _sql("GRANT ALL ON ALL TABLES IN SCHEMA public TO hub_test_app")
        _sql(statements)
        _sql("SET LOCAL ROLE hub_test_app")
        audit_record(actor=HUB, act="edited", obj=Organisation(pk=1, name="x"), place=Place())
        assert AuditEntry.objects.count() == 2
        for statement in (
            "UPDATE audit_auditentry SET reason = ''",
            "DELETE FROM audit_auditentry",
            "TRUNCATE audit_auditentry",
            "ALTER TABLE audit_auditentry DISABLE TRIGGER ALL",
            "DROP TABLE audit_auditentry",
        ):
            with pytest.raises(DatabaseError, match=r"permission denied|must be owner"), transaction.atomic():
                _sql(statement)
        _sql("RESET ROLE")


def _sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


class TestCommands:
    """Remote actions are on record with who asked, why, and without secrets."""

    @pytest.fixture(autouse=True)
    def connected(self, charge_point: ChargePoint) -> None:
        """The charger is there."""
        ChargePoint.objects.update(integration="connected")

    def test_a_person_asks(self, charge_point: ChargePoint, alice: User) -> None:
        command_create(
            charge_point=charge_point,
            kind="reboot",
            parameters={"type": "Soft"},
            author=alice,
            author_address="192.0.2.1",
            reason="frozen",
        )
        kept = AuditEntry.objects.get()
        assert (kept.act, kept.noun, kept.object_id) == ("charge_point.commanded", "charge_point", str(charge_point.pk))
        assert (kept.actor_id, kept.address, kept.reason) == (alice.pk, "192.0.2.1", "frozen")
        assert (kept.after["command"], kept.after["type"]) == ("Reboot", "Soft")
        assert (kept.organisation, kept.team, kept.site_id) == (
            charge_point.site.team.organisation,
            charge_point.site.team,
            charge_point.site_id,
        )
        assert sentence(kept) == "Alice sent Reboot to charge point NORD-1"

    def test_a_key_asks(self, charge_point: ChargePoint, nordlys: Organisation) -> None:
        key = ApiKey(pk=7, name="Monitoring", member=Member(organisation=nordlys))
        command_create(
            charge_point=charge_point,
            kind="reboot",
            parameters={"type": "Soft"},
            author=None,
            actor=Actor.of(key, "192.0.2.2"),
        )
        kept = AuditEntry.objects.get()
        assert (kept.actor_kind, kept.actor_name, kept.actor_id) == (ActorKind.API_KEY, "Monitoring", 7)

    @pytest.mark.parametrize(
        ("kind", "parameters", "secret"),
        [
            ("diagnostics", {"location": "ftp://user:letmein-9@host.example.com/x"}, "letmein-9"),
            ("configure", {"key": "VPN.Password", "value": "letmein-9"}, "letmein-9"),
            (
                "call",
                {"action": "ChangeConfiguration", "payload": {"key": "SimPin", "value": "letmein-9"}},
                "letmein-9",
            ),
            ("data_transfer", {"vendor_id": "x", "data": "long " * 100 + "letmein-9"}, "letmein-9"),
        ],
    )
    def test_secrets_stay_out(
        self, kind: str, parameters: dict[str, object], secret: str, charge_point: ChargePoint, alice: User
    ) -> None:
        command_create(charge_point=charge_point, kind=kind, parameters=parameters, author=alice)
        kept = AuditEntry.objects.get()
        assert secret not in str(kept.after)
        assert len(str(kept.after)) < 600

    def test_what_is_refused_leaves_nothing(self, charge_point: ChargePoint, alice_client: Client) -> None:
        alice_client.post(f"/charge-points/{charge_point.pk}/actions/stop/", {})
        assert not AuditEntry.objects.exists()


class TestAdministration:
    """What is changed in Django's administration is on record, secrets only as changed."""

    def test_an_edit(self, alice_client: Client, charge_point: ChargePoint, alice: User) -> None:
        fields = form_of(charge_point, note="Behind the gate", new_password="a-fresh-charger-password")
        alice_client.post(url(ChargePoint, "change", charge_point.pk), fields)
        kept = AuditEntry.objects.get()
        assert (kept.act, kept.actor_id, kept.address) == ("charge_point.edited", alice.pk, "127.0.0.1")
        assert kept.before == {"note": "", "password_hmac": "(hidden)"}
        assert kept.after == {"note": "Behind the gate", "password_hmac": "(a new one)"}
        assert kept.site_id == charge_point.site_id

    def test_saving_without_a_change_is_none(self, alice_client: Client, charge_point: ChargePoint) -> None:
        alice_client.post(url(ChargePoint, "change", charge_point.pk), form_of(charge_point))
        assert not AuditEntry.objects.exists()

    def test_rows_of_an_inline(self, alice_client: Client, charge_point: ChargePoint) -> None:
        first, second = charge_point.connectors.order_by("number")
        fields = form_of(charge_point) | {
            "connectors-TOTAL_FORMS": 3,
            "connectors-INITIAL_FORMS": 2,
            "connectors-0-id": first.pk,
            "connectors-0-number": 1,
            "connectors-0-type": first.type,
            "connectors-0-max_power_w": 11000,
            "connectors-1-id": second.pk,
            "connectors-1-number": 2,
            "connectors-1-type": second.type,
            "connectors-1-max_power_w": 22000,
            "connectors-1-DELETE": "on",
            "connectors-2-number": 3,
            "connectors-2-type": second.type,
            "connectors-2-max_power_w": 7000,
        }
        answer = alice_client.post(url(ChargePoint, "change", charge_point.pk), fields)
        assert answer.status_code == 302
        kept = {entry.act: entry for entry in AuditEntry.objects.all()}
        assert set(kept) == {"connector.created", "connector.edited", "connector.deleted"}
        assert kept["connector.edited"].after == {"max_power_w": 11000}
        assert kept["connector.deleted"].object_id == str(second.pk)
        assert {entry.site_id for entry in kept.values()} == {charge_point.site_id}

    def test_new_and_deleted(self, alice_client: Client, charge_point: ChargePoint) -> None:
        fields = {"charge_point": charge_point.pk, "number": 3, "type": "Type2", "max_power_w": 7000}
        alice_client.post(url(Connector, "add"), fields)
        made = Connector.objects.get(number=3)
        alice_client.post(url(Connector, "delete", made.pk), {"post": "yes"})
        deleted, created = AuditEntry.objects.all()
        assert (created.act, deleted.act) == ("connector.created", "connector.deleted")
        assert created.after["number"] == deleted.before["number"] == 3

    def test_people(self, alice_client: Client, bob: User, nordlys: Organisation) -> None:
        alice_client.post(url(User, "change", bob.pk), person_form(bob, first_name="Robert"))
        passwords = {"password1": "a-new-long-password", "password2": "a-new-long-password", "usable_password": "true"}
        alice_client.post(f"/admin/teams/user/{bob.pk}/password/", passwords)
        alice_client.post(url(User, "delete", bob.pk), {"post": "yes"})
        assert not User.objects.filter(pk=bob.pk).exists()
        deleted, password, edited = AuditEntry.objects.all()
        assert [each.act for each in (edited, password, deleted)] == [
            "user.edited",
            "user.password_set",
            "user.deleted",
        ]
        assert (edited.before, edited.after) == ({"first_name": "Bob"}, {"first_name": "Robert"})
        assert {each.organisation for each in (deleted, password, edited)} == {nordlys}
        assert "a-new-long-password" not in str([each.after for each in (edited, password)])
        assert "!" not in str(deleted.before.get("password"))

    def test_a_key_is_revoked(self, alice_client: Client, nordlys: Organisation) -> None:
        member = Member.objects.create(organisation=nordlys)
        key = ApiKey.objects.create(member=member, name="Monitoring", prefix="hub_1", key_hash="1")
        alice_client.post(url(ApiKey, "changelist"), {"action": "revoke", "_selected_action": [key.pk]})
        key.refresh_from_db()
        assert not key.is_active
        assert AuditEntry.objects.all()[0].act == "api_key.revoked"

    def test_a_certificate_is_revoked(self, charge_point: ChargePoint, alice: User) -> None:
        issued = IssuedCertificate.objects.create(
            charge_point=charge_point, serial_number="1", requested_at=factories.now(), state="accepted"
        )
        for count in (1, 0):
            assert certificates_revoke(issued=[issued.pk], actor=Actor.of(alice)) == count
        assert AuditEntry.objects.get().act == "issued_certificate.revoked"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("power_limit_w", 250_000, "250 kW"),
        ("is_active", False, "no"),
        ("note", "", "–"),  # noqa: RUF001 - what an empty cell shows
        ("ended_at", "2026-01-05T10:00:00+01:00", "2026-01-05 09:00:00 UTC"),
        ("ended_at", "soon", "soon"),
        ("sites", ["A", "B"], "A, B"),
        ("payload", {"key": "x", "is_active": True}, "key: x; active: yes"),
        ("count", 3, "3"),
    ],
)
def test_values_in_words(name: str, value: object, words: str) -> None:
    assert value_words(name, value) == words


def test_what_is_not_declared_reads_sensibly() -> None:
    odd = AuditEntry(act="price_group.given_away", noun="price_group", object_name="Night", actor_name="Bob")
    assert deed(odd) == "given away price group Night"
    assert act_words("given_away") == "Given away"
    assert act_words("password_set") == "Set a new password"
