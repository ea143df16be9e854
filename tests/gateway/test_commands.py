"""Commands on their whole way: row, worker, gateway, charger and back, and whether they had their effect."""

from itertools import pairwise

import pytest

from chargepoints.choices import CommandStatus, Effect
from chargepoints.exceptions import ActionRefused
from chargepoints.models import Charge, ChargePoint, Command
from tests.gateway.tools import db, ended, log, order, station
from tests.stage import Server

pytestmark = pytest.mark.django_db(transaction=True)


async def test_013_hard_reset(desk: Server, charge_point: ChargePoint) -> None:
    """TC_013: sent, accepted, its effect awaited and seen with the boot; each step has its time."""
    async with station(desk) as charger:
        command = await order(charge_point, "reboot", type="Hard")
        assert command.status == CommandStatus.QUEUED
        call = await charger.expect("Reset")
        assert (call.id, call.payload) == (str(command.pk), {"type": "Hard"})
        assert (await Command.objects.aget()).status == CommandStatus.SENT
        await charger.answer(call, {"status": "Accepted"})
        accepted = await ended(command, Effect.AWAITED)
        assert (accepted.status, accepted.answer) == (CommandStatus.ACCEPTED, "Accepted")
        assert accepted.effect_due_at is not None
    async with station(desk) as charger:
        await charger.boot()
        seen = await ended(command, Effect.SEEN)
    moments = (seen.created_at, seen.dispatched_at, seen.sent_at, seen.answered_at, seen.effect_at)
    assert all(early is not None and late is not None and early <= late for early, late in pairwise(moments))
    [line] = await db(lambda: log(charge_point, command_id=command.pk))
    assert (line.direction, line.action, line.category, line.fact) == ("out", "Reset", "state", "→ Accepted")
    assert (line.message_id, line.is_error) == (str(command.pk), False)
    assert line.request == f'[2,"{command.pk}","Reset",{{"type":"Hard"}}]'
    assert line.answer == f'[3, "{command.pk}", {{"status": "Accepted"}}]'
    assert 0 < (line.latency_us or 0) < 5_000_000


async def test_014_accepted_and_nothing_happens(desk: Server, charge_point: ChargePoint) -> None:
    """QUIRKS 7.10: accepted, no boot: missing; a boot that comes late all the same is the truth (1.11)."""
    async with station(desk) as charger:
        command = await order(charge_point, "reboot", type="Soft")
        await charger.answer(await charger.expect("Reset"), {"status": "Accepted"})
        missing = await ended(command, Effect.MISSING)
        assert missing.status == CommandStatus.ACCEPTED
        await charger.boot()
        await ended(command, Effect.SEEN)


async def test_silence_then_boot(desk: Server, charge_point: ChargePoint) -> None:
    """QUIRKS 7.9: the charger just reboots: no answer, and the boot proves it; the answer after that is only noted."""
    async with station(desk) as charger:
        command = await order(charge_point, "reboot", type="Soft")
        call = await charger.expect("Reset")
        silent = await ended(command)
        assert (silent.status, silent.answer) == (CommandStatus.EXPIRED, "No answer within 1 s.")
        await charger.boot()
        await ended(command, Effect.SEEN)
        await charger.answer(call, {"status": "Rejected"})
        await charger.call("Heartbeat", {})
        [late] = await db(lambda: log(charge_point, action="Late answer"))
        assert (late.fact, late.is_error) == ("answer to Reset", True)
        assert (await Command.objects.aget()).status == CommandStatus.EXPIRED
        [line] = await db(lambda: log(charge_point, command_id=command.pk))
        assert (line.answer, line.is_error, line.latency_us) == ("", True, None)


async def test_late_answer_is_not_taken_for_the_next(desk: Server, charge_point: ChargePoint) -> None:
    """T1: the turn is free after the time-out, and an answer belongs to its own call."""
    async with station(desk) as charger:
        first = await order(charge_point, "unlock", connector=1)
        slow = await charger.expect("UnlockConnector")
        await ended(first)
        second = await order(charge_point, "unlock", connector=2)
        call = await charger.expect("UnlockConnector")
        await charger.answer(slow, {"status": "UnlockFailed"})
        await charger.answer(call, {"status": "Unlocked"})
        assert (await ended(second)).status == CommandStatus.ACCEPTED
        assert (await Command.objects.aget(pk=first.pk)).status == CommandStatus.EXPIRED


