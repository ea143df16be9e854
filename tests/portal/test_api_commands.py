"""Commands over the API: who may, what is refused and how, what a request twice gives, and the life of a command."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries

from chargepoints.actions import ACTIONS
from chargepoints.api.document import document
from chargepoints.api.schemas.parameters import PARAMETERS
from chargepoints.choices import ChargeState, CommandStatus, Effect
from chargepoints.models import Charge, ChargePoint, Command, InstalledCertificate, Reservation, Site
from hub.audit.models import AuditEntry
from hub.teams.choices import Role
from hub.teams.models import Organisation
from tests import factories
from tests.factories import now
from tests.portal.api_tools import Sender, key_made, problem_of
from tests.portal.kept_tools import kept, link

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_redis")]
REBOOT = {"kind": "reboot", "parameters": {"type": "Soft"}}
DOCUMENT = document("http://testserver/api/v1")
EXAMPLES: Mapping[str, Any] = DOCUMENT["paths"]["/charge-points/{id}/commands"]["post"]["requestBody"]["content"][
    "application/json"
]["examples"]
# Real ones: a made-up certificate is none.
WITH_REAL_FILES = {"install_certificate", "signed_firmware"}


@pytest.fixture
def online(charge_point: ChargePoint) -> ChargePoint:
    """NORD-1, connected."""
    link(charge_point, up=True)
    return charge_point


@pytest.fixture
def sender(nordlys: Organisation) -> Sender:
    """An operations key of Nordlys, called "A program"."""
    return Sender(key_made(nordlys, Role.OPERATIONS)[1])


class TestSending:
    """From a request to a command."""

    def test_a_reboot(self, sender: Sender, online: ChargePoint) -> None:
        response = sender.send(online, {**REBOOT, "reason": "Display frozen"})
        assert response.status_code == 202, response.content
        told = response.json()
        assert response["Location"] == f"http://testserver/api/v1/commands/{told['id']}"
        assert (told["title"], told["author"], told["reason"]) == (
            "Reboot, soft",
            "API key A program",
            "Display frozen",
        )
        assert told["charge_point"] == {"id": online.pk, "name": "NORD-1"}
        assert sender.read(f"/commands/{told['id']}")["status"] == "dispatched"
        command = Command.objects.get()
        assert command.api_key is not None
        assert (command.author, command.author_address) == (None, "127.0.0.1")
        entry = AuditEntry.objects.get(act="charge_point.commanded")
        assert (entry.actor_kind, entry.actor_name, entry.reason) == ("api-key", "A program", "Display frozen")

    def test_every_example_of_the_reference(self, sender: Sender, online: ChargePoint, nordlys: Organisation) -> None:
        """Each goes through the same checks as the forms; only what names certificates needs real ones."""
        factories.charge_key(nordlys, "04A2B3C4D5")
        now_ = now()
        Charge.objects.create(
            pk=7001,
            charge_point=online,
            connector=online.connectors.get(number=2),
            transaction_id="1",
            state=ChargeState.CHARGING,
            started_at=now_,
        )
        Reservation.objects.create(
            pk=12, charge_point=online, connector_number=1, reservation_id=1, made_at=now_, expires_at=now_
        )
        InstalledCertificate.objects.create(pk=3, charge_point=online, type="ManufacturerRootCertificate", seen_at=now_)
        assert set(EXAMPLES) == set(PARAMETERS) == set(ACTIONS) - {"check", "certificate_signed"}
        for kind, example in EXAMPLES.items():
            response = sender.send(online, example["value"])
            told = response.json()
            assert response.status_code == (422 if kind in WITH_REAL_FILES else 202), (kind, told)
        assert Command.objects.count() == len(EXAMPLES) - len(WITH_REAL_FILES)

    @pytest.mark.parametrize(
        ("role", "kind", "status"),
        [
            (Role.READ_ONLY, "reboot", 403),
            (Role.FINANCE, "reboot", 403),
            (Role.SUPPORT, "reboot", 202),
            (Role.SUPPORT, "clear_cache", 403),
            (Role.OPERATIONS, "clear_cache", 202),
            (Role.ADMIN, "clear_cache", 202),
        ],
    )
    def test_rights(self, nordlys: Organisation, online: ChargePoint, role: Role, kind: str, status: int) -> None:
        response = Sender(key_made(nordlys, role)[1]).send(online, EXAMPLES[kind]["value"])
        assert response.status_code == status
        if status == 403:
            assert "It needs:" in problem_of(response, 403)["detail"]
        assert Command.objects.exists() == (status == 202)

    def test_what_is_foreign_is_not_there(
        self, nordlys: Organisation, fjord: Organisation, site: Site, online: ChargePoint, far_charge_point: ChargePoint
    ) -> None:
        bobs = Sender(key_made(nordlys, Role.OPERATIONS, sites=(site,))[1])
        charlies = Sender(key_made(fjord, Role.ADMIN)[1])
        for program, point in ((bobs, far_charge_point), (charlies, online)):
            problem_of(program.send(point, REBOOT), 404)
            problem_of(program.get(f"/charge-points/{point.pk}/actions"), 404)
        command = kept(far_charge_point)
        problem_of(bobs.get(f"/commands/{command.pk}"), 404)
        problem_of(bobs.post(f"/commands/{command.pk}/cancel"), 404)
        assert bobs.read("/commands")["items"] == []
        problem_of(Sender().send(online, REBOOT), 401)

    @pytest.mark.parametrize(
        ("body", "fields"),
        [
            ({"kind": "explode"}, ["kind"]),
            ({"kind": "check"}, ["kind"]),
            ({}, ["kind"]),
            ({"kind": "reboot"}, ["parameters.type"]),
            ({"kind": "reboot", "parameters": {"type": "Warm"}}, ["parameters.type"]),
            ({"kind": "reboot", "parameters": {"type": "Soft", "follows": str(uuid4())}}, ["parameters.follows"]),
            ({"kind": "unlock", "parameters": {"connector": "1"}}, ["parameters.connector"]),
            ({"kind": "unlock", "parameters": {"connector": True}}, ["parameters.connector"]),
            ({"kind": "unlock", "parameters": {"connector": 9}}, ["parameters.connector"]),
            ({"kind": "configure", "parameters": {"key": "", "value": "1"}}, ["parameters.key"]),
            ({"kind": "configure", "parameters": {"key": "A", "value": "\x00"}}, ["parameters"]),
            ({"kind": "diagnostics", "parameters": {"location": "gopher://x"}}, ["parameters.location"]),
            ({"kind": "call", "parameters": {"action": "Reset", "payload": {}}}, ["parameters.payload"]),
            ({"kind": "call", "parameters": {"action": "Reset", "payload": []}}, ["parameters.payload"]),
            (
                {"kind": "call", "parameters": {"action": "DataTransfer", "payload": {"vendorId": "\ud800"}}},
                ["parameters"],
            ),
            ({**REBOOT, "reason": "x" * 201}, ["reason"]),
            ({**REBOOT, "not_before": "2030-01-01T00:00:00"}, ["not_before"]),
            ({**REBOOT, "not_before": "2099-01-01T00:00:00Z"}, ["not_before"]),
            ({**REBOOT, "keep_until": "2099-01-01T00:00:00Z"}, ["keep_until"]),
            ({**REBOOT, "soon": True}, ["soon"]),
        ],
    )
    def test_wrong_parameters_are_named(
        self, sender: Sender, online: ChargePoint, body: dict[str, object], fields: list[str]
    ) -> None:
        told = problem_of(sender.send(online, body), 422)
        assert [error["field"] for error in told["errors"]] == fields
        assert all(error["location"] == "body" and error["message"].endswith(".") for error in told["errors"])
        assert not Command.objects.exists()

    @pytest.mark.parametrize(
        ("text", "status"),
        [("", 422), ("{", 400), ("[]", 422), ("7", 422), ('"reboot"', 422), ("[" * 100_000, 400)],
    )
    def test_bodies_that_are_none(self, sender: Sender, online: ChargePoint, text: str, status: int) -> None:
        problem_of(sender.send(online, text), status)

    def test_numbers_that_are_none(self, sender: Sender, online: ChargePoint) -> None:
        text = '{"kind": "call", "parameters": {"action": "DataTransfer", "payload": {"vendorId": NaN, "x": 1e999}}}'
        problem_of(sender.send(online, text), 422)

    @pytest.mark.parametrize(
        ("kind", "parameters", "words"),
        [
            ("stop", {"charge": 7}, "This charge has already ended."),
            ("set_profile", None, "read-only"),
        ],
    )
    def test_facts_refuse(
        self, sender: Sender, online: ChargePoint, kind: str, parameters: dict[str, object] | None, words: str
    ) -> None:
        if parameters is None:
            kind, parameters = "configure", {"key": "NumberOfConnectors", "value": "3"}
            online.configuration.create(key="NumberOfConnectors", value="2", is_readonly=True, reported_at=now())
        else:
            Charge.objects.create(charge_point=online, transaction_id="1", state=ChargeState.CHARGING, started_at=now())
        told = problem_of(sender.send(online, {"kind": kind, "parameters": parameters}), 409)
        assert words in told["detail"]
        assert told["errors"] == []

    def test_offline_is_refused_or_kept(self, sender: Sender, charge_point: ChargePoint) -> None:
        link(charge_point, up=False)
        assert "offline" in problem_of(sender.send(charge_point, REBOOT), 409)["detail"]
        until = (now() + timedelta(hours=8)).isoformat()
        told = sender.send(charge_point, {**REBOOT, "keep_until": until}).json()
        assert told["status"] == "waiting"
        assert told["expires_at"] == told["keep_until"]
        at = (now() + timedelta(hours=1)).isoformat()
        assert sender.send(charge_point, {**REBOOT, "not_before": at}).json()["status"] == "scheduled"

    def test_credentials_are_not_told(self, sender: Sender, online: ChargePoint) -> None:
        body = {"kind": "diagnostics", "parameters": {"location": "ftp://user:hunter2@files.example.com/x"}}
        response = sender.send(online, body)
        assert response.status_code == 202
        for answer in (response, sender.get("/commands"), sender.get(f"/commands/{response.json()['id']}")):
            assert b"hunter2" not in answer.content


class TestReading:
    """Lists, offers, and taking back."""

    def test_filters_and_pages(self, sender: Sender, online: ChargePoint, far_charge_point: ChargePoint) -> None:
        link(far_charge_point, up=False)
        at = now()
        for number in range(5):
            Command.objects.create(
                charge_point=online,
                kind="unlock" if number % 2 else "reboot",
                status=CommandStatus.ACCEPTED,
                effect=Effect.SEEN if number else Effect.MISSING,
                author_name=str(number),
                created_at=at - timedelta(seconds=number // 2),
                expires_at=at,
            )
        waits = kept(far_charge_point)
        names = []
        page = sender.read("/commands", {"limit": 2, "charge_point": online.pk})
        while True:
            names += [item["author"] for item in page["items"]]
            if page["next"] is None:
                break
            page = sender.read(page["next"])
        assert sorted(names) == ["0", "1", "2", "3", "4"]
        assert set(names[:2]) == {"0", "1"}
        for query, count in (
            ({"kind": "unlock"}, 2),
            ({"effect": "missing"}, 1),
            ({"status": "waiting"}, 1),
            ({"status": "accepted", "effect": "seen"}, 4),
            ({"charge_point": far_charge_point.pk}, 1),
            ({"since": (at - timedelta(milliseconds=500)).isoformat()}, 3),
            ({"charge_point": 10**9}, 0),
        ):
            assert len(sender.read("/commands", query)["items"]) == count, query
        assert sender.read("/commands")["items"][0]["id"] == str(waits.pk)
        for query in ({"after": "x"}, {"after": "1-2"}, {"status": "gone"}, {"state": "queued"}):
            problem_of(sender.get("/commands", query), 422)

    def test_the_list_costs_the_same_for_many(
        self, sender: Sender, online: ChargePoint, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        sender.read("/me")
        for more in (1, 6):
            for _ in range(more):
                sender.send(online, REBOOT)
            with django_assert_num_queries(3):
                sender.read("/commands")

    def test_what_is_offered(self, nordlys: Organisation, sender: Sender, charge_point: ChargePoint) -> None:
        link(charge_point, up=False)
        offered = {item["kind"]: item for item in sender.read(f"/charge-points/{charge_point.pk}/actions")["items"]}
        assert set(offered) == set(PARAMETERS)
        assert (offered["reboot"]["is_offered"], offered["reboot"]["can_wait"]) == (False, True)
        assert "offline" in offered["reboot"]["why_not"]
        link(charge_point, up=True)
        sent = sender.send(charge_point, REBOOT).json()["id"]
        offered = {item["kind"]: item for item in sender.read(f"/charge-points/{charge_point.pk}/actions")["items"]}
        assert (offered["reboot"]["is_offered"], offered["reboot"]["running"]) == (True, sent)
        assert offered["stop"]["why_not"] == "No charge is running."
        support = Sender(key_made(nordlys, Role.SUPPORT)[1])
        theirs = {item["kind"]: item for item in support.read(f"/charge-points/{charge_point.pk}/actions")["items"]}
        assert "It needs:" in theirs["clear_cache"]["why_not"]

    def test_taking_back(self, nordlys: Organisation, sender: Sender, charge_point: ChargePoint) -> None:
        link(charge_point, up=False)
        waits = kept(charge_point, "clear_cache")
        path = f"/commands/{waits.pk}/cancel"
        problem_of(Sender(key_made(nordlys, Role.SUPPORT)[1]).post(path), 403)
        told = sender.post(path).json()
        assert (told["status"], told["answer"]) == ("cancelled", "Taken back before it was sent.")
        entry = AuditEntry.objects.get(act="charge_point.command_taken_back")
        assert (entry.actor_kind, entry.actor_name) == ("api-key", "A program")
        assert "too late" in problem_of(sender.post(path), 409)["detail"]
        problem_of(sender.post(f"/commands/{uuid4()}/cancel"), 404)
