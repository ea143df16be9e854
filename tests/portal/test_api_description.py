"""The API's description is sound, and true of real answers; the page shows all of it."""

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import redis
from django.test import Client

from chargepoints.api.document import GOOD, document
from chargepoints.models import ChargePoint, Command, StatusChange
from hub.teams.models import Organisation, User
from tests import factories
from tests.factories import now
from tests.portal.admin_tools import history_of
from tests.portal.api_tools import Program, key_made, problem_of
from tests.portal.test_api import address

DOCUMENT: dict[str, Any] = document("http://testserver/api/v1")
OPERATIONS = [
    (path, method, operation) for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()
]


COMPONENT = "#/components/schemas/"
# Of these a program may leave out what has a default; of what Hub says, nothing is left out.
SENT = {name for name in DOCUMENT["components"]["schemas"] if name.endswith("Parameters")} | {"CommandWanted"}


@pytest.fixture
def program(nordlys: Organisation, clean_redis: redis.Redis) -> Program:
    """A read-only key of Nordlys."""
    return Program(key_made(nordlys)[1])


def nodes(value: object) -> Iterator[dict[str, Any]]:
    """Every object inside a document."""
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from nodes(each)
    elif isinstance(value, list):
        for each in value:
            yield from nodes(each)


def judge(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """A judge of values by a schema of the document."""
    return jsonschema_rs.Draft202012Validator({**schema, "components": DOCUMENT["components"]}, validate_formats=True)


def test_the_description_is_public_and_what_it_says() -> None:
    response = Client().get("/api/v1/openapi.json")
    assert response.json() == DOCUMENT
    assert DOCUMENT["openapi"].startswith("3.1")
    assert DOCUMENT["servers"] == [{"url": "http://testserver/api/v1"}]


def test_references_lead_somewhere() -> None:
    names = {node["$ref"].removeprefix(COMPONENT) for node in nodes(DOCUMENT) if "$ref" in node}
    assert names == set(DOCUMENT["components"]["schemas"])


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_shapes_are_schemas_and_say_what_each_field_is(name: str) -> None:
    shape = DOCUMENT["components"]["schemas"][name]
    assert jsonschema_rs.meta.is_valid({"$schema": "https://json-schema.org/draft/2020-12/schema", **shape})
    assert shape["description"]
    assert [field for field, schema in shape["properties"].items() if not schema.get("description")] == []
    if name in SENT:
        assert shape["additionalProperties"] is False
    else:
        assert set(shape["required"]) == set(shape["properties"])


@pytest.mark.parametrize(
    ("path", "method", "operation"), OPERATIONS, ids=[each[2]["operationId"] for each in OPERATIONS]
)
def test_operations_are_described(path: str, method: str, operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["description"]
    assert operation["security"] == [{"ApiKeyAuth": []}]
    assert {each["name"] for each in operation["parameters"] if each["in"] == "path"} == set(
        re.findall(r"{(\w+)}", path)
    )
    for example in operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("examples", {}):
        body = operation["requestBody"]["content"]["application/json"]
        judge(body["schema"]).validate(body["examples"][example]["value"])
    for parameter in operation["parameters"]:
        assert parameter["description"]
        assert judge(parameter["schema"]).is_valid(parameter["example"]), parameter
        assert "null" not in str(parameter["schema"].get("type")), parameter
    assert {"401", "422", "429", "500"} <= set(operation["responses"])
    assert len(GOOD & set(operation["responses"])) == 1
    assert ("404" in operation["responses"]) == ("{id}" in path)
    for status, response in operation["responses"].items():
        [(media, body)] = response["content"].items()
        assert media == ("application/json" if status in GOOD else "application/problem+json")
        judge(body["schema"]).validate(body["example"])


def test_operation_ids_are_unique() -> None:
    assert len({operation["operationId"] for _, _, operation in OPERATIONS}) == len(OPERATIONS)
    assert DOCUMENT["components"]["securitySchemes"]["ApiKeyAuth"]["scheme"] == "bearer"


@pytest.mark.parametrize(
    ("path", "method", "operation"),
    [each for each in OPERATIONS if each[1] == "get"],
    ids=[each[2]["operationId"] for each in OPERATIONS if each[1] == "get"],
)
def test_real_answers_are_as_described(
    path: str, method: str, operation: dict[str, Any], program: Program, charge_point: ChargePoint
) -> None:
    """With everything told, and with nothing told."""
    bare = factories.charge_point(factories.site(charge_point.site.team, city=""), None)
    StatusChange.objects.create(charge_point=bare, connector_number=0, status="Available", received_at=now())
    history_of(charge_point)
    Command.objects.create(
        charge_point=bare, kind="gone", author_name="Hub", created_at=now(), expires_at=now(), status="queued"
    )
    described = judge(operation["responses"]["200"]["content"]["application/json"]["schema"])
    for point in (charge_point, bare):
        body = program.read(address(path, point))
        described.validate(body)
        assert not body.get("items") or "" not in body["items"][0].values()


def test_a_reference_page(alice_client: Client, client: Client, bob_client: Client, alice: User) -> None:
    assert client.get("/api/").status_code == 302
    html = alice_client.get("/api/").content.decode()
    for path, _, operation in OPERATIONS:
        assert f'id="{operation["operationId"]}"' in html
        assert path in html
    for name in DOCUMENT["components"]["schemas"]:
        assert f'id="shape-{name}"' in html
    anchors = set(re.findall(r'href="#([\w-]+)"', html)) - {"main"}
    assert anchors <= set(re.findall(r'id="([\w-]+)"', html))
    assert "/api-keys/" in html
    assert "/api-keys/" not in bob_client.get("/api/").content.decode()
    assert alice_client.post("/api/").status_code == 405
    problem_of(alice_client.get("/api/nothing/"), 404)
