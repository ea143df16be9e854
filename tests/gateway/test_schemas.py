"""Payloads against the official schemas, with the stock validator as the judge."""

import json
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ocpp_gateway import schemas
from ocpp_gateway.errors import Code, Version
from ocpp_gateway.schemas import Kind, check, known, violations

V16, V201, V21 = Version.V16, Version.V201, Version.V21
FOLDERS = {V16: "v16", V201: "v201", V21: "v21"}
KINDS: tuple[Kind, Kind] = ("request", "response")
EVERY = [
    (version, action, kind)
    for version in Version
    for action in sorted(schemas.actions(version))
    for kind in KINDS
    if (action, kind) != ("NotifyPeriodicEventStream", "response")
]
START: dict[str, Any] = {"connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": "2024-01-01T00:00:00Z"}


@cache
def official(version: Version, action: str, kind: Kind) -> dict[str, Any]:
    ending = {"request": ("", "Request"), "response": ("Response", "Response")}[kind]
    folder = files("ocpp").joinpath(FOLDERS[version], "schemas")
    sources = [folder.joinpath(f"{action}{each}.json") for each in ending]
    source = next(each for each in sources if each.is_file())
    loaded: dict[str, Any] = json.loads(source.read_text(encoding="utf-8-sig"), parse_float=Decimal)
    return loaded


def stock_accepts(version: Version, action: str, kind: Kind, payload: Any) -> bool:
    """The stock validator's verdict, in decimal numbers as multipleOf 0.1 needs."""
    judge = jsonschema.Draft4Validator if version is V16 else jsonschema.Draft6Validator
    exact = json.loads(json.dumps(payload), parse_float=Decimal)
    return bool(judge(official(version, action, kind)).is_valid(exact))


anything = st.sampled_from([None, True, 0, -1, 1.5, 0.25, "", "x" * 40, "Accepted", [], [1], {}, {"a": 1}])


