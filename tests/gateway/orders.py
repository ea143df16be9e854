"""Commands without a worker: created and dispatched by the test, sent by the real gateway, answered by hand."""

from typing import Any

from chargepoints.models import ChargePoint, Command
from chargepoints.services.dispatches import command_dispatch
from ocpp_gateway.errors import Version
from ocpp_gateway.versions import DIALECTS
from tests.gateway.tools import db, ended, order
from tests.station import Call, Payload, Station


async def sent(station: Station, charge_point: ChargePoint, kind: str, **parameters: object) -> tuple[Command, Call]:
    """A command on the charger's side: the row, and the call that waits for its answer."""
    command = await order(charge_point, kind, **parameters)
    return command, await dispatched(station, command)


async def dispatched(station: Station, command: Command) -> Call:
    """The call of a command that was queued."""
    await db(lambda: command_dispatch(command_id=command.pk))
    action = DIALECTS[Version.V16].calls[command.kind].action or str(command.parameters["action"])
    call = await station.expect(action)
    assert call.id == str(command.pk)
    return call


async def done(
    station: Station, charge_point: ChargePoint, kind: str, answer: Payload | str, **parameters: object
) -> tuple[Payload, Command]:
    """A command from end to end: what the charger was sent, and the command once it was answered."""
    command, call = await sent(station, charge_point, kind, **parameters)
    await station.answer(call, {"status": answer} if isinstance(answer, str) else answer)
    return call.payload, await ended(command)


async def following(station: Station, first: Command, piece: int) -> tuple[Command, Call]:
    """The command that continues the work of `first`; nobody has to dispatch it."""
    call = await station.expect(DIALECTS[Version.V16].calls[first.kind].action)
    command = await Command.objects.aget(pk=call.id)
    assert command.parameters["follows"] == str(first.pk)
    assert command.parameters["piece"] == piece
    return command, call


async def now(command: Command) -> Command:
    """The row as it is now."""
    return await Command.objects.aget(pk=command.pk)


def schedule(*periods: tuple[int, float], unit: str = "A", **fields: Any) -> Payload:
    """A charging schedule of (start in s, limit)."""
    told = [{"startPeriod": start, "limit": limit} for start, limit in periods]
    return {"chargingRateUnit": unit, "chargingSchedulePeriod": told, **fields}
