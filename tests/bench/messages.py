"""The mix of messages, encoded once: 30 % Heartbeat, 15 % StatusNotification, 35 % MeterValues with one sample,
15 % with twenty, and 5 % StartTransaction, StopTransaction and BootNotification in turn.

Frames carry a masking key of zeros, which is a mask like any other to the server and costs this side nothing.
"""

import itertools
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

BLOCK = ["heartbeat"] * 6 + ["status"] * 3 + ["meter"] * 7 + ["meters"] * 3
STATUSES = ("Preparing", "Charging", "SuspendedEV", "Charging", "Finishing", "Available")
TAG = "BENCH-TAG"
_NO_MASK = bytes(4)

Payload = dict[str, Any]
BOOT: Payload = {"chargePointVendor": "Acme", "chargePointModel": "Fake 1", "firmwareVersion": "1.0.0"}
_encode = msgspec.json.Encoder().encode


def call(message_id: str, action: str, payload: Payload) -> bytes:
    """A CALL as a masked client frame."""
    return frame(_encode([2, message_id, action, payload]))


def frame(data: bytes, kind: int = 0x81) -> bytes:
    """A masked client frame of at most 65,535 bytes."""
    size = len(data)
    head = bytes((kind, 0x80 | size)) if size < 126 else bytes((kind, 0xFE)) + size.to_bytes(2, "big")
    return head + _NO_MASK + data


def now() -> str:
    """The present as OCPP writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Script:
    """What one station says, message after message. `transaction` is what the central system answered."""

    def __init__(self, seed: int) -> None:
        self._order = self._kinds(random.Random(seed), boots=seed % 3)
        self._number = 0
        self._register = 1_000 * seed
        self.transaction = 0
        self.starting = False
        self._makers: dict[str, Callable[[], tuple[str, Payload]]] = {
            "heartbeat": lambda: ("Heartbeat", {}),
            "status": self._status,
            "meter": lambda: self._values([]),
            "meters": lambda: self._values(_REST),
            "start": self._start,
            "stop": self._stop,
            "boot": lambda: ("BootNotification", BOOT),
        }

    def next(self) -> tuple[str, bytes]:
        """The next message's id and frame."""
        self._number += 1
        kind = next(self._order)
        self.starting = kind == "start"
        message_id = f"m{self._number:06d}"
        return message_id, call(message_id, *self._makers[kind]())

    @staticmethod
    def _kinds(chance: random.Random, boots: int) -> Iterator[str]:
        # Some stations boot first, so that at any time a third of them start, a third stop and a third boot.
        rare = itertools.chain(["boot"] * boots, itertools.cycle(("start", "stop", "boot")))
        for kind in rare:
            block = [*BLOCK, kind]
            chance.shuffle(block)
            yield from block

    def _status(self) -> tuple[str, Payload]:
        status = STATUSES[self._number % len(STATUSES)]
        return "StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": status, "timestamp": now()}

    def _values(self, rest: list[Payload]) -> tuple[str, Payload]:
        self._register += 7
        register = {"value": str(self._register)}
        told: Payload = {"connectorId": 1, "meterValue": [{"timestamp": now(), "sampledValue": [register, *rest]}]}
        if self.transaction:
            told["transactionId"] = self.transaction
        return "MeterValues", told

    def _start(self) -> tuple[str, Payload]:
        meter = self._register
        return "StartTransaction", {"connectorId": 1, "idTag": TAG, "meterStart": meter, "timestamp": now()}

    def _stop(self) -> tuple[str, Payload]:
        ended, self.transaction = self.transaction, 0
        return "StopTransaction", {"transactionId": ended, "meterStop": self._register, "timestamp": now()}


def _sample(measurand: str, unit: str, value: str, phase: str = "") -> Payload:
    told = {"value": value, "context": "Sample.Periodic", "measurand": measurand, "location": "Outlet"}
    return told | ({"phase": phase} if phase else {}) | ({"unit": unit} if unit else {})


_PHASES = ("L1", "L2", "L3")
_REST = [
    _sample("Power.Active.Import", "W", "11040.0"),
    _sample("Power.Offered", "W", "22000"),
    _sample("Current.Offered", "A", "32"),
    _sample("SoC", "Percent", "61"),
    _sample("Frequency", "", "49.98"),
    _sample("Temperature", "K", "304.6"),
    _sample("Power.Factor", "", "0.98"),
    *(_sample("Voltage", "V", "230.4", phase) for phase in _PHASES),
    *(_sample("Current.Import", "A", "16.02", phase) for phase in _PHASES),
    *(_sample("Power.Active.Import", "W", "3680.5", phase) for phase in _PHASES),
    *(_sample("Power.Reactive.Import", "var", "12.1", phase) for phase in _PHASES),
]
