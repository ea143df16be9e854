"""Secrets that go over the wire and must not be stored: they are replaced in what the log and the rows keep."""

import re
from collections.abc import Iterable
from typing import Any

from chargepoints import withheld
from chargepoints.withheld import is_secret_key

HIDDEN = withheld.HIDDEN

_CREDENTIALS = re.compile(r"[a-z][a-z0-9+.-]*://([^/?#\s]+)@", re.IGNORECASE)

# The token of a one-time address of ours (`services/transfers.py`).
_TOKENS = re.compile(r"/files/([A-Za-z0-9_-]{43})/")

Payload = dict[str, Any]


def request(action: str, payload: Payload) -> tuple[Payload, tuple[str, ...]]:
    """A call of ours as it may be kept, and the secrets that were taken out of it."""
    if tokens := _tokens(payload):
        hidden: Payload = _without(payload, tokens)
        return hidden, tokens
    if found := _CREDENTIALS.match(str(payload.get("location") or "")):
        return payload | {"location": payload["location"].replace(found[1], HIDDEN, 1)}, (found[1],)
    if action != "ChangeConfiguration" or not is_secret_key(payload.get("key")):
        return payload, ()
    return payload | {"value": HIDDEN}, (str(payload.get("value", "")),)


def answer(action: str, payload: Payload) -> Payload:
    """A charger's answer as it may be kept: some report keys that are for writing only."""
    listed = payload.get("configurationKey")
    if action != "GetConfiguration" or not isinstance(listed, list):
        return payload
    if not any(isinstance(item, dict) and is_secret_key(item.get("key")) and item.get("value") for item in listed):
        return payload
    return payload | {"configurationKey": [_item(item) for item in listed]}


def text(raw: str, secrets: Iterable[str]) -> str:
    """`raw` without the secrets: a charger may repeat them in an error."""
    for secret in secrets:
        if len(secret) > 3:
            raw = raw.replace(secret, HIDDEN)
    return raw


def echoed(payload: Payload | None, secrets: tuple[str, ...]) -> Payload | None:
    """The payload of an answer without the secrets of its request: some chargers repeat an address they were given."""
    hidden: Payload | None = _without(payload, secrets) if secrets else payload
    return hidden


def _tokens(value: Any) -> tuple[str, ...]:
    """The tokens in any text of a payload."""
    match value:
        case str():
            return tuple(_TOKENS.findall(value))
        case dict():
            return tuple(token for held in value.values() for token in _tokens(held))
    return ()


def _without(value: Any, tokens: tuple[str, ...]) -> Any:
    match value:
        case str():
            return text(value, tokens)
        case dict():
            return {name: _without(held, tokens) for name, held in value.items()}
        case list():
            return [_without(held, tokens) for held in value]
    return value


def _item(item: Any) -> Any:
    return item | {"value": HIDDEN} if isinstance(item, dict) and is_secret_key(item.get("key")) else item