@pytest.mark.parametrize(
    ("answer", "status", "effect"),
    [
        ("Unlocked", CommandStatus.ACCEPTED, Effect.SEEN),
        ("UnlockFailed", CommandStatus.REJECTED, Effect.NONE),
        ("NotSupported", CommandStatus.REJECTED, Effect.NONE),
    ],
)
async def test_017_unlock(
    desk: Server, charge_point: ChargePoint, answer: str, status: CommandStatus, effect: Effect
) -> None:
    """TC_017_1, TC_030, TC_031: the answer is the effect."""
    async with station(desk) as charger:
        command = await order(charge_point, "unlock", connector=1)
        call = await charger.expect("UnlockConnector")
        assert call.payload == {"connectorId": 1}
        await charger.answer(call, {"status": answer})
        done = await ended(command)
    assert (done.status, done.answer, done.effect) == (status, answer, effect)


async def test_rejected_reset_awaits_nothing(desk: Server, charge_point: ChargePoint) -> None:
    async with station(desk) as charger:
        command = await order(charge_point, "reboot", type="Soft")
        await charger.answer(await charger.expect("Reset"), {"status": "Rejected"})
        done = await ended(command)
        assert (done.status, done.answer, done.effect) == (CommandStatus.REJECTED, "Rejected", Effect.NONE)
        await charger.boot()
    assert (await Command.objects.aget()).effect == Effect.NONE


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("NotSupported", "Not supported by this charger"),
        ("NotImplemented", "Not supported by this charger"),
        ("InternalError", "InternalError: out of order"),
        ("FormationViolation", "FormationViolation: out of order"),
        ("Nonsense", "Nonsense: out of order"),
    ],
)
async def test_callerror(desk: Server, charge_point: ChargePoint, code: str, word: str) -> None:
    """QUIRKS 7.5: a CALLERROR ends the command with a reason in words; the next one goes out."""
    async with station(desk) as charger:
        command = await order(charge_point, "trigger", message="Heartbeat")
        await charger.answer_error(await charger.expect("TriggerMessage"), code, "out of order")
        done = await ended(command)
        assert (done.status, done.answer) == (CommandStatus.FAILED, word)
        await order(charge_point, "trigger", message="Heartbeat")
        await charger.expect("TriggerMessage")


@pytest.mark.parametrize("payload", [{}, {"status": "Perhaps"}, {"status": 7}, {"status": None}, None, [], "Accepted"])
async def test_invalid_answer(desk: Server, charge_point: ChargePoint, payload: object) -> None:
    """M20: the command failed, the connection stays."""
    async with station(desk) as charger:
        command = await order(charge_point, "reboot", type="Soft")
        await charger.answer(await charger.expect("Reset"), payload)
        done = await ended(command)
        assert done.status == CommandStatus.FAILED
        assert done.answer.startswith("Invalid answer")
        await charger.call("Heartbeat", {})


async def test_answer_that_cannot_be_stored_as_it_is(desk: Server, charge_point: ChargePoint) -> None:
    """NUL and lone surrogates in what the charger says lose neither the command nor the log line."""
    async with station(desk) as charger:
        command = await order(charge_point, "reboot", type="Soft")
        await charger.answer_error(await charger.expect("Reset"), "InternalError", "bad\x00news \ud800")
        assert (await ended(command)).answer == "InternalError: bad\ufffdnews \ufffd"
        command = await order(charge_point, "reboot", type="Soft")
        await charger.answer(await charger.expect("Reset"), {"status": "Accepted", "x\x00": 1})
        assert (await ended(command)).status in {CommandStatus.ACCEPTED, CommandStatus.FAILED}
        await charger.call("Heartbeat", {})


async def test_extra_fields_in_an_answer(desk: Server, charge_point: ChargePoint) -> None:
    """Lenient in: what can be read is what counts (M9, QUIRKS 2.12)."""
    async with station(desk) as charger:
        command = await order(charge_point, "reboot", type="Soft")
        await charger.answer(await charger.expect("Reset"), {"status": "Accepted", "statusInfo": None, "note": "x"})
        assert (await ended(command)).status == CommandStatus.ACCEPTED


async def test_unreadable_answer(desk: Server, charge_point: ChargePoint) -> None:
    async with station(desk) as charger:
        command = await order(charge_point, "reboot", type="Soft")
        call = await charger.expect("Reset")
        await charger.send_raw(f'[3,"{call.id}",{{"status":')
        assert (await ended(command)).status == CommandStatus.FAILED
        await charger.call("Heartbeat", {})


async def test_connection_ends_before_the_answer(desk: Server, charge_point: ChargePoint) -> None:
    """The command ends at once, is not sent again on the next socket, and a boot there still proves it (T2)."""
    async with station(desk) as charger:
        command = await order(charge_point, "reboot", type="Hard")
        await charger.expect("Reset")
        charger.drop()
        done = await ended(command, Effect.AWAITED)
        assert (done.status, done.answer) == (CommandStatus.EXPIRED, "The connection ended before the answer.")
    async with station(desk) as charger:
        await charger.boot()
        await ended(command, Effect.SEEN)
        assert charger.unread == []


