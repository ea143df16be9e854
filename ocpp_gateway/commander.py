"""Commands out to the chargers of this process, and their answers back into the journal."""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from django.conf import settings

from chargepoints import sql
from chargepoints.actions import ACTIONS
from chargepoints.choices import Category, CommandStatus, Direction
from chargepoints.offers import why_not_registered
from chargepoints.reports import ClaimedCommand, CommandAnswer, NewLine
from chargepoints.services.dispatches import commands_claim, commands_waiting
from ocpp_gateway import encoding, lenient, redaction, schemas
from ocpp_gateway.encoding import clean
from ocpp_gateway.entries import Note, Outcome
from ocpp_gateway.journal import Journal
from ocpp_gateway.links import Link
from ocpp_gateway.outgoing import Outgoing, Payload, judge_error, judge_status, unchanged
from ocpp_gateway.session import Answered, Late, Refused, TimedOut
from ocpp_gateway.versions import DIALECTS
from ocpp_gateway.workers import Asker, DatabaseAwayError

logger = logging.getLogger(__name__)


def claim(questions: Sequence[tuple[int, int]]) -> list[ClaimedCommand | None]:
    """For each (charge point, generation) its next command, now marked as sent, or None."""
    # Two sockets of one charger may ask at once; the newer one gets the command, and only that one.
    newest = dict(sorted(questions))
    sql.keep_plans()
    claimed = commands_claim(generations=newest, answer_timeout=settings.OCPP_CALL_TIMEOUT)
    by_socket = {(command.charge_point_id, newest[command.charge_point_id]): command for command in claimed}
    return [by_socket.pop(question, None) for question in questions]


def waiting(questions: Sequence[str]) -> list[list[int]]:
    """For each gateway process the charge points for which commands wait."""
    return [commands_waiting(gateway=gateway) for gateway in questions]


def _written(link: Link, message: Outgoing | None, command: ClaimedCommand) -> tuple[str, Payload, str]:
    """Action and payload of a command, and what is wrong with them in words; strict in what we send (M8)."""
    if message is None:
        return command.kind, {}, f"{link.session.version} has no message for this."
    payload = message.build(command.parameters)
    action = message.action or str(command.parameters["action"])
    violation = schemas.check(link.session.version, action, "request", encoding.plain(payload))
    return action, payload, violation.message if violation else ""


def _unregistered(registration: str, kind: str) -> str:
    action = ACTIONS.get(kind)
    return why_not_registered(action, registration) if action else ""


class Sent:
    """A call of ours that waits for its answer. `message` is None for one that could not be written."""

    __slots__ = ("action", "at", "category", "frame", "message", "payload", "secrets")

    def __init__(self, message: Outgoing | None, action: str, payload: Payload, frame: str) -> None:
        self.message, self.action = message, action
        # From here on only what may be kept: of the payload itself nothing stays but the frame on the wire.
        self.payload, self.secrets = redaction.request(action, payload)
        self.frame = redaction.text(frame, self.secrets)
        self.category = message.category if message else Category.STATE
        self.at = datetime.now(UTC)


