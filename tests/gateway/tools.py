"""What the tests of the gateway share: looking into the database from a coroutine, and waiting for what it will say."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

import pytest
from asgiref.sync import sync_to_async

from chargepoints.choices import CommandStatus, Effect
from chargepoints.models import ChargePoint, Command, LogLine
from chargepoints.services.commands import command_create
from tests.factories import PASSWORD
from tests.stage import Server
from tests.station import Station

T = TypeVar("T")
END = (CommandStatus.ACCEPTED, CommandStatus.REJECTED, CommandStatus.FAILED, CommandStatus.EXPIRED)
both_servers = pytest.mark.parametrize("gateway", ["daphne", "uvicorn"], indirect=True)


async def db(look: Callable[[], T]) -> T:
    """The result of `look`, which may use the ORM."""
    return await sync_to_async(look)()


async def soon(look: Callable[[], T | None], what: str = "", *, seconds: float = 10.0) -> T:
    """Poll `look` until it gives something true and return that; fails with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := await db(look)):
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what or look}"
        await asyncio.sleep(0.02)
    return found


def log(charge_point: ChargePoint, **fields: object) -> list[LogLine]:
    """The charger's log lines with these fields, oldest first."""
    return list(LogLine.objects.filter(charge_point=charge_point, **fields).order_by("seq"))


def derived(charge_point: ChargePoint) -> tuple[str, str]:
    """Stored integration and state, as they are now."""
    return ChargePoint.objects.values_list("integration", "state").get(pk=charge_point.pk)


def station(server: Server, identity: str = "NORD-1") -> Station:
    """One more socket of a charger."""
    return Station(server.ocpp_url, identity, PASSWORD)


async def order(charge_point: ChargePoint, kind: str, **parameters: object) -> Command:
    """An operator's click."""
    return await db(
        lambda: command_create(charge_point=charge_point, kind=kind, parameters=parameters, author=None, reason="test")
    )


async def ended(command: Command, effect: Effect | None = None) -> Command:
    """The command once it was answered or given up, and once its effect is `effect`."""

    def look() -> Command | None:
        now = Command.objects.get(pk=command.pk)
        return now if now.status in END and (effect is None or now.effect == effect) else None

    return await soon(look, f"the end of {command.kind} with effect {effect}")
