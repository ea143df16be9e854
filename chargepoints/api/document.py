"""The OpenAPI 3.1 description: what django-ninja derives from the operations, with examples and error media types."""

import copy
import json
from functools import cache
from http import HTTPStatus
from typing import Any

from chargepoints.api.main import api
from chargepoints.api.problems import MEDIA_TYPE
from chargepoints.rendering.api_reference import example_of

Json = dict[str, Any]

WORDS = {
    "200": "Found.",
    "400": "The body is no JSON.",
    "401": "No valid key. Unknown, revoked and expired keys look the same.",
    "403": "The key may see this, but its role does not allow it.",
    "404": "It does not exist, or it is not yours to see.",
    "422": "A parameter is wrong; `errors` names it.",
    "429": "Too many requests; `Retry-After` says how many seconds to wait.",
    "500": "Hub failed. The request can be sent again.",
}
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
    for methods in found["paths"].values():
        for operation in methods.values():
            for parameter in operation["parameters"]:
                _parameter(parameter)
            for status, response in operation["responses"].items():
                _response(str(status), response, schemas)
    found["components"]["schemas"] = {name: each for name, each in schemas.items() if "Asked" not in name}
    # Clients are generated with these names; that ours end in Shape is our own affair.
    plain: Json = json.loads(json.dumps(found).replace('Shape"', '"'))
    return plain


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
        parameter["example"] = 42


def _response(status: str, response: Json, schemas: Json) -> None:
    response["description"] = WORDS[status]
    body = response["content"].pop("application/json")
    body["example"] = example_of(body["schema"], schemas)
    if status == "200":
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
