"""The mix of messages, encoded once: 30 % Heartbeat, 15 % StatusNotification, 35 % MeterValues with one sample,
15 % with twenty, and 5 % StartTransaction, StopTransaction and BootNotification in turn.

Frames carry a masking key of zeros, which is a mask like any other to the server and costs this side nothing.
"""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

BLOCK = ["heartbeat"] * 6 + ["status"] * 3 + ["meter"] * 7 + ["meters"] * 3
STATUSES = ("Preparing", "Charging", "SuspendedEV", "Charging", "Finishing", "Available")
_NO_MASK = bytes(4)

BOOT = '"BootNotification",{"chargePointVendor":"Acme","chargePointModel":"Fake 1","firmwareVersion":"1.0.0"}'


def frame(text: str, kind: int = 0x81) -> bytes:
    """A masked client frame."""
    data = text.encode()
    size = len(data)
    head = bytes((kind, 0x80 | size)) if size < 126 else bytes((kind, 0xFE)) + size.to_bytes(2, "big")
    return head + _NO_MASK + data


def now() -> str:
    """The present as OCPP writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Script:
    """What one station says, message after message. `transaction` is what the central system answered."""

    def __init__(self, seed: int) -> None:
        self._order = self._kinds(random.Random(seed))
        self._number = 0
        self._register = 1_000 * seed
        self.transaction = 0
        self.starting = False
        self._makers: dict[str, Callable[[], str]] = {
            "heartbeat": lambda: '"Heartbeat",{}',
            "status": self._status,
            "meter": self._meter,
            "meters": self._meters,
            "start": self._start,
            "stop": self._stop,
            "boot": lambda: BOOT,
        }

    def next(self) -> tuple[str, str]:
        """The next message's id and text."""
        self._number += 1
        kind = next(self._order)
        self.starting = kind == "start"
        message_id = f"m{self._number:06d}"
        return message_id, f'[2,"{message_id}",{self._makers[kind]()}]'

    @staticmethod
    def _kinds(chance: random.Random) -> Iterator[str]:
        while True:
            for rare in ("start", "stop", "boot"):
                block = [*BLOCK, rare]
                chance.shuffle(block)
                yield from block

    def _status(self) -> str:
        status = STATUSES[self._number % len(STATUSES)]
        return (
            f'"StatusNotification",{{"connectorId":1,"errorCode":"NoError","status":"{status}","timestamp":"{now()}"}}'
        )

    def _values(self, samples: str) -> str:
        running = f'"transactionId":{self.transaction},' if self.transaction else ""
        return f'"MeterValues",{{"connectorId":1,{running}"meterValue":[{{"timestamp":"{now()}","sampledValue":[{samples}]}}]}}'

    def _meter(self) -> str:
        self._register += 7
        return self._values(f'{{"value":"{self._register}"}}')

    def _meters(self) -> str:
        self._register += 7
        return self._values(f'{{"value":"{self._register}","measurand":"Energy.Active.Import.Register","unit":"Wh"}},{_REST}')

    def _start(self) -> str:
        self._register += 1
        return f'"StartTransaction",{{"connectorId":1,"idTag":"BENCH-TAG","meterStart":{self._register},"timestamp":"{now()}"}}'

    def _stop(self) -> str:
        transaction, self.transaction = self.transaction, 0
        return (
            f'"StopTransaction",{{"transactionId":{transaction},"meterStop":{self._register},"timestamp":"{now()}",'
            '"idTag":"BENCH-TAG"}'
        )


def _sample(measurand: str, unit: str, value: str, phase: str = "") -> str:
    where = f'"phase":"{phase}",' if phase else ""
    return f'{{"value":"{value}","context":"Sample.Periodic","measurand":"{measurand}",{where}"location":"Outlet","unit":"{unit}"}}'


_REST = ",".join(
    [
        _sample("Power.Active.Import", "W", "11040.0"),
        _sample("Power.Offered", "W", "22000"),
        _sample("Current.Offered", "A", "32"),
        _sample("SoC", "Percent", "61"),
        _sample("Frequency", "Hz", "49.98"),
        _sample("Temperature", "Celsius", "31.5"),
        *(_sample("Voltage", "V", "230.4", phase) for phase in ("L1", "L2", "L3")),
        *(_sample("Current.Import", "A", "16.02", phase) for phase in ("L1", "L2", "L3")),
        *(_sample("Power.Active.Import", "W", "3680.5", phase) for phase in ("L1", "L2", "L3")),
        *(_sample("Power.Reactive.Import", "var", "12.1", phase) for phase in ("L1", "L2", "L3")),
        _sample("Power.Factor", "", "0.98"),
    ]
).replace(',"unit":""', "")