def text_of(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    longest = schema.get("maxLength", 30)
    fitting = st.text(st.characters(exclude_categories=["Cs"]), max_size=min(longest, 20))
    return fitting | st.sampled_from(["é" * longest, "é" * (longest + 1)])


def number_of(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    tenths = st.integers(-5000, 500_000).map(lambda n: n / 10)
    return tenths | st.integers(-3, 300) | st.sampled_from([0.35, 16.1, 0.3, 6.1, 1e9, 2.5])


def payload_of(schema: dict[str, Any], root: dict[str, Any], depth: int = 0) -> st.SearchStrategy[Any]:
    """Mostly sound values: about one in ten is off somewhere."""
    if "$ref" in schema:
        return payload_of(root["definitions"][schema["$ref"].rsplit("/", 1)[1]], root, depth)
    if "enum" in schema:
        return st.sampled_from([*schema["enum"], schema["enum"][0], "Celsius"])
    match schema.get("type"):
        case "object":
            return st.deferred(lambda: object_of(schema, root, depth))
        case "array":
            inner = payload_of(schema["items"], root, depth + 1)
            return st.lists(inner, min_size=min(1, schema.get("minItems", 0)), max_size=2)
        case "string":
            return text_of(schema)
        case "integer":
            return st.integers(0, 10) | st.integers(-5, 10**10)
        case "number":
            return number_of(schema)
        case "boolean":
            return st.booleans()
    return anything


@st.composite
def object_of(draw: st.DrawFn, schema: dict[str, Any], root: dict[str, Any], depth: int) -> dict[str, Any]:
    required = schema.get("required", [])
    optional = [name for name in schema.get("properties", {}) if name not in required]
    names = list(required)
    if optional and depth < 4:
        names += draw(st.lists(st.sampled_from(optional), unique=True, max_size=3))
    made = {name: draw(payload_of(schema["properties"][name], root, depth + 1)) for name in names}
    match draw(st.integers(0, 30)):
        case 0 if made:
            del made[draw(st.sampled_from(sorted(made)))]
        case 1:
            made[draw(st.sampled_from(["x", *sorted(made)]))] = draw(anything)
    return made


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_same_verdict_as_the_stock_validator(data: st.DataObject) -> None:
    version, action, kind = data.draw(st.sampled_from(EVERY))
    schema = official(version, action, kind)
    payload = data.draw(payload_of(schema, schema) | anything)
    found = check(version, action, kind, payload)
    assert (found is None) is stock_accepts(version, action, kind, payload)
    if found is not None:
        assert found.code in {Code.OCCURRENCE, Code.TYPE, Code.PROPERTY, Code.FORMAT}
        assert found.message.encode()


@pytest.mark.parametrize(("version", "action", "kind"), EVERY)
def test_every_schema_compiles_and_judges_an_empty_payload(version: Version, action: str, kind: Kind) -> None:
    found = check(version, action, kind, {})
    assert (found is None) is stock_accepts(version, action, kind, {})
    assert found is None or found.code is Code.OCCURRENCE


def test_the_names_of_all_messages() -> None:
    assert [len(schemas.actions(version)) for version in Version] == [39, 64, 91]
    assert known(V16, "StartTransaction")
    assert not known(V16, "starttransaction")
    assert not known(V16, "TransactionEvent")
    assert known(V201, "TransactionEvent")
    assert known(V21, "NotifyPeriodicEventStream")
    for name in ("", "StartTransactionResponse", "../v16/schemas/Heartbeat", "Heartbeat\x00", "\ud800"):
        assert not known(V16, name)
        with pytest.raises(LookupError):
            check(V16, name, "request", {})


@pytest.mark.parametrize(
    ("change", "code", "path", "message"),
    [
        ({"idTag": ...}, Code.OCCURRENCE, "", "payload idTag is missing"),
        ({"meterStart": "7"}, Code.TYPE, "meterStart", "meterStart is not of type integer"),
        ({"meterStart": None}, Code.TYPE, "meterStart", "meterStart is not of type integer"),
        ({"meterStart": True}, Code.TYPE, "meterStart", "meterStart is not of type integer"),
        ({"idTag": "x" * 21}, Code.PROPERTY, "idTag", "idTag is longer than 20 characters"),
        ({"extra": 1}, Code.FORMAT, "", "payload has unknown fields: extra"),
    ],
)
def test_each_breach_has_its_code(change: dict[str, Any], code: Code, path: str, message: str) -> None:
    payload = {name: value for name, value in (START | change).items() if value is not ...}
    found = check(V16, "StartTransaction", "request", payload)
    assert found is not None
    assert (found.code, found.path, found.message) == (code, path, message)


def test_nested_places_are_named() -> None:
    reading = {"timestamp": "2024-01-01T00:00:00Z", "sampledValue": [{"value": "1"}, {"value": "2", "unit": "Volt"}]}
    found = check(V16, "MeterValues", "request", {"connectorId": 1, "meterValue": [reading]})
    assert found is not None
    assert (found.code, found.path) == (Code.PROPERTY, "meterValue/0/sampledValue/1/unit")


def test_too_few_items_are_an_occurrence() -> None:
    found = check(V201, "GetVariables", "request", {"getVariableData": []})
    assert found is not None
    assert (found.code, found.keyword) == (Code.OCCURRENCE, "minItems")


def test_unknown_fields_are_the_mildest_breach() -> None:
    """When FORMAT is the verdict nothing else is wrong, so a lenient reader may go on (M9)."""
    found = check(V16, "StartTransaction", "request", START | {"b": 1, "a": 2, "idTag": "x" * 21})
    assert found is not None
    assert found.code is Code.PROPERTY
    alone = check(V16, "StartTransaction", "request", START | {"b": 1})
    assert alone is not None
    assert (alone.code, alone.fields) == (Code.FORMAT, ("b",))


def test_messages_are_short_whatever_was_sent() -> None:
    payload = START | {"y" * 5000: 1, "idTag": "z" * 5000}
    found = list(violations(V16, "StartTransaction", "request", payload))
    assert {each.code for each in found} == {Code.PROPERTY, Code.FORMAT}
    for each in found:
        assert len(each.message) <= 255
        assert "z" * 2 not in each.message
        assert "y" * 81 not in each.message
    many = {"connectorId": 1, "meterValue": [{}] * 5000}
    assert len(list(violations(V16, "MeterValues", "request", many))) == schemas.MAX_VIOLATIONS


def profile(limit: float) -> dict[str, Any]:
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}]}
    return {
        "connectorId": 1,
        "csChargingProfiles": {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": schedule,
        },
    }


@given(st.integers(-10_000, 10_000_000))
def test_tenths_are_multiples_of_a_tenth(tenths: int) -> None:
    """0.3 / 0.1 is not 3 in binary; the limit must pass all the same."""
    assert check(V16, "SetChargingProfile", "request", profile(tenths / 10)) is None


@pytest.mark.parametrize("limit", [0.05, 16.15, 21.399999999999995, 0.30000000000000004])
def test_hundredths_are_not(limit: float) -> None:
    found = check(V16, "SetChargingProfile", "request", profile(limit))
    assert found is not None
    assert (found.code, found.keyword) == (Code.PROPERTY, "multipleOf")


@pytest.mark.parametrize("time", ["2024-01-01T00:00:00+02:00", "2013-02-01T20:53:32", "yesterday", ""])
def test_times_are_not_judged_here(time: str) -> None:
    assert check(V16, "StartTransaction", "request", START | {"timestamp": time}) is None


def test_custom_data_is_accepted_everywhere() -> None:
    """TC_P_03."""
    custom = {"customData": {"vendorId": "v", "anything": [{"goes": None}]}}
    assert check(V201, "Heartbeat", "request", custom) is None
    assert check(V201, "Heartbeat", "request", {"customData": {}}) is not None
