"""Every kind of command against every kind of charger: what is sent, how it ends, and that nothing is sent twice."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from chargepoints.action import Proof
from chargepoints.actions import ACTIONS
from chargepoints.choices import CommandStatus, Effect
from chargepoints.models import ChargePoint, Command, Site
from ocpp_gateway import schemas
from ocpp_gateway.errors import Version
from tests import factories
from tests.factories import PASSWORD
from tests.gateway.matrix_lines import COMPOSED, LINES, Line
from tests.gateway.tools import db, ended, log, order, soon
from tests.stage import Server
from tests.station import Call, Frame, Station

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 8
SILENCE, GONE = "No answer within 1 s.", "The connection ended before the answer."


@dataclass
class Actor:
    """One charger with the one command that it gets."""

    kind: str
    server: Server
    charge_point: ChargePoint
    stack: AsyncExitStack
    stations: list[Station]
    command: Command | None = None
    password: Frame = PASSWORD

    @property
    def line(self) -> Line:
        """What is known of its kind."""
        return LINES[self.kind]

    @property
    def station(self) -> Station:
        """Its newest connection."""
        return self.stations[-1]

    async def connect(self) -> Station:
        """Connect, once more if it was connected before."""
        made = Station(self.server.ocpp_url, str(self.charge_point.identity), self.password)
        self.stations.append(await self.stack.enter_async_context(made))
        return made

    async def asked(self) -> Call:
        """Order the command; the call that comes of it, which the official schema allows."""
        given = {**self.line.parameters, **await db(lambda: self.line.needs(self.charge_point))}
        self.command = await order(self.charge_point, self.kind, **given)
        call = await self.station.expect(self.line.action)
        assert call.id == str(self.command.pk)
        assert schemas.check(Version.V16, call.action, "request", call.payload) is None
        return call

    async def says_yes(self, call: Call) -> None:
        """The charger accepts; a new password is the one that it uses from now on."""
        if self.kind == "rotate_password":
            self.password = bytes.fromhex(call.payload["value"])
        await self.station.answer(call, self.line.yes)

    async def ended(self, effect: Effect | None = None) -> Command:
        """The command when it has ended."""
        assert self.command is not None
        return await ended(self.command, effect)

    async def check_sent_once(self) -> None:
        """One call on all its connections, and one line in the log."""
        calls = [frame for station in self.stations for frame in station.received if str(frame).startswith("[2")]
        command = self.command
        assert command is not None
        assert [str(command.pk) in str(frame) for frame in calls] == [True], calls
        lines = await db(lambda: log(self.charge_point, command_id=command.pk))
        assert len(lines) == 1


async def accepts(actor: Actor) -> None:
    """It says yes and does it."""
    call = await actor.asked()
    await actor.says_yes(call)
    await actor.ended()
    if actor.line.reboots:
        await actor.station.close()
        await actor.connect()
    await actor.line.effect(actor.station, call)
    await actor.ended(Effect.SEEN)


async def rejects(actor: Actor) -> None:
    """It says no, by the word that the message has for it or else by an error."""
    call = await actor.asked()
    if actor.line.no is None:
        await actor.station.answer_error(call, "InternalError", "no")
    else:
        await actor.station.answer(call, actor.line.no)
    await actor.ended()


async def is_silent(actor: Actor) -> None:
    """It says nothing."""
    await actor.asked()
    await actor.ended()


async def answers_late(actor: Actor) -> None:
    """It says yes when nobody waits for it any more."""
    call = await actor.asked()
    await actor.ended()
    await actor.station.answer(call, actor.line.yes)
    await soon(lambda: log(actor.charge_point, action="Late answer"), "the late answer in the log")


async def leaves(actor: Actor) -> None:
    """It says yes, its connection breaks, and it comes back without having done anything."""
    call = await actor.asked()
    await actor.says_yes(call)
    await actor.ended()
    actor.station.drop()
    await actor.connect()
    await actor.station.call("Heartbeat" if "trigger" not in actor.kind else "DataTransfer", {"vendorId": "x"})


async def is_cut_off(actor: Actor) -> None:
    """Its connection breaks before it has said anything."""
    await actor.asked()
    actor.station.drop()
    await actor.ended()
    await actor.connect()
    await actor.station.call("DataTransfer", {"vendorId": "x"})


async def talks_nonsense(actor: Actor) -> None:
    """Its answer is no answer."""
    call = await actor.asked()
    await actor.station.answer(call, ["yes", 7])
    await actor.ended()


Ends = tuple[CommandStatus, set[Effect], str]
_PENDING = {Effect.AWAITED, Effect.MISSING}


def as_accepted(kind: str) -> Ends:
    """Accepted and done."""
    return CommandStatus.ACCEPTED, {Effect.SEEN}, ""


def as_rejected(kind: str) -> Ends:
    """With the charger's own word."""
    no = LINES[kind].no
    if no is None:
        return CommandStatus.FAILED, {Effect.NONE}, "InternalError: no"
    return CommandStatus.REJECTED, {Effect.NONE}, str(no["status"])


def as_unanswered(word: str) -> Callable[[str], Ends]:
    """A reboot may happen all the same: it is waited for."""
    return lambda kind: (CommandStatus.EXPIRED, _PENDING if ACTIONS[kind].proof is Proof.BOOT else {Effect.NONE}, word)


def as_left(kind: str) -> Ends:
    """Accepted; what is proved by more than the answer is waited for, and then missing."""
    return CommandStatus.ACCEPTED, {Effect.SEEN} if ACTIONS[kind].proof is Proof.ANSWER else _PENDING, ""


def as_failed(kind: str) -> Ends:
    """Failed, with what is wrong."""
    return CommandStatus.FAILED, {Effect.NONE}, "Invalid answer: CALLRESULT without an object"


CHARGERS: Mapping[str, tuple[Callable[[Actor], Awaitable[None]], Callable[[str], Ends]]] = {
    "accepts": (accepts, as_accepted),
    "rejects": (rejects, as_rejected),
    "is silent": (is_silent, as_unanswered(SILENCE)),
    "answers late": (answers_late, as_unanswered(SILENCE)),
    "accepts and leaves": (leaves, as_left),
    "is cut off": (is_cut_off, as_unanswered(GONE)),
    "talks nonsense": (talks_nonsense, as_failed),
}


def test_each_kind_has_a_line() -> None:
    """Whoever adds an action says here how chargers answer to it."""
    assert set(LINES) | COMPOSED == set(ACTIONS)


@pytest.mark.parametrize("charger", CHARGERS)
async def test_every_action(desk: Server, site: Site, charger: str) -> None:
    behave, expected = CHARGERS[charger]
    turns = asyncio.Semaphore(AT_ONCE)
    problems: dict[str, str] = {}

    async def play(kind: str) -> None:
        identity = kind.upper().replace("_", "-")
        made = await db(lambda: factories.charge_point(site, identity, connectors=2))
        async with turns, AsyncExitStack() as stack:
            actor = Actor(kind, desk, made, stack, [])
            await actor.connect()
            if actor.line.charges:
                await actor.station.start(1, "X", 0)
            await behave(actor)
            await actor.check_sent_once()
            found = await actor.ended()
            status, effects, word = expected(kind)
            assert (found.status, found.answer if word else "") == (status, word)
            assert found.effect in effects

    async def told(kind: str) -> None:
        try:
            await play(kind)
        except (AssertionError, ConnectionError) as problem:
            problems[kind] = str(problem)

    await asyncio.gather(*map(told, LINES))
    assert problems == {}
