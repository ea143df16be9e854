"""The OpenAPI 3.1 description: what django-ninja derives from the operations, with examples and error media types."""

import copy
import json
from functools import cache
from http import HTTPStatus
from typing import Any

from chargepoints.actions import ACTIONS
from chargepoints.api.main import api
from chargepoints.api.problems import MEDIA_TYPE
from chargepoints.api.schemas.commands import parameter_schemas, parameters_describe
from chargepoints.api.schemas.parameters import PARAMETERS
from chargepoints.rendering.api_reference import example_of

Json = dict[str, Any]

WORDS = {
    "200": "Found.",
    "202": "Taken; it is on its way.",
    "400": "The body is no JSON.",
    "401": "No valid key. Unknown, revoked and expired keys look the same.",
    "403": "The key may see this, but its role does not allow it.",
    "404": "It does not exist, or it is not yours to see.",
    "409": "The facts do not allow it now; `detail` says why.",
    "422": "A parameter is wrong; `errors` names it.",
    "429": "Too many requests; `Retry-After` says how many seconds to wait.",
    "500": "Hub failed. The request can be sent again.",
}
GOOD = frozenset({"200", "202"})
_RATE = {
    "RateLimit-Limit": "Requests a minute.",
    "RateLimit-Remaining": "How many are left of them.",
    "RateLimit-Reset": "Seconds until they are all there again.",
}


def document(base: str) -> Json:
    """The description, for an API whose operations are below the address `base`."""
    return {**copy.deepcopy(_document()), "servers": [{"url": base}]}


@cache
def _document() -> Json:
    found: Json = dict(api.get_openapi_schema(path_prefix=""))
    found["jsonSchemaDialect"] = "https://json-schema.org/draft/2020-12/schema"
    schemas = found["components"]["schemas"]
    schemas |= parameter_schemas()
    for methods in found["paths"].values():
        for operation in methods.values():
            for parameter in operation["parameters"]:
                _parameter(parameter)
            for status, response in operation["responses"].items():
                _response(str(status), response, schemas)
    _commands(found["paths"]["/charge-points/{id}/commands"]["post"], schemas)
    found["components"]["schemas"] = {name: each for name, each in schemas.items() if "Asked" not in name}
    # Clients are generated with these names; that ours end in Shape is our own affair.
    plain: Json = json.loads(json.dumps(found).replace('Shape"', '"'))
    return plain


def _commands(operation: Json, schemas: Json) -> None:
    """One example for each kind of command, and the headers of the answer."""
    parameters_describe(schemas["CommandWanted"])
    body = operation["requestBody"]["content"]["application/json"]
    body["examples"] = {
        kind: {"summary": ACTIONS[kind].label, "value": {"kind": kind, "parameters": _told(shape.__name__, schemas)}}
        for kind, shape in PARAMETERS.items()
    }
    schemas["CommandWanted"]["examples"] = [{**body["examples"]["reboot"]["value"], "reason": "Display frozen"}]
    operation["responses"][202]["headers"] |= {
        "Location": {"description": "Where its life can be asked for.", "schema": {"type": "string"}},
        "Idempotency-Replayed": {"description": "`true`: it was there already.", "schema": {"type": "string"}},
    }


def _told(name: str, schemas: Json) -> Json:
    """Parameters without what nobody has to give."""
    example: Json = example_of(schemas[name], schemas)
    return {field: value for field, value in example.items() if value not in (None, [])}


def _parameter(parameter: Json) -> None:
    """A parameter of an address is there or not, it is never null."""
    schema = parameter["schema"]
    options = [each for each in schema.pop("anyOf", []) if each.get("type") != "null"]
    for option in options:
        schema.update(option)
    if "description" in schema:
        parameter["description"] = schema["description"]
    if schema.get("default", 0) is None:
        del schema["default"]
    # Their own examples are a list; those of a parameter would be an object of named ones.
    parameter.pop("examples", None)
    parameter["example"] = example_of(schema, {})
    if parameter["in"] == "path":
        parameter["description"] = "Its id."
        parameter["example"] = 42 if schema["type"] == "integer" else "0199f0c4-0000-7000-8000-000000000000"


def _response(status: str, response: Json, schemas: Json) -> None:
    response["description"] = WORDS[status]
    body = response["content"].pop("application/json")
    body["example"] = example_of(body["schema"], schemas)
    if status in GOOD:
        response["content"]["application/json"] = body
    else:
        body["example"] |= _example(int(status))
        response["content"][MEDIA_TYPE] = body
    limited = status not in {"401", "500"}
    headers = {name: {"description": text, "schema": {"type": "integer"}} for name, text in _RATE.items() if limited}
    if status == "429":
        headers["Retry-After"] = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
    if status == "401":
        headers["WWW-Authenticate"] = {"description": "How to sign in.", "schema": {"type": "string"}}
    if headers:
        response["headers"] = headers


def _example(status: int) -> Json:
    if status == 422:
        return {}
    return {"status": status, "title": HTTPStatus(status).phrase, "detail": WORDS[str(status)], "errors": []}
