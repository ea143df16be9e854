"""The REST API: the matrix of who gets what from every operation, errors, limits, and that lists stay cheap."""

from uuid import uuid4

import pytest
import redis
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from chargepoints.api.document import document
from chargepoints.choices import Refusal
from chargepoints.models import ChargePoint, ConnectionAttempt, Site
from chargepoints.services.api_keys import api_key_revoke
from hub.audit.records import HUB
from hub.teams.choices import Role
from hub.teams.models import ApiKey, Organisation, User
from tests import factories
from tests.factories import now
from tests.portal.admin_tools import history_of
from tests.portal.api_tools import BASE, Program, key_made, problem_of

# Every operation, on NORD-1 and its site: alice's key, bob's (one site), charlie's (a stranger), a read-only one.
MATRIX = {
    "/me": (200, 200, 200, 200),
    "/sites": (200, 200, 200, 200),
    "/sites/{id}": (200, 200, 404, 200),
    "/charge-points": (200, 200, 200, 200),
    "/charge-points/{id}": (200, 200, 404, 200),
    "/charge-points/{id}/connectors": (200, 200, 404, 200),
    "/charge-points/{id}/actions": (200, 200, 404, 200),
    "/commands": (200, 200, 200, 200),
    "/commands/{id}": (200, 200, 404, 200),
    "/charge-points/{id}/status-changes": (200, 200, 404, 200),
    "/charge-points/{id}/log": (200, 200, 404, 200),
    "/charge-points/{id}/connection-attempts": (200, 200, 404, 200),
    "/connection-attempts": (200, 200, 200, 200),
}
# Those that change something have tests of their own.
WRITING = {
    "/spot-sources/{id}/prices": {"put"},
    "/charge-points/{id}/commands": {"post"},
    "/commands/{id}/cancel": {"post"},
}
DOCUMENT = document("http://testserver/api/v1")


@pytest.fixture(autouse=True)
def own_limits(clean_redis: redis.Redis) -> None:
    """Each test starts with all requests left."""


@pytest.fixture
def alices(nordlys: Organisation) -> Program:
    """The key of an admin of Nordlys."""
    return Program(key_made(nordlys, Role.ADMIN)[1])


@pytest.fixture
def bobs(nordlys: Organisation, site: Site) -> Program:
    """An operations key for one site."""
    return Program(key_made(nordlys, Role.OPERATIONS, sites=(site,))[1])


@pytest.fixture
def charlies(fjord: Organisation) -> Program:
    """The key of the other organisation's admin."""
    return Program(key_made(fjord, Role.ADMIN)[1])


def address(path: str, point: ChargePoint) -> str:
    """`path` for a charge point, for its site, or for its first command."""
    if path.startswith("/commands/"):
        return path.replace("{id}", str(command.pk if (command := point.commands.first()) else uuid4()))
    return path.replace("{id}", str(point.site_id if path.startswith("/sites") else point.pk))


def test_every_operation_is_in_the_matrix() -> None:
    assert {path: set(methods) for path, methods in DOCUMENT["paths"].items()} == {
        path: {"get"} for path in MATRIX
    } | WRITING


@pytest.mark.parametrize("path", MATRIX)
def test_matrix(
    path: str, nordlys: Organisation, alices: Program, bobs: Program, charlies: Program, charge_point: ChargePoint
) -> None:
    history_of(charge_point)
    reader, revoked, expired = (key_made(nordlys) for _ in range(3))
    api_key_revoke(actor=HUB, api_key=revoked[0])
    ApiKey.objects.filter(pk=expired[0].pk).update(expires_at=now())
    programs = (alices, bobs, charlies, Program(reader[1]))
    got = tuple(program.get(address(path, charge_point)).status_code for program in programs)
    assert got == MATRIX[path]
    refused = [Program(secret).get(address(path, charge_point)) for secret in (revoked[1], expired[1], None, "hub_x")]
    assert len({(each.status_code, each.content, each["WWW-Authenticate"]) for each in refused}) == 1
    problem_of(refused[0], 401)


