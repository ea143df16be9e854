"""What the journal stores besides the calls of chargers: connections, refusals, answers to our calls, broken frames."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from chargepoints.choices import Category, Direction
from chargepoints.reports import Answer, Closed, CommandAnswer, NewLine, Opened, Refused
from chargepoints.services.boots import boots_ask
from chargepoints.services.commands import commands_answer
from chargepoints.services.connections import attempts_record, connections_close, connections_free, connections_open
from ocpp_gateway.journal import Entry, Group
from ocpp_gateway.links import Link
from ocpp_gateway.outgoing import Outgoing


def _open(entries: list["Opening"]) -> None:
    taken = connections_open(opened=[entry.opened for entry in entries])
    for entry, (generation, former) in zip(entries, taken, strict=True):
        entry.generation, entry.former = generation, former


def _reopen(entries: list["Reopening"]) -> None:
    """Not where a newer connection was made meanwhile, maybe in another process."""
    free = connections_free(charge_point_ids=[entry.ended.charge_point_id for entry in entries])
    wanted = [entry for entry in entries if entry.ended.charge_point_id in free]
    connections_close(closed=[entry.ended for entry in wanted])
    _open([*wanted])


def _close(entries: list["Closing"]) -> None:
    connections_close(closed=[entry.closed for entry in entries])


def _refuse(entries: list["Refusing"]) -> None:
    attempts_record(refused=[entry.refused for entry in entries])


def _answer(entries: list["Outcome"]) -> None:
    commands_answer(answers=[entry.answer for entry in entries])
    by_message: dict[str, list[Outcome]] = {}
    for entry in entries:
        if entry.message is not None:
            by_message.setdefault(entry.message.kind, []).append(entry)
    for told in by_message.values():
        if told[0].message is not None:
            told[0].message.apply([entry.told for entry in told])


def _nothing(entries: list[Entry]) -> None:
    """A note is only its line."""


def _ask(entries: list["Asking"]) -> None:
    found = boots_ask(charge_point_ids=[entry.link.charge_point_id for entry in entries], now=entries[0].at)
    for entry in entries:
        entry.state = found.get(entry.link.charge_point_id, "")


OPEN, REOPEN, CLOSE = Group("open", _open), Group("reopen", _reopen), Group("close", _close)
REFUSE = Group("refuse", _refuse, hot=True)
ASK = Group("ask", _ask)
ANSWER, NOTE = Group("answer", _answer), Group("note", _nothing, hot=True)


class Opening(Entry):
    """A handshake to be accepted once its generation is committed; await `done`.

    `former` is the other gateway process that held the charge point until then.
    """

    __slots__ = ("done", "former", "generation", "opened")

    def __init__(self, opened: Opened, group: Group = OPEN) -> None:
        super().__init__(group, opened.charge_point_id, opened.at)
        self.opened = opened
        self.generation, self.former = 0, ""
        self.done: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def line(self) -> NewLine | None:
        """Yellow: Connect."""
        told = self.opened
        return NewLine(
            charge_point_id=told.charge_point_id,
            at=self.at,
            direction=Direction.NONE,
            category=Category.LINK,
            action="Connect",
            fact=f"{told.subprotocol}, security profile {told.security_profile}",
            text=f"from {told.remote_address}",
            generation=self.generation,
        )

    def fail(self, error: Exception) -> None:
        """The connection cannot be taken: generation 0 refuses it."""
        self.generation = 0

    def committed(self) -> None:
        """Let the consumer go on."""
        if not self.done.done():
            self.done.set_result(self.generation)


class Reopening(Opening):
    """The newer of two open sockets ended, and the older one is the current one again."""

    __slots__ = ("ended",)

    def __init__(self, opened: Opened, generation: int) -> None:
        super().__init__(opened, REOPEN)
        self.ended = Closed(opened.charge_point_id, generation, opened.at, 1000, "current again")
        self.generation = generation

    def line(self) -> NewLine | None:
        """Yellow: Connect, if it became the current one."""
        return super().line() if self.generation != self.ended.generation else None


class Closing(Entry):
    """A socket that ended; await `done` to know that it is stored, or that the database is away."""

    __slots__ = ("closed", "done")

    def __init__(self, closed: Closed) -> None:
        super().__init__(CLOSE, closed.charge_point_id, closed.at, from_charger=False)
        self.closed = closed
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def line(self) -> NewLine:
        """Yellow: Disconnect, with close code and reason."""
        told = self.closed
        return NewLine(
            charge_point_id=told.charge_point_id,
            at=self.at,
            direction=Direction.NONE,
            category=Category.LINK,
            action="Disconnect",
            fact=f"code {told.code}",
            text=told.reason,
            generation=told.generation,
        )

    def committed(self) -> None:
        """Let an orderly end go on."""
        if not self.done.done():
            self.done.set_result(None)

    def delayed(self) -> None:
        """An end is not held up by a database that is away; the entry stays in the queue."""
        self.committed()


class Refusing(Entry):
    """A handshake that was refused; a line of the charger's log when the identity is known."""

    __slots__ = ("refused",)

    def __init__(self, refused: Refused) -> None:
        super().__init__(REFUSE, refused.charge_point_id, refused.at, from_charger=False)
        self.refused = refused

    def line(self) -> NewLine | None:
        """White: Refused, with the reason in words."""
        told = self.refused
        if told.charge_point_id is None:
            return None
        return NewLine(
            charge_point_id=told.charge_point_id,
            at=self.at,
            direction=Direction.NONE,
            category=Category.SECURITY,
            action="Refused",
            fact=told.reason.label,
            text=f"HTTP {told.http_status}, from {told.remote_address}, user {told.user_name or 'none'}, "
            f"offered {told.subprotocols or 'no version'}",
            is_error=True,
        )


