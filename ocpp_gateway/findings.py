"""Noticing deviations and recording them, at most once a minute for a charger and rule: the hot path pays nothing."""

import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from django.db import transaction

from chargepoints.reports import Found
from chargepoints.rules import RULES
from chargepoints.services.findings import EXAMPLE_LENGTH, findings_record
from ocpp_gateway.frames import Call
from ocpp_gateway.values import number, text, whole
from ocpp_gateway.values import time as read_time

EVERY_SECONDS = 60.0
MOST_REMEMBERED = 100_000
LONGEST_ID = 36
_Key = tuple[int, str]
# As `values.event_time` judges a clock.
_BEHIND, _AHEAD = timedelta(days=366), timedelta(hours=1)


class Noticed(Protocol):
    """An entry of the journal in which something was noticed: details by rule, and the frame."""

    charge_point_id: int | None
    at: datetime
    findings: dict[str, str] | None

    @property
    def example(self) -> str:
        """The frame that shows it."""


class Memory:
    """When each rule of each charger was last stored, and how often it was met since. Used by one thread."""

    def __init__(self) -> None:
        self._stored: dict[_Key, tuple[float, int]] = {}

    def record(self, entries: Iterable[Noticed]) -> None:
        """Store what is due, in the present transaction; only its commit counts as stored."""
        found: dict[_Key, Found] = {}
        for entry in entries:
            for rule, detail in (entry.findings or {}).items():
                if entry.charge_point_id is None:
                    continue
                key = (entry.charge_point_id, rule)
                before = found.get(key)
                if before is None:
                    found[key] = Found(*key, entry.at, detail, entry.example[:EXAMPLE_LENGTH])
                else:
                    found[key] = replace(before, count=before.count + 1)
        now = time.monotonic()
        due = [
            each for key, each in found.items() if now - self._stored.get(key, (-EVERY_SECONDS, 0))[0] >= EVERY_SECONDS
        ]
        findings_record(found=[replace(each, count=each.count + self._skipped(each)) for each in due])
        transaction.on_commit(partial(self._remember, found, due, now), robust=True)

    def _skipped(self, each: Found) -> int:
        return self._stored.get((each.charge_point_id, each.rule), (0.0, 0))[1]

    def _remember(self, found: Mapping[_Key, Found], due: Iterable[Found], now: float) -> None:
        if len(self._stored) > MOST_REMEMBERED:
            self._stored.clear()
        stored = {(each.charge_point_id, each.rule) for each in due}
        for key, each in found.items():
            at, skipped = self._stored.get(key, (now, 0))
            self._stored[key] = (now, 0) if key in stored else (at, skipped + each.count)


class Habit:
    """How often something happens to a charger: true once it has happened `times` times within `seconds`."""

    def __init__(self, times: int, seconds: float) -> None:
        self._times, self._seconds = times, seconds
        self._seen: dict[int, deque[float]] = {}

    def again(self, charge_point_id: int) -> bool:
        """It happened once more: is it a habit by now?"""
        if len(self._seen) > MOST_REMEMBERED:
            self._seen.clear()
        now = time.monotonic()
        times = self._seen.setdefault(charge_point_id, deque(maxlen=self._times))
        times.append(now)
        return len(times) == self._times and now - times[0] <= self._seconds


def of_call(call: Call, read: Mapping[str, str], waiting: int, received: datetime) -> dict[str, str]:
    """All that is odd about a call, by rule: frame, schema (`read`), values, and the calls `waiting` before it."""
    found = in_values(call.action, call.payload, received)
    if read:
        found |= read
    if call.repaired:
        found[call.repaired.replace(" ", "-")] = ""
    if len(call.id) > LONGEST_ID:
        found["long-message-id"] = f"{len(call.id)} characters"
    if waiting:
        found["calls-overlap"] = f"{waiting} before it"
    return found


def breach(findings: Mapping[str, str]) -> str:
    """The first rule among these that strict mode refuses; empty when there is none."""
    return next((rule for rule in findings if RULES[rule].is_breach), "")


def in_values(action: str, payload: Mapping[str, Any], received: datetime) -> dict[str, str]:
    """What is odd about the values of a call, by rule. Cheap: the first reading speaks for all of a message."""
    found: dict[str, str] = {}
    for name, value in payload.items():
        if name in {"meterValue", "transactionData"}:
            if type(value) is list and value and type(value[0]) is dict:
                _judge_reading(value[0], received, found)
        elif name == "timestamp":
            _judge_time(value, received, found)
        elif value is not None and name in _NUMBERS:
            _NUMBERS[name](action, name, value, found)
    return found


def _judge_transaction(_action: str, _name: str, raw: Any, found: dict[str, str]) -> None:
    if (_whole(raw) or 0) <= 0:
        found["odd-transaction"] = f"transactionId {_shown(raw)}"


def _judge_register(_action: str, name: str, raw: Any, found: dict[str, str]) -> None:
    if (number(raw) or 0) < 0:
        found["odd-register"] = f"{name} {_shown(raw)}"


def _judge_connector(action: str, _name: str, raw: Any, found: dict[str, str]) -> None:
    connector = _whole(raw)
    if connector is None or connector < 0 or (connector == 0 and action == "StartTransaction"):
        found["odd-connector"] = f"connectorId {_shown(raw)}"


_NUMBERS = {
    "transactionId": _judge_transaction,
    "connectorId": _judge_connector,
    "meterStart": _judge_register,
    "meterStop": _judge_register,
}


def _judge_time(raw: Any, received: datetime, found: dict[str, str]) -> None:
    if type(raw) is not str:
        return
    parsed = read_time(raw)
    if parsed is None:
        found["time-unreadable"] = _shown(raw)
        return
    if raw[-1:] not in "Zz" and not {"+", "-", "Z", "z"} & set(raw.strip()[10:]):
        found["time-without-zone"] = _shown(raw)
    if parsed < received - _BEHIND:
        found["clock-behind"] = _shown(raw)
    elif parsed > received + _AHEAD:
        found["clock-ahead"] = _shown(raw)


def _judge_reading(reading: Mapping[str, Any], received: datetime, found: dict[str, str]) -> None:
    _judge_time(reading.get("timestamp"), received, found)
    samples = reading.get("sampledValue")
    for sample in samples if type(samples) is list else ():
        value = sample.get("value") if type(sample) is dict else None
        if type(value) is str and "," in value and number(value) is not None:
            found["comma-decimal"] = _shown(value)


def _whole(raw: Any) -> int | None:
    return raw if type(raw) is int else whole(raw)


def _shown(raw: Any) -> str:
    return text(raw, 80) if isinstance(raw, str | int | float) else "?"