@pytest.mark.parametrize("path", [path for path in MATRIX if "{id}" in path])
def test_what_is_foreign_is_what_is_not_there(
    path: str,
    bobs: Program,
    charge_point: ChargePoint,
    far_charge_point: ChargePoint,
    foreign_charge_point: ChargePoint,
) -> None:
    for point in (far_charge_point, foreign_charge_point):
        history_of(point)
    found = [bobs.get(address(path, point)) for point in (far_charge_point, foreign_charge_point)]
    found += [bobs.get(path.replace("{id}", text)) for text in ("999999999", "9" * 30, "-1", "x", "1;drop")]
    assert len({each.content for each in found}) == 1
    problem_of(found[0], 404)


def test_lists_show_what_is_theirs(
    alices: Program,
    bobs: Program,
    charlies: Program,
    charge_point: ChargePoint,
    far_charge_point: ChargePoint,
    foreign_charge_point: ChargePoint,
) -> None:
    for program, seen in ((alices, {"NORD-1", "NORD-2"}), (bobs, {"NORD-1"}), (charlies, {"FJORD-1"})):
        assert {point["identity"] for point in program.read("/charge-points")["items"]} == seen
    assert [each["name"] for each in bobs.read("/sites")["items"]] == ["Aker Brygge"]
    assert alices.read("/charge-points", {"site": foreign_charge_point.site_id})["items"] == []


def test_what_is_archived_is_gone(alices: Program, charge_point: ChargePoint) -> None:
    ChargePoint.objects.filter(pk=charge_point.pk).update(archived_at=now())
    problem_of(alices.get(f"/charge-points/{charge_point.pk}"), 404)
    assert alices.read("/charge-points")["items"] == []


def test_a_key_of_a_team(nordlys: Organisation, charge_point: ChargePoint) -> None:
    other = factories.team(nordlys, "Another team")
    program = Program(key_made(other)[1])
    assert program.read("/charge-points")["items"] == []
    assert program.read("/me")["team"] == {"id": other.pk, "name": "Another team"}


def test_me(bobs: Program, site: Site, nordlys: Organisation) -> None:
    told = bobs.read("/me")
    assert told["organisation"] == {"id": nordlys.pk, "name": "Nordlys Charging"}
    assert (told["role"], told["rights"]) == ("operations", ["command", "edit", "reboot", "view"])
    assert told["sites"] == [{"id": site.pk, "name": "Aker Brygge"}]
    assert (told["team"], told["expires_at"], told["requests_per_minute"]) == (None, None, 600)


def test_unknown_chargers(nordlys: Organisation, alices: Program, bobs: Program, charge_point: ChargePoint) -> None:
    """They are shown to keys that may add charge points anywhere in the operator that receives them."""
    for name, point in (("KNOWN", charge_point), ("STRANGER", None)):
        ConnectionAttempt.objects.create(
            fingerprint=name,
            charge_point=point,
            identity=name,
            reason=Refusal.UNKNOWN_IDENTITY,
            http_status=404,
            first_at=now(),
            last_at=now(),
        )
    assert {each["identity"] for each in alices.read("/connection-attempts")["items"]} == {"KNOWN", "STRANGER"}
    for unknown, seen in (("true", ["STRANGER"]), ("false", ["KNOWN"])):
        found = alices.read("/connection-attempts", {"unknown": unknown})["items"]
        assert [each["identity"] for each in found] == seen
    assert [each["identity"] for each in bobs.read("/connection-attempts")["items"]] == ["KNOWN"]
    for program in (bobs, Program(key_made(nordlys)[1])):
        problem_of(program.get("/connection-attempts", {"unknown": "true"}), 403)


def test_a_session_is_no_key(alice: User) -> None:
    client = Client()
    client.force_login(alice)
    problem_of(Program(client=client).get("/me"), 401)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic {}", "bearer  {}x", "{}", "Bearer {}\x00"])
def test_headers_that_carry_no_key(header: str, nordlys: Organisation) -> None:
    response = Client().get(f"{BASE}/me", headers={"Authorization": header.format(key_made(nordlys)[1])})
    problem_of(response, 401)


def test_a_key_in_the_address_does_not_count(nordlys: Organisation) -> None:
    problem_of(Client().get(f"{BASE}/me", {"key": key_made(nordlys)[1], "access_token": key_made(nordlys)[1]}), 401)


