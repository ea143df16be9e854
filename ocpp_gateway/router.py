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
        "close",
        "connector_number",
        "fact",
        "failed",
        "frame",
        "is_error",
        "link",
        "message_id",
        "note",
        "payload",
        "raw",
        "reply",
        "started_ns",
        "stored",
        "text",
        "transaction_id",
    )

    def __init__(
        self, link: Link, found: Route, call: Call, payload: dict[str, Any], raw: str, at: datetime, note: str = ""
    ) -> None:
        super().__init__(found.group, link.charge_point_id, at)
        self.link = link
        self.action = call.action
        self.category = found.category
        self.message_id = call.id
        self.payload = payload
        self.raw = raw
        self.started_ns = time.perf_counter_ns()
        self.reply: dict[str, Any] = {}
        self.failed = False
        self.fact = self.text = self.transaction_id = ""
        self.note = note
        self.is_error = False
        self.connector_number: int | None = None
        self.frame = ""
        self.close: tuple[int, str] | None = None  # what the socket is to be closed with after the answer
        self.stored: dict[str, Any] = {}  # the reply of then, when a stored call is applied once more

    @property
    def example(self) -> str:
        """The request."""
        return self.raw

    def line(self) -> NewLine:
        """The exchange as one line: request, answer, latency."""
        if not self.failed:
            self.frame = encoding.result(self.message_id, self.reply)
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
        self.failed = self.is_error = True
        self.text = "The message could not be processed."
        self.frame = encoding.error(self.message_id, Code.INTERNAL, self.link.session.version, self.text)

    def committed(self) -> None:
        """Answer the charger."""
        if self.link.triggered == self.action:
            self.link.triggered = ""
        if self.action == "BootNotification":
            self.link.booting -= 1
        self.link.write(self.frame)
        self.link.answered()
        if self.close is not None:
            self.link.close(*self.close)


def find(routes: Mapping[str, Route], version: Version, call: Call) -> Route:
    """The route of a call. Raises OcppError with the code of M6 for an action that is not taken here."""
    found = routes.get(call.action)
    if found is None:
        if schemas.known(version, call.action):
            raise OcppError(Code.NOT_SUPPORTED, f"{call.action[:80]} is not something this central system takes.")
        raise OcppError(Code.NOT_IMPLEMENTED, f"{call.action[:80]} is not known.")
    return found


def table(routes: Sequence[Route]) -> dict[str, Route]:
    """Routes by action."""
    return {found.action: found for found in routes}
