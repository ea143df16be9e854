"""From a CALL to the one file that knows its message, and the exchange that travels through the journal."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chargepoints.choices import Direction
from chargepoints.reports import NewLine
from ocpp_gateway import encoding, schemas
from ocpp_gateway.errors import Code, OcppError, Version
from ocpp_gateway.frames import Call
from ocpp_gateway.journal import Entry, Group
from ocpp_gateway.links import Link


@dataclass(frozen=True, slots=True)
class Route:
    """One message that chargers send: its colour, and how a list of them is applied."""

    action: str
    category: str
    group: Group


def route(action: str, category: str, *, hot: bool = False) -> Callable[[Callable[[list["Exchange"]], None]], Route]:
    """Make a handler of a list of exchanges the route of `action`."""

    def made(apply: Callable[[list["Exchange"]], None]) -> Route:
        return Route(action, category, Group(action, apply, hot))

    return made


class Exchange(Entry):
    """A CALL of a charger on its way to its answer. Handlers set `reply` and what the log shows."""

    __slots__ = (
        "action",
        "category",
        "connector_number",
        "error",
        "fact",
        "frame",
        "is_error",
        "link",
        "message_id",
        "note",
        "payload",
        "raw",
        "reply",
        "started_ns",
        "text",
        "transaction_id",
    )

    def __init__(self, link: Link, found: Route, call: Call, raw: str, at: datetime, note: str = "") -> None:
        super().__init__(found.group, link.charge_point_id, at)
        self.link = link
        self.action = call.action
        self.category = found.category
        self.message_id = call.id
        self.payload = call.payload
        self.raw = raw
        self.started_ns = time.perf_counter_ns()
        self.reply: dict[str, Any] = {}
        self.error: OcppError | None = None
        self.fact = self.text = self.transaction_id = ""
        self.note = note
        self.is_error = False
        self.connector_number: int | None = None
        self.frame = ""

    def line(self) -> NewLine:
        """The exchange as one line: request, answer, latency."""
        if self.error is None:
            self.frame = encoding.result(self.message_id, self.reply)
        else:
            error = self.error
            self.frame = encoding.error(
                self.message_id, error.code, self.link.session.version, error.description, error.details
            )
            self.is_error = True
            self.text = self.text or error.description
        return NewLine(
            charge_point_id=self.link.charge_point_id,
            at=self.at,
            direction=Direction.IN,
            category=self.category,
            action=self.action,
            fact=self.fact,
            text=f"{self.text} ({self.note})" if self.note else self.text,
            is_error=self.is_error,
            message_id=self.message_id,
            request=self.raw,
            answer=self.frame,
            latency_us=(time.perf_counter_ns() - self.started_ns) // 1000,
            connector_number=self.connector_number,
            transaction_id=self.transaction_id,
            generation=self.link.generation,
        )

    def fail(self, error: Exception) -> None:
        """A bug or a row that the database refuses: the charger gets an InternalError without details."""
        self.error = OcppError(Code.INTERNAL, "The message could not be processed.")

    def committed(self) -> None:
        """Answer the charger."""
        self.link.write(self.frame)
        self.link.answered()


def find(routes: Mapping[str, Route], version: Version, call: Call) -> Route:
    """The route of a call. Raises OcppError with the code of M6 for an action that is not taken here."""
    found = routes.get(call.action)
    if found is None:
        if schemas.known(version, call.action):
            raise OcppError(Code.NOT_SUPPORTED, f"{call.action[:80]} is not something this central system takes.")
        raise OcppError(Code.NOT_IMPLEMENTED, f"{call.action[:80]} is not known.")
    return found


# What can be read although it breaks the schema: unknown fields, over-long texts, unknown enum values (M9, D6, D7).
_READABLE = frozenset({Code.FORMAT, Code.PROPERTY})


def deviation(version: Version, call: Call) -> str:
    """What a payload has that its schema does not allow, in words; empty when it is sound.

    Raises OcppError when it cannot be read: a field is missing or of the wrong type (M16).
    """
    violation = schemas.check(version, call.action, "request", call.payload)
    if violation is None:
        return ""
    if violation.code not in _READABLE:
        raise OcppError(violation.code, violation.message)
    return violation.message


def table(routes: Sequence[Route]) -> dict[str, Route]:
    """Routes by action."""
    return {found.action: found for found in routes}
