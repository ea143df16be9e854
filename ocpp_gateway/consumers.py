"""The websocket of one charger.

Channels' stock dispatch hops through one shared thread for every message and awaits handlers in line, so that an
answer awaited inside a handler can never arrive. This consumer keeps `as_asgi` and the routing, and has its own loop.
"""

import asyncio
import secrets
import time
from datetime import UTC, datetime
from functools import partial
from typing import Any

from channels.consumer import AsyncConsumer
from django.conf import settings

from chargepoints.choices import Refusal, Registration
from chargepoints.reports import Closed, Opened, Refused
from chargepoints.rules import RULES
from chargepoints.selectors.admission import Admission
from ocpp_gateway import auth, encoding, findings, lenient, registration, router
from ocpp_gateway.denial import respond, retry_after
from ocpp_gateway.entries import Closing, Note, Noticing, Opening, Refusing
from ocpp_gateway.errors import Code, OcppError
from ocpp_gateway.frames import Call
from ocpp_gateway.links import Link
from ocpp_gateway.process import BOOT_WINDOW, BOOTS, Process, current
from ocpp_gateway.session import Answered, Dropped, Invalid, Late
from ocpp_gateway.session import Refused as AnswerRefused
from ocpp_gateway.versions import DIALECTS
from ocpp_gateway.workers import DatabaseAwayError

CLOSE_UNSUPPORTED_DATA = 4003  # 1003 in RFC 6455; daphne lets an application use 1000 and 3000 to 4999 only
# daphne does not even read so much (`hub.server`); uvicorn hands it over and allows this code.
CLOSE_TOO_BIG = 1009
MAX_HEADER_BYTES = 16 * 1024
_SUPPORTED = tuple(DIALECTS)