async def test_010_remote_start(desk: Server, charge_point: ChargePoint) -> None:
    """TC_010: connector and key as ordered; the charge that follows is bound to the command."""
    async with station(desk) as charger:
        command = await order(charge_point, "start", connector=2, id_tag="CARD-1")
        call = await charger.expect("RemoteStartTransaction")
        assert call.payload == {"connectorId": 2, "idTag": "CARD-1"}
        await charger.answer(call, {"status": "Accepted"})
        await ended(command, Effect.AWAITED)
        await charger.start(1, "CARD-1", 0)
        await charger.start(2, "OTHER", 0)
        assert (await Command.objects.aget()).effect != Effect.SEEN
        tx = (await charger.start(2, "card-1", 0))["transactionId"]
        seen = await ended(command, Effect.SEEN)
        charge = await Charge.objects.aget(transaction_id=str(tx))
        assert (charge.start_command_id, seen.charge_id) == (command.pk, charge.pk)
        assert seen.effect_text == f"Charge {tx} started"


async def test_start_before_its_answer(desk: Server, charge_point: ChargePoint) -> None:
    """QUIRKS 2.6: the effect may come before the answer; the order does not matter."""
    async with station(desk) as charger:
        command = await order(charge_point, "start", connector=1, id_tag="CARD-1")
        call = await charger.expect("RemoteStartTransaction")
        await charger.start(1, "CARD-1", 0)
        await charger.answer(call, {"status": "Accepted"})
        seen = await ended(command, Effect.SEEN)
        assert seen.status == CommandStatus.ACCEPTED


async def test_011_remote_start_times_out(desk: Server, charge_point: ChargePoint) -> None:
    """TC_011_2: accepted, and nobody plugs in."""
    async with station(desk) as charger:
        command = await order(charge_point, "start", connector=1, id_tag="CARD-1")
        await charger.answer(await charger.expect("RemoteStartTransaction"), {"status": "Accepted"})
        await charger.status(1, "Preparing")
        await charger.status(1, "Available")
        await ended(command, Effect.MISSING)


async def test_012_remote_stop(desk: Server, charge_point: ChargePoint) -> None:
    """TC_012 and TC_028: the transaction as it is known to the charger; rejected, the charge stays."""
    async with station(desk) as charger:
        tx = (await charger.start(1, "X", 0))["transactionId"]
        charge = await Charge.objects.aget()
        refused = await order(charge_point, "stop", charge=charge.pk)
        call = await charger.expect("RemoteStopTransaction")
        assert call.payload == {"transactionId": tx}
        await charger.answer(call, {"status": "Rejected"})
        assert (await ended(refused)).status == CommandStatus.REJECTED
        command = await order(charge_point, "stop", charge=charge.pk)
        await charger.answer(await charger.expect("RemoteStopTransaction"), {"status": "Accepted"})
        await charger.stop(tx, 10, "Remote")
        seen = await ended(command, Effect.SEEN)
        assert (seen.connector_number, seen.charge_id) == (1, charge.pk)
        await charger.status(1, "Finishing")
        await charger.status(1, "Available")
        with pytest.raises(ActionRefused, match="No charge is running"):
            await order(charge_point, "stop", charge=charge.pk)


@pytest.mark.parametrize(
    "message",
    [
        "Heartbeat",
        "StatusNotification",
        "MeterValues",
        "BootNotification",
        "DiagnosticsStatusNotification",
        "FirmwareStatusNotification",
    ],
)
async def test_054_trigger(desk: Server, charge_point: ChargePoint, message: str) -> None:
    """TC_054: every message that can be asked for is taken and proves the command; another one does not."""
    async with station(desk) as charger:
        command = await order(charge_point, "trigger", message=message, connector=1)
        call = await charger.expect("TriggerMessage")
        assert call.payload == {"requestedMessage": message, "connectorId": 1}
        await charger.answer(call, {"status": "Accepted"})
        await charger.call("DataTransfer", {"vendorId": "x"})
        assert (await Command.objects.aget()).effect != Effect.SEEN
        match message:
            case "Heartbeat":
                await charger.call("Heartbeat", {})
            case "StatusNotification":
                await charger.status(1, "Available")
            case "MeterValues":
                await charger.meter(1, 5)
            case "BootNotification":
                await charger.boot()
            case _:
                assert await charger.call(message, {"status": "Idle"}) == {}
        await ended(command, Effect.SEEN)


async def test_055_trigger_rejected(desk: Server, charge_point: ChargePoint) -> None:
    """TC_055."""
    async with station(desk) as charger:
        command = await order(charge_point, "trigger", message="MeterValues")
        await charger.answer(await charger.expect("TriggerMessage"), {"status": "Rejected"})
        assert (await ended(command)).status == CommandStatus.REJECTED
