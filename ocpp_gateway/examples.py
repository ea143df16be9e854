"""Messages as an operator may begin to write them: the smallest payload that a schema allows, with sensible values."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from ocpp_gateway import schemas
from ocpp_gateway.errors import Version
from ocpp_gateway.versions import DIALECTS

Payload = dict[str, Any]
_NUMBERS = {"connectorId": 1, "duration": 3600, "interval": 60, "limit": 16, "startPeriod": 0, "stackLevel": 0}
_TEXTS = {
    "idTag": "04A1B2C3",
    "key": "HeartbeatInterval",
    "value": "300",
    "vendorId": "com.example",
    "location": "https://example.com/file",
    "remoteLocation": "https://example.com/file",
}
_HARMLESS = frozenset({"Soft", "Operative", "Heartbeat", "TxDefaultProfile", "Relative", "Full"})
_AHEAD = {"expiryDate": timedelta(hours=1)}


def examples(subprotocol: str) -> Mapping[str, Payload]:
    """By action, every message of a version that is sent to chargers; empty for a version that is not spoken."""
    version = next((version for version in DIALECTS if version.value == subprotocol), None)
    return {} if version is None else {action: example(version, action) for action in sorted(_by_hand(version))}


@cache
def _by_hand(version: Version) -> frozenset[str]:
    return frozenset(DIALECTS[version].by_hand)


def example(version: Version, action: str) -> Payload:
    """The required fields of a message, and what a message without any would be pointless without."""
    schema = schemas.source(version, action)
    return dict(_value(schema, "", schema.get("definitions", {})))


def _value(schema: Mapping[str, Any], name: str, definitions: Mapping[str, Any]) -> Any:
    if "$ref" in schema:
        return _value(definitions[str(schema["$ref"]).rsplit("/", 1)[-1]], name, definitions)
    if schema.get("type") == "object":
        wanted = [key for key in schema.get("properties", {}) if key in schema.get("required", ())]
        return {key: _value(schema["properties"][key], key, definitions) for key in wanted}
    if schema.get("type") == "array":
        return [_value(schema.get("items", {}), name, definitions)]
    return _plain(schema, name)


def _plain(schema: Mapping[str, Any], name: str) -> Any:
    if words := schema.get("enum"):
        return next((word for word in words if word in _HARMLESS), words[0])
    if schema.get("type") in {"integer", "number"}:
        return _NUMBERS.get(name, 1)
    if schema.get("format") == "date-time":
        at = datetime.now(UTC) + _AHEAD.get(name, timedelta())
        return at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return _TEXTS.get(name, "…")
