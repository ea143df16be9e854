"""The websocket of one charger.

Channels' stock dispatch hops through one shared thread for every message and awaits handlers in line, so that an
answer awaited inside a handler can never arrive. This consumer keeps `as_asgi` and the routing, and has its own loop.
"""

import asyncio
import time
from datetime import UTC, datetime
from functools import partial
from typing import Any

from channels.consumer import AsyncConsumer
from django.conf import settings

from chargepoints.choices import Refusal
from chargepoints.reports import Closed, Opened, Refused
from chargepoints.selectors.admission import Admission
from ocpp_gateway import auth, encoding, lenient, router
from ocpp_gateway.entries import Closing, Note, Opening, Refusing
from ocpp_gateway.errors import OcppError
from ocpp_gateway.frames import Call
from ocpp_gateway.links import Link
from ocpp_gateway.process import Process, current
from ocpp_gateway.session import Answered, Dropped, Invalid, Late
from ocpp_gateway.session import Refused as AnswerRefused
from ocpp_gateway.versions import DIALECTS
from ocpp_gateway.workers import DatabaseAwayError

CLOSE_UNSUPPORTED_DATA = 4003  # 1003 in RFC 6455; daphne lets an application use 1000 and 3000 to 4999 only
# daphne does not even read so much (`hub.server`); uvicorn hands it over and allows this code.
CLOSE_TOO_BIG = 1009
_SUPPORTED = tuple(DIALECTS)


class ChargerConsumer(AsyncConsumer):
    """From handshake to close: feeds frames to the session and entries to the journal."""

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Serve one socket."""
        await receive()  # websocket.connect
        process = current()
        await process.ready()
        greeting = auth.hello(scope, trust_proxy=settings.TLS)
        version = auth.choose_version(greeting.subprotocols, _SUPPORTED)
        try:
            known = await process.admission.ask(greeting.identity) if greeting.identity else None
        except DatabaseAwayError:
            await self._unavailable(send)
            return
        refusal = auth.refusal(greeting, version, known)
        if refusal is not None:
            await self._refuse(process, send, greeting, known, refusal)
        elif known is not None and version is not None:
            opened = Opened(
                charge_point_id=known.charge_point_id,
                gateway=process.id,
                at=datetime.now(UTC),
                remote_address=greeting.remote_address,
                subprotocol=version,
                security_profile=2 if greeting.encrypted else 1,
            )
            link = Link(identity=known.identity, version=version, opened=opened, send=send)
            await self._serve(process, receive, send, link)

    async def _serve(self, process: Process, receive: Any, send: Any, link: Link) -> None:
        if process.journal.database_away:
            await self._unavailable(send)
            return
        opening = Opening(link.opened)
        process.journal.put(opening)
        try:
            link.generation = await asyncio.shield(opening.done)
        except asyncio.CancelledError:
            opening.done.add_done_callback(partial(self._never_accepted, process, link.charge_point_id))
            raise
        if not link.generation:
            await self._unavailable(send)
            return
        code, reason = 1006, "the connection broke"
        try:
            await send({"type": "websocket.accept", "subprotocol": str(link.session.version)})
            process.enter(link, opening.former)
            code = await self._listen(process, receive, link)
            reason = "closed by the charger" if link.closing is None else ""
        except asyncio.CancelledError:
            code, reason = 1001, "the server is going down"
        finally:
            older = process.leave(link)
            await self._ended(process, link, *(link.closing or (code, reason)))
            if older is not None:
                await process.take_back(older)

    @staticmethod
    def _never_accepted(process: Process, charge_point_id: int, done: asyncio.Future[int]) -> None:
        """The socket ended while its connection waited to be stored: end what has been stored now."""
        if not done.cancelled() and done.result():
            ended = Closed(charge_point_id, done.result(), datetime.now(UTC), 1006, "the connection broke")
            process.journal.put(Closing(ended))

    async def _ended(self, process: Process, link: Link, code: int, reason: str) -> None:
        unanswered = link.session.close(time.monotonic())
        if unanswered is not None:
            process.commander.silent(link, unanswered, "The connection ended before the answer.")
        closing = Closing(Closed(link.charge_point_id, link.generation, datetime.now(UTC), code, reason))
        process.journal.put(closing)
        await closing.done

    async def _listen(self, process: Process, receive: Any, link: Link) -> int:
        """Read until the socket ends; the close code. Stops reading while the charger or the journal is congested."""
        while True:
            event = await receive()
            if event["type"] == "websocket.disconnect":
                return int(event.get("code") or 1006)
            text = event.get("text")
            if text is None:
                link.close(CLOSE_UNSUPPORTED_DATA, "binary frames are not OCPP")
                continue
            if len(text) > settings.OCPP_MAX_MESSAGE_BYTES:
                link.close(CLOSE_TOO_BIG, "the message is too big")
                continue
            if link.closing is None:
                self._received(process, link, text)
            if link.session.congested:
                link.drained.clear()
                await link.drained.wait()
            await process.journal.room()

    def _received(self, process: Process, link: Link, raw: str) -> None:
        event = link.session.receive(raw, time.monotonic())
        match event:
            case Call():
                self._called(process, link, event, raw)
            case Answered() | AnswerRefused():
                process.commander.answered(link, event, raw)
            case Late():
                process.commander.late(link, event, raw)
            case Invalid():
                link.write(event.frame)
                note = Note(
                    link, action="Broken frame", fact=event.description, text="", request=raw, answer=event.frame
                )
                process.journal.put(note)
            case Dropped(reason):
                process.journal.put(Note(link, action="Ignored frame", fact=reason, text="", request=raw))

    @staticmethod
    def _called(process: Process, link: Link, call: Call, raw: str) -> None:
        version = link.session.version
        try:
            found = router.find(DIALECTS[version].routes, version, call)
            payload, note = lenient.read(version, call)
        except OcppError as error:
            frame = encoding.error(call.id, error.code, version, error.description, error.details)
            link.write(frame)
            link.answered()
            refused = Note(link, action=call.action[:64], fact="refused", text=str(error), request=raw, answer=frame)
            process.journal.put(refused)
            return
        note = call.repaired or note
        process.journal.put(router.Exchange(link, found, call, payload, raw, datetime.now(UTC), note))

    async def _refuse(
        self, process: Process, send: Any, greeting: auth.Hello, known: Admission | None, refusal: Refusal
    ) -> None:
        status = auth.HTTP_STATUS[refusal]
        process.journal.put(
            Refusing(
                Refused(
                    charge_point_id=known.charge_point_id if known else None,
                    at=datetime.now(UTC),
                    identity=encoding.clean(greeting.offered_identity),
                    remote_address=greeting.remote_address,
                    user_name=encoding.clean(greeting.user_name or ""),
                    subprotocols=encoding.clean(", ".join(greeting.subprotocols)),
                    path=encoding.clean(greeting.path),
                    reason=refusal,
                    http_status=status,
                )
            )
        )
        await _respond(send, status, b"" if status == 401 else refusal.label.encode())

    @staticmethod
    async def _unavailable(send: Any) -> None:
        await _respond(send, 503, b"Try again later.", (b"retry-after", b"10"))


async def _respond(send: Any, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    """Refuse before the upgrade (H6), with the ASGI websocket denial response."""
    named = [(b"content-type", b"text/plain; charset=utf-8"), *headers]
    if status == 401:
        named.append((b"www-authenticate", b'Basic realm="ocpp"'))
    await send({"type": "websocket.http.response.start", "status": status, "headers": named})
    await send({"type": "websocket.http.response.body", "body": body})
