"""Payloads against the official schemas that the `ocpp` package ships, each compiled at its first use."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import islice
from typing import Any, Literal

import jsonschema_rs

from ocpp_gateway.errors import Code, Version

Kind = Literal["request", "response"]
_Validator = jsonschema_rs.Draft4Validator | jsonschema_rs.Draft6Validator

MAX_SHOWN = 80
MAX_VIOLATIONS = 100
_FOLDERS = {Version.V16: "v16", Version.V201: "v201", Version.V21: "v21"}
_CODES = {
    "required": Code.OCCURRENCE,
    "minItems": Code.OCCURRENCE,
    "maxItems": Code.OCCURRENCE,
    "type": Code.TYPE,
    "additionalProperties": Code.FORMAT,
}
_GRAVITY = {Code.OCCURRENCE: 0, Code.TYPE: 1, Code.PROPERTY: 2, Code.FORMAT: 3}
_WORDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "required": lambda facts: f"{facts['property']} is missing",
    "type": lambda facts: f"is not of type {' or '.join(facts['types'])}",
    "additionalProperties": lambda facts: f"has unknown fields: {_short(', '.join(facts['unexpected']))}",
    "enum": lambda _: "is none of the allowed values",
    "maxLength": lambda facts: f"is longer than {facts['limit']} characters",
    "minItems": lambda facts: f"has fewer than {facts['limit']} items",
    "maxItems": lambda facts: f"has more than {facts['limit']} items",
    "minimum": lambda facts: f"is less than {facts['limit']}",
    "maximum": lambda facts: f"is more than {facts['limit']}",
    "multipleOf": lambda facts: f"is not a multiple of {facts['multiple_of']}",
}


@dataclass(frozen=True, slots=True)
class Violation:
    """One breach of a schema. `path` is like "meterValue/0/timestamp", empty for the payload itself.

    `message` quotes at most 80 characters of the payload, and only names of fields. `fields` are the
    unknown or missing fields meant, `keyword` is the schema's word. `where` is the path as steps, `types` are
    the types allowed there when the type is what is wrong.
    """

    code: Code
    path: str
    message: str
    keyword: str
    fields: tuple[str, ...] = ()
    where: tuple[str | int, ...] = ()
    types: tuple[str, ...] = ()


def check(version: Version, action: str, kind: Kind, payload: Any) -> Violation | None:
    """The gravest breach, or None. Raises LookupError for an action the version does not have.

    FORMAT is the mildest: when `check` says so, unknown fields are all that is wrong (M9). Formats such as
    date-time are not judged here: times are read leniently elsewhere (T8).
    """
    if _validator(version, action, kind).is_valid(payload):
        return None
    return gravest(violations(version, action, kind, payload))


def gravest(found: Iterable[Violation]) -> Violation:
    """The breach that decides about the error code; `found` is not empty."""
    return min(found, key=lambda each: _GRAVITY[each.code])


def violations(
    version: Version, action: str, kind: Kind, payload: Any, most: int | None = MAX_VIOLATIONS
) -> Iterator[Violation]:
    """Every breach in the order of the schema, at most 100 unless told otherwise."""
    for problem in islice(_validator(version, action, kind).iter_errors(payload), most):
        keyword = problem.kind.name
        facts: dict[str, Any] = problem.kind.as_dict()
        where = tuple(problem.instance_path)
        path = _short("/".join(map(str, where)))
        words = _WORDS[keyword](facts) if keyword in _WORDS else "is not valid"
        code = _CODES.get(keyword, Code.PROPERTY)
        fields = (facts["property"],) if keyword == "required" else tuple(facts.get("unexpected", ()))
        types = tuple(facts["types"]) if keyword == "type" else ()
        yield Violation(code, path, f"{path or 'payload'} {words}", keyword, fields, where, types)


def known(version: Version, action: str) -> bool:
    """Does the version have this action, in either direction? Case-sensitive (M6)."""
    return action in actions(version)


@cache
def actions(version: Version) -> frozenset[str]:
    """The names of all messages of the version."""
    return frozenset(action for action, kind in _sources(version) if kind == "request")


@cache
def _sources(version: Version) -> dict[tuple[str, Kind], Traversable]:
    found: dict[tuple[str, Kind], Traversable] = {}
    for source in files("ocpp").joinpath(_FOLDERS[version], "schemas").iterdir():
        name = source.name.removesuffix(".json")
        if name.endswith("Response"):
            found[name.removesuffix("Response"), "response"] = source
        else:
            found[name.removesuffix("Request"), "request"] = source
    return found


_compiled: dict[tuple[str, str, str], _Validator] = {}


def _validator(version: Version, action: str, kind: Kind) -> _Validator:
    # The value hashes in C, the enum member does not.
    key = (version._value_, action, kind)
    return _compiled.get(key) or _compile(version, action, kind)


def _compile(version: Version, action: str, kind: Kind) -> _Validator:
    schema = source(version, action, kind)
    make = jsonschema_rs.Draft4Validator if version is Version.V16 else jsonschema_rs.Draft6Validator
    compiled = _compiled[version.value, action, kind] = make(schema, validate_formats=False)
    return compiled


def source(version: Version, action: str, kind: Kind = "request") -> dict[str, Any]:
    """The schema itself. Raises LookupError for an action that the version does not have."""
    found = _sources(version).get((action, kind))
    if found is None:
        raise LookupError(f"{version.value} has no {kind} of this name")
    schema: dict[str, Any] = json.loads(found.read_text(encoding="utf-8-sig"))
    return schema


def _short(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


def payload_problem(subprotocol: str, action: str, payload: dict[str, Any]) -> str:
    """What is wrong with a payload that an operator wrote, in a sentence; empty when it can be sent."""
    version = next((version for version in _FOLDERS if version.value == subprotocol), None)
    if version is None or not known(version, action):
        return f"{subprotocol} has no message called {_short(action)}."
    violation = check(version, action, "request", payload)
    return f"{action}: {violation.message}." if violation else ""