class Outcome(Entry):
    """How a call of ours ended: answered, refused, or silence. `message` is None when it could not be written."""

    __slots__ = ("answer", "message", "new_line", "on_committed", "request")

    def __init__(
        self,
        answer: CommandAnswer,
        new_line: NewLine,
        on_committed: Callable[[], None],
        message: Outgoing | None = None,
        request: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(ANSWER, new_line.charge_point_id, datetime.now(UTC), from_charger=bool(new_line.answer))
        self.answer = answer
        self.new_line = new_line
        self.on_committed = on_committed
        self.message = message
        self.request = request or {}

    @property
    def told(self) -> Answer:
        """What was asked and answered, for what the answer changes."""
        answer = self.answer
        return Answer(
            answer.command_id, answer.charge_point_id, answer.outcome, self.request, answer.response, answer.at
        )

    def line(self) -> NewLine:
        """Call and answer as one line, at the time of the call."""
        return self.new_line

    def committed(self) -> None:
        """The turn is free: the next command may go out."""
        self.on_committed()


class Note(Entry):
    """A line without effect: a broken frame, an answer that came too late."""

    __slots__ = ("new_line",)

    def __init__(self, link: Link, *, action: str, fact: str, text: str, request: str, answer: str = "") -> None:
        super().__init__(NOTE, link.charge_point_id, datetime.now(UTC))
        self.new_line = NewLine(
            charge_point_id=link.charge_point_id,
            at=self.at,
            direction=Direction.IN,
            category=Category.STATE,
            action=action,
            fact=fact,
            text=text,
            is_error=True,
            request=request[:65_536],
            answer=answer,
            generation=link.generation,
        )

    @property
    def example(self) -> str:
        """The frame."""
        return self.new_line.request

    def line(self) -> NewLine:
        """The line itself."""
        return self.new_line


class Asking(Entry):
    """A new charger that is to be asked for its boot; `then` takes how it is."""

    __slots__ = ("link", "state", "then")

    def __init__(self, link: Link, then: Callable[[Link, str], None]) -> None:
        super().__init__(ASK, link.charge_point_id, datetime.now(UTC), from_charger=False)
        self.link, self.then, self.state = link, then, ""

    def line(self) -> None:
        """The command that comes of it has one."""

    def committed(self) -> None:
        """Go on."""
        self.then(self.link, self.state)


class Noticing(Entry):
    """A deviation that no message shows."""

    __slots__ = ()

    def __init__(self, charge_point_id: int, rule: str, detail: str = "") -> None:
        super().__init__(NOTE, charge_point_id, datetime.now(UTC), from_charger=False)
        self.notice(rule, detail)

    def line(self) -> None:
        """It leaves no line."""
