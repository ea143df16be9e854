"""The OpenAPI description as rows for a page, and examples from its schemas. Pure: takes the document as it is."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]
PREFIX = "#/components/schemas/"
_WORDS = {"date-time": "time", "integer": "whole number", "boolean": "true or false", "string": "text"}


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a field of a shape. `shape` names the shape that it holds, `words` what it may be."""

    name: str
    kind: str
    shape: str
    words: Sequence[str]
    description: str
    example: str
    place: str = ""
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operation can answer."""

    status: str
    description: str
    shape: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation."""

    key: str
    method: str
    path: str
    summary: str
    paragraphs: Sequence[str]
    parameters: Sequence[Field]
    answers: Sequence[Answer]
    curl: str
    example: str
    body: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Operations on one noun."""

    name: str
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Shape:
    """What an answer is made of."""

    name: str
    description: str
    fields: Sequence[Field]


@dataclass(frozen=True, slots=True)
class Reference:
    """The whole page."""

    base: str
    paragraphs: Sequence[str]
    points: Sequence[str]
    groups: Sequence[Group]
    shapes: Sequence[Shape]


def reference_of(document: Json) -> Reference:
    """The page of an OpenAPI 3.1 document."""
    base = document["servers"][0]["url"]
    entries: dict[str, list[Entry]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            entries.setdefault(operation["tags"][0], []).append(
                _entry(base, path, method, operation, document["components"]["schemas"])
            )
    told = document["info"]["description"].strip().split("\n")
    return Reference(
        base=base,
        paragraphs=[line for line in told if line and not line.startswith("- ")],
        points=[line.removeprefix("- ") for line in told if line.startswith("- ")],
        groups=[Group(name, found) for name, found in entries.items()],
        shapes=[_shape(name, schema) for name, schema in document["components"]["schemas"].items()],
    )


def example_of(schema: Json, schemas: Json) -> Any:
    """A value that fits `schema`, from its examples and those of what it is made of."""
    if schema.get("examples") or "enum" in schema:
        return (schema.get("examples") or schema["enum"])[0]
    if "$ref" in schema:
        return example_of(schemas[_name(schema)], schemas)
    if "anyOf" in schema:
        return example_of(next(each for each in schema["anyOf"] if each.get("type") != "null"), schemas)
    kind = schema.get("type", "")
    if kind == "object":
        found: Any = {name: example_of(each, schemas) for name, each in schema.get("properties", {}).items()}
    elif kind == "array":
        found = [example_of(schema["items"], schemas)]
    else:
        found = schema.get("default", {"integer": 1, "boolean": True, "number": 1.5}.get(kind, "text"))
    return found


def _entry(base: str, path: str, method: str, operation: Json, schemas: Json) -> Entry:
    parameters = [_field(each["name"], each["schema"], each) for each in operation["parameters"]]
    told = operation.get("description", "")
    address = f"{base}{path}"
    for parameter in operation["parameters"]:
        address = address.replace(f"{{{parameter['name']}}}", str(parameter["example"]))
    answers = [
        Answer(status, each["description"], _name(next(iter(each["content"].values()))["schema"]))
        for status, each in operation["responses"].items()
    ]
    good = next(found for status, found in operation["responses"].items() if status.startswith("2"))
    example = good["content"]["application/json"]["example"]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    headers = [each for each in operation["parameters"] if each["in"] == "header"]
    sent = "" if method in {"get", "put"} else f" -X {method.upper()}"
    if body:
        told_body = json.dumps(example_of(body, schemas), ensure_ascii=False)
        keys = "".join(f' -H "{each["name"]}: {each["example"]}"' for each in headers)
        sent = f" -X {method.upper()}{keys} -H \"Content-Type: application/json\" -d '{told_body}'"
    return Entry(
        key=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        paragraphs=[" ".join(part.split()) for part in told.split("\n\n") if part],
        parameters=parameters,
        answers=answers,
        curl=f'curl -H "Authorization: Bearer $KEY"{sent} "{address}"',
        example=json.dumps(example, indent=2, ensure_ascii=False),
        body=_name(body) if body else "",
    )


def _shape(name: str, schema: Json) -> Shape:
    fields = [_field(each, found, found) for each, found in schema.get("properties", {}).items()]
    return Shape(name, schema.get("description", ""), fields)


def _field(name: str, schema: Json, about: Json) -> Field:
    parts = list(_parts(schema))
    kinds = [_kind(part) for part in parts]
    shape = next((_name(part) for part in parts if _name(part)), "")
    words = next((part["enum"] for part in parts if "enum" in part), ())
    examples = about.get("examples") or ([about["example"]] if "example" in about else [])
    return Field(
        name=name,
        kind=" or ".join(dict.fromkeys(kind for kind in kinds if kind)),
        shape=shape,
        words=words,
        description=about.get("description", ""),
        example="" if words or shape or not examples else json.dumps(examples[0], ensure_ascii=False).strip('"'),
        place=about.get("in", ""),
        is_required=about.get("required") is True,
    )


def _parts(schema: Json) -> Iterator[Json]:
    for part in schema.get("anyOf", [schema]):
        if part.get("type") == "array":
            yield {"type": "array"}
            yield part["items"]
        else:
            yield part


def _kind(part: Json) -> str:
    if "$ref" in part or "enum" in part:
        return ""
    if part.get("type") == "array":
        return "list"
    word = str(part.get("format") or part.get("type", ""))
    limit = f", {part.get('minimum', 0)} to {part['maximum']}" if part.get("maximum", 2**40) < 2**40 else ""
    return _WORDS.get(word, word) + limit


def _name(schema: Json) -> str:
    return str(schema.get("$ref", "")).removeprefix(PREFIX)