class Commander:
    """Claims commands when the turn of their charger is free, sends them, and journals how they ended."""

    def __init__(self, gateway: str, journal: Journal, links: Mapping[int, Link]) -> None:
        self._gateway, self._journal, self._links = gateway, journal, links
        self._claims: Asker[tuple[int, int], ClaimedCommand | None] = Asker("claims", claim)
        self._sweeps: Asker[str, list[int]] = Asker("sweep", waiting)
        self._sent: dict[str, tuple[Link, Sent]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def wake(self, charge_point_ids: Iterable[int]) -> None:
        """Commands may be waiting for these charge points."""
        for pk in charge_point_ids:
            link = self._links.get(pk)
            if link is None or not link.session.can_call or not link.generation:
                continue
            link.woken = True
            if not link.claiming:
                link.claiming = True
                task = asyncio.create_task(self._claim(link))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def sweep(self) -> None:
        """Heal wake-ups that got lost."""
        try:
            self.wake(await self._sweeps.ask(self._gateway))
        except DatabaseAwayError as error:
            logger.warning("commands not looked for: %s", error)

    async def _claim(self, link: Link) -> None:
        command = None
        try:
            while link.woken and command is None:
                link.woken = False
                command = await self._claims.ask((link.charge_point_id, link.generation))
        except DatabaseAwayError as error:
            logger.warning("command not claimed, the next sweep tries again: %s", error)
        finally:
            link.claiming = False
        if command is not None:
            self._send(link, command)

    def _send(self, link: Link, command: ClaimedCommand) -> None:
        message = DIALECTS[link.session.version].message(command)
        try:
            action, payload, problem = _written(link, message, command)
        except (KeyError, ValueError, TypeError) as error:
            action, payload, problem = command.kind, {}, f"this command cannot be written as OCPP: {error}"
        if not problem and self._links.get(link.charge_point_id) is not link:
            problem = "The connection ended before this could be sent."
        problem = problem or _unregistered(link.registration, command.kind)
        if problem:
            self._failed(link, command.id, action, problem)
            return
        frame = link.session.start_call(str(command.id), action, payload, time.monotonic(), settings.OCPP_CALL_TIMEOUT)
        self._sent[str(command.id)] = (link, Sent(message, action, payload, frame))
        if action in {"TriggerMessage", "ExtendedTriggerMessage"}:
            link.triggered = str(payload["requestedMessage"])
        link.write(frame)

    def _failed(self, link: Link, command_id: UUID, action: str, problem: str) -> None:
        answer = CommandAnswer(command_id, link.charge_point_id, CommandStatus.FAILED, problem, datetime.now(UTC))
        line = self._line(link, str(command_id), Sent(None, action, {}, ""), "not sent", problem, is_error=True)
        self._journal.put(Outcome(answer, line, partial(self.wake, [link.charge_point_id])))

    def answered(self, link: Link, event: Answered | Refused, raw: str) -> None:
        """The charger answered a call of ours."""
        message = self._sent[event.id][1].message if event.id in self._sent else None
        response: Payload | None = None
        if isinstance(event, Answered):
            mend = message.mend if message else unchanged
            payload, problem = lenient.read_answer(link.session.version, event.action, event.payload, mend)
            if problem:
                outcome, word = CommandStatus.FAILED, f"Invalid answer: {problem}"
            else:
                response = redaction.answer(event.action, payload)
                if response is not payload:
                    raw = encoding.result(event.id, response)
                outcome, word = (message.judge if message else judge_status)(payload)
        else:
            outcome, word = judge_error(event.code, event.raw_code, event.description)
        self._end(link, event.id, outcome, word, raw, response)

    def silent(self, link: Link, event: TimedOut, why: str) -> None:
        """No answer came in time, or the socket ended before it."""
        if event.id in self._sent:
            link.secrets = self._sent[event.id][1].secrets
        self._end(link, event.id, CommandStatus.EXPIRED, why, "")

    def late(self, link: Link, event: Late, raw: str) -> None:
        """An answer after its time, or to nothing: kept in the log, changes nothing (M15, T1)."""
        raw = redaction.text(raw, link.secrets)
        what = f"answer to {event.action}" if event.action else "answer to nothing we asked"
        note = Note(link, action="Late answer", fact=what, text="ignored", request=raw)
        note.notice("late-answer", what)
        self._journal.put(note)

    def _end(
        self,
        link: Link,
        message_id: str,
        outcome: CommandStatus,
        word: str,
        raw: str,
        response: Payload | None = None,
    ) -> None:
        _, sent = self._sent.pop(message_id, (link, Sent(None, "", {}, "")))
        if outcome != CommandStatus.ACCEPTED and sent.payload.get("requestedMessage") == "BootNotification":
            link.boot_by = time.monotonic()  # it will not boot because of this
        word, raw = redaction.text(clean(word), sent.secrets), redaction.text(raw, sent.secrets)
        response = redaction.echoed(response, sent.secrets)
        answer = CommandAnswer(UUID(message_id), link.charge_point_id, outcome, word, datetime.now(UTC), response)
        line = self._line(link, message_id, sent, word, "", is_error=outcome != CommandStatus.ACCEPTED, answer=raw)
        wake = partial(self.wake, [link.charge_point_id])
        self._journal.put(Outcome(answer, line, wake, sent.message, sent.payload))

    def _line(
        self, link: Link, message_id: str, sent: Sent, fact: str, text: str, *, is_error: bool, answer: str = ""
    ) -> NewLine:
        waited = datetime.now(UTC) - sent.at
        return NewLine(
            charge_point_id=link.charge_point_id,
            at=sent.at,
            direction=Direction.OUT,
            category=sent.category,
            action=sent.action,
            fact=f"→ {fact}",
            text=text,
            is_error=is_error,
            message_id=message_id,
            request=sent.frame,
            answer=answer,
            latency_us=int(waited.total_seconds() * 1_000_000) if answer else None,
            command_id=UUID(message_id),
            generation=link.generation,
        )