class ChargerConsumer(AsyncConsumer):
    """From handshake to close: feeds frames to the session and entries to the journal."""

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Serve one socket."""
        await receive()  # websocket.connect
        process = current()
        greeting = auth.hello(scope, trust_proxy=settings.TLS, certificate_header=settings.CLIENT_CERT_HEADER)
        door, source = process.door, greeting.remote_address
        if sum(len(name) + len(value) for name, value in scope.get("headers", ())) > MAX_HEADER_BYTES:
            await respond(send, 431, b"The headers are too long.")
        elif door.is_crowded:
            await respond(send, 503, b"Try again later.", retry_after(5 + secrets.randbelow(26)))
        elif seconds := door.lacks(source, greeting.identity):
            await self._locked_out(process, send, greeting, seconds)
        else:
            door.waiting += 1
            try:
                found = await self._admitted(process, scope, send, greeting)
                opening = await self._opened(process, send, *found) if found else None
            finally:
                door.waiting -= 1
            if found and opening:
                await self._serve(process, receive, send, found[0], opening)

    async def _admitted(
        self, process: Process, scope: dict[str, Any], send: Any, greeting: auth.Hello
    ) -> tuple[Link, dict[str, str]] | None:
        """The link of a charger that may come in; None when it was refused."""
        await process.ready()
        try:
            known = await process.admission.ask(greeting.identity) if greeting.identity else None
            shown = greeting.certificate
            issued = await process.issued.ask(shown.fingerprint) if known and shown else None
            version = auth.choose_version(greeting.subprotocols, _SUPPORTED) or auth.assumed_version(
                greeting, known, _SUPPORTED
            )
            if known is None and settings.UNKNOWN_CHARGERS != "refuse" and (new := auth.stranger(greeting, version)):
                known = await process.strangers.ask(new)
        except DatabaseAwayError:
            await self._unavailable(send)
            return None
        trust = auth.judge(greeting, version, known, issued)
        if isinstance(trust, Refusal) or known is None or version is None:
            refusal = trust if isinstance(trust, Refusal) else Refusal.UNKNOWN_IDENTITY
            await self._refuse(process, send, greeting, known, refusal)
            return None
        process.door.welcomed(greeting.remote_address, greeting.identity)
        wait = process.door.replaces(known.charge_point_id) if known.charge_point_id in process.links else 0
        if wait:
            await self._refuse(process, send, greeting, known, Refusal.TOO_MANY, retry_after(wait))
            return None
        opened = Opened(
            charge_point_id=known.charge_point_id,
            gateway=process.id,
            at=datetime.now(UTC),
            remote_address=greeting.remote_address,
            subprotocol=version,
            security_profile=trust.profile,
            credential=trust.credential,
            is_staged=bool(known.next_password_hmac),
            certificate=trust.certificate,
        )
        link = Link(known=known, version=version, opened=opened, send=send, lane=scope.get("hub.lane"))
        link.certificate_name = trust.name
        link.heard = scope.get("hub.heard")
        return link, auth.oddities(greeting, known)

    async def _opened(self, process: Process, send: Any, link: Link, odd: dict[str, str]) -> Opening | None:
        """The connection once it is taken and accepted; None when it cannot be taken now."""
        if process.journal.database_away:
            await self._unavailable(send)
            return None
        opening = Opening(link.opened)
        opening.findings = odd or None
        process.journal.put(opening)
        try:
            link.generation = await asyncio.shield(opening.done)
        except asyncio.CancelledError:
            opening.done.add_done_callback(partial(self._never_accepted, process, link.charge_point_id))
            raise
        if not link.generation:
            await self._unavailable(send)
            return None
        return opening

    async def _serve(self, process: Process, receive: Any, send: Any, link: Link, opening: Opening) -> None:
        code, reason = 1006, "the connection broke"
        try:
            # A header that nobody asked for would fail the connection (H5).
            assumed = "no-subprotocol" in (opening.findings or {})
            await send({"type": "websocket.accept", "subprotocol": None if assumed else str(link.session.version)})
            process.enter(link, opening.former)
            code = await self._listen(process, receive, link)
            reason = "closed by the charger" if link.closing is None else ""
        except asyncio.CancelledError:
            code, reason = 1001, "the server is going down"
        finally:
            link.at_rest = False
            older = process.leave(link)
            await self._ended(process, link, *(link.closing or (code, reason)))
            if older is not None:
                await process.take_back(older)
            else:
                process.left(link)

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
        most = min(settings.OCPP_MAX_MESSAGE_BYTES, settings.OCPP_MAX_NEW_MESSAGE_BYTES)
        if link.lane is not None:
            link.lane.take = partial(self._take, process, link, most)
        while True:
            link.at_rest = True
            event = await receive()
            link.at_rest = False
            if event["type"] == "websocket.disconnect":
                return int(event.get("code") or 1006)
            text = event.get("text")
            if text is None:
                link.close(CLOSE_UNSUPPORTED_DATA, "binary frames are not OCPP")
                continue
            accepted = link.registration == Registration.ACCEPTED
            if len(text) > (settings.OCPP_MAX_MESSAGE_BYTES if accepted else settings.OCPP_MAX_NEW_MESSAGE_BYTES):
                link.close(CLOSE_TOO_BIG, "the message is too big")
                continue
            if link.closing is None:
                self._received(process, link, text)
            if wait := link.pace.take():
                await self._slow_down(process, link, wait)
            if link.session.congested:
                link.drained.clear()
                await link.drained.wait()
            await process.journal.room()

    @staticmethod
    async def _slow_down(process: Process, link: Link, wait: float) -> None:
        """Not read for as long as it is ahead of its limit: TCP slows it down (A16)."""
        limit = f"{settings.OCPP_MESSAGES_PER_SECOND:g} a second"
        process.journal.put(Noticing(link.charge_point_id, "too-fast", limit))
        await asyncio.sleep(wait)

    def _take(self, process: Process, link: Link, most: int, raw: str) -> bool:
        """Take a message past ASGI; False when it must wait, or shows that the socket shall be closed."""
        must_wait = not link.at_rest or link.session.congested or process.journal.is_full or link.pace.lacks()
        if must_wait or link.closing is not None or len(raw) > most:
            return False
        link.pace.take()
        self._received(process, link, raw)
        return True

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
                note.notice("broken-frame", event.description)
                process.journal.put(note)
            case Dropped(reason):
                note = Note(link, action="Ignored frame", fact=reason, text="", request=raw)
                note.notice("ignored-frame", reason)
                process.journal.put(note)

    @staticmethod
    def _called(process: Process, link: Link, call: Call, raw: str) -> None:
        version, received = link.session.version, datetime.now(UTC)
        try:
            unregistered = registration.gate(link, call.action, time.monotonic())
            found = router.find(DIALECTS[version].routes, version, call)
            read = lenient.read(version, call)
            odd = findings.of_call(call, read.findings, link.session.in_flight - 1, received)
            if unregistered:
                odd[unregistered] = call.action
            if link.is_strict and (rule := findings.breach(odd)):
                raise OcppError(read.code, f"{RULES[rule].says} {odd[rule]}")
        except OcppError as error:
            frame = encoding.error(call.id, error.code, version, error.description, error.details)
            link.write(frame)
            link.answered()
            refused = Note(link, action=call.action[:64], fact="refused", text=str(error), request=raw, answer=frame)
            refused.notice("refused-call", str(error))
            process.journal.put(refused)
            if error.code is Code.SECURITY:
                process.ask_for_boot(link, 0)
            return
        note = call.repaired or read.note
        exchange = router.Exchange(link, found, call, read.payload, raw, received, note)
        exchange.findings = odd or None
        if call.action == "BootNotification":
            link.booting += 1
            if process.boots.again(link.charge_point_id):
                exchange.notice("boot-loop", f"{BOOTS} boots in {BOOT_WINDOW:g} s")
        process.journal.put(exchange)

    async def _refuse(
        self,
        process: Process,
        send: Any,
        greeting: auth.Hello,
        known: Admission | None,
        refusal: Refusal,
        *headers: tuple[bytes, bytes],
    ) -> None:
        status = auth.HTTP_STATUS[refusal]
        pk = known.charge_point_id if known else None
        process.door.refused(greeting.remote_address, greeting.identity, pk, is_guess=status == 401)
        self._record(process, greeting, pk, refusal)
        await respond(send, status, b"" if status == 401 else refusal.label.encode(), *headers)

    async def _locked_out(self, process: Process, send: Any, greeting: auth.Hello, seconds: int) -> None:
        """Too many attempts from there: refused before any question to the database, recorded once a minute (A3)."""
        told, pk = process.door.to_be_told(greeting.remote_address, greeting.identity)
        if told:
            self._record(process, greeting, pk, Refusal.TOO_MANY)
        await respond(send, 429, Refusal.TOO_MANY.label.encode(), retry_after(seconds))

    @staticmethod
    def _record(process: Process, greeting: auth.Hello, charge_point_id: int | None, refusal: Refusal) -> None:
        process.journal.put(
            Refusing(
                Refused(
                    charge_point_id=charge_point_id,
                    at=datetime.now(UTC),
                    identity=encoding.clean(greeting.offered_identity),
                    remote_address=greeting.remote_address,
                    user_name=encoding.clean(greeting.user_name or ""),
                    subprotocols=encoding.clean(", ".join(greeting.subprotocols)),
                    path=encoding.clean(greeting.path),
                    reason=refusal,
                    http_status=auth.HTTP_STATUS[refusal],
                    password_hmac=auth.offered_hmac(greeting) if refusal in auth.ADOPTABLE else "",
                )
            )
        )

    @staticmethod
    async def _unavailable(send: Any) -> None:
        await respond(send, 503, b"Try again later.", retry_after(10))