@pytest.mark.parametrize(
    ("path", "query", "fields"),
    [
        ("/charge-points", {"limit": "201"}, ["limit"]),
        ("/charge-points", {"limit": "0", "after": "x"}, ["after", "limit"]),
        ("/charge-points", {"sit": "1", "tem": "2"}, ["sit", "tem"]),
        ("/charge-points", {"integration": "asleep"}, ["integration"]),
        ("/charge-points", {"status": ""}, ["status"]),
        ("/charge-points", {"updated_since": "2026-11-20T10:00:00"}, ["updated_since"]),
        ("/charge-points", {"q": "a\x00b"}, ["q"]),
        ("/charge-points", {"subprotocol": "a\x00b"}, ["subprotocol"]),
        ("/charge-points", {"site": str(2**63)}, ["site"]),
        ("/me", {"verbose": "1"}, ["verbose"]),
        ("/connection-attempts", {"unknown": "perhaps"}, ["unknown"]),
        ("/connection-attempts", {"after": "12"}, ["after"]),
        ("/charge-points/{id}/log", {"after": "1", "before": "2"}, ["before"]),
        ("/charge-points/{id}/log", {"after": str(2**63)}, ["after"]),
        ("/charge-points/{id}/status-changes", {"after": "99999999999999999-0", "limit": "no"}, ["limit"]),
    ],
)
def test_wrong_parameters_are_named(
    path: str, query: dict[str, object], fields: list[str], alices: Program, charge_point: ChargePoint
) -> None:
    told = problem_of(alices.get(address(path, charge_point), query), 422)
    assert [error["field"] for error in told["errors"]] == fields
    assert all(error["location"] == "query" and error["message"].endswith(".") for error in told["errors"])


def test_cursors_at_the_edge(alices: Program, charge_point: ChargePoint) -> None:
    for path in ("/charge-points/{id}/status-changes", "/connection-attempts"):
        assert (
            alices.read(address(path, charge_point), {"after": "99999999999999999-999999999999999999"})["items"] == []
        )
        assert alices.read(address(path, charge_point), {"after": "0-0"})["items"] == []


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_wrong_methods(method: str, alices: Program) -> None:
    response = alices.get("/sites", method=method)
    problem_of(response, 405)
    assert response["Allow"] == "GET, HEAD"


def test_head(alices: Program, charge_point: ChargePoint) -> None:
    response = alices.get("/sites", method="HEAD")
    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize("path", ["/api/v1/", "/api/v2/sites", "/api/nothing", "/api/v1/sites/", "/api/v1/sites/1/x"])
def test_addresses_that_do_not_exist(path: str) -> None:
    problem_of(Client().get(path), 404)


def test_a_failure_is_a_problem_too(
    alices: Program, charge_point: ChargePoint, caplog: pytest.LogCaptureFixture
) -> None:
    """A row that no code of ours writes: a reason that is not known any more."""
    ConnectionAttempt.objects.create(
        fingerprint="x", charge_point=charge_point, reason="gone", http_status=401, first_at=now(), last_at=now()
    )
    problem_of(alices.get("/connection-attempts"), 500)
    assert "GET /api/v1/connection-attempts failed" in caplog.text


def test_answers_are_not_kept(alices: Program) -> None:
    for response in (alices.get("/me"), Program().get("/me"), alices.get("/me", method="POST")):
        assert response["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in response


LISTS = {
    "/sites": 3,
    "/charge-points": 4,
    "/charge-points/{id}/status-changes": 3,
    "/charge-points/{id}/log": 4,
    "/charge-points/{id}/connection-attempts": 3,
    "/charge-points/{id}/actions": 6,
    "/commands": 3,
    "/connection-attempts": 2,
}


@pytest.mark.parametrize("path", LISTS)
def test_lists_cost_the_same_for_many(
    path: str, alices: Program, charge_point: ChargePoint, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    history_of(charge_point)
    alices.get("/me")
    with django_assert_num_queries(LISTS[path]):
        alices.read(address(path, charge_point))
    for number in range(5):
        more = factories.charge_point(factories.site(charge_point.site.team), f"MORE-{number}", connectors=2)
        history_of(more)
    with django_assert_num_queries(LISTS[path]):
        alices.read(address(path, charge_point))
