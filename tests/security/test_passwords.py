"""Rotating the password of a charger (TC_073; SECURITY.md 1), and the ways in which chargers spell it (D4, TC_085)."""

import pytest

from chargepoints.choices import CommandStatus, Refusal
from chargepoints.exceptions import ActionRefused
from chargepoints.models import ChargePoint, Command, ConnectionAttempt, LogLine
from chargepoints.services.credentials import password_hmac
from tests import factories
from tests.factories import PASSWORD
from tests.gateway.tools import db, ended, order, soon
from tests.security.tools import plain, refused
from tests.stage import Server
from tests.station import Call, Station

pytestmark = pytest.mark.django_db(transaction=True)


async def asked(station: Station) -> tuple[Call, str]:
    """The call with the new password, and the password as it is written there."""
    call = await station.expect("ChangeConfiguration")
    assert call.payload["key"] == "AuthorizationKey"
    secret = call.payload["value"]
    assert len(bytes.fromhex(secret)) == 20
    return call, secret


def kept(charge_point: ChargePoint) -> str:
    """Everything that is stored of commands and of the log, as one text."""
    commands = [repr(list(row)) for row in Command.objects.filter(charge_point=charge_point).values_list()]
    lines = [repr(list(row)) for row in LogLine.objects.filter(charge_point=charge_point).values_list()]
    attempts = [repr(list(row)) for row in ConnectionAttempt.objects.values_list()]
    box = [repr(list(row)) for row in ChargePoint.objects.values_list()]
    return "\n".join([*commands, *lines, *attempts, *box]).lower()


async def test_tc_073_new_password_accepted(guarded: Server, charge_point: ChargePoint) -> None:
    """TC_073: after Accepted the new password alone opens; its bytes and its hexadecimal text are the same (D4)."""
    async with plain(guarded) as station:
        command = await order(charge_point, "rotate_password")
        call, secret = await asked(station)
        await station.answer(call, {"status": "Accepted"})
        done = await ended(command)
        assert (done.status, done.answer, done.parameters) == (CommandStatus.ACCEPTED, "Accepted", {})
    assert (await refused(plain(guarded))).status == 401
    for password in (bytes.fromhex(secret), secret, secret.upper()):
        async with plain(guarded, password=password) as station:
            await station.call("Heartbeat", {})
    everything = await db(lambda: kept(charge_point))
    assert secret.lower() not in everything
    assert "(hidden)" in everything


async def test_tc_073_new_password_refused(guarded: Server, charge_point: ChargePoint) -> None:
    """Rejected and NotSupported: the old one stays, the new one opens nothing."""
    for word in ("Rejected", "NotSupported"):
        async with plain(guarded) as station:
            command = await order(charge_point, "rotate_password")
            call, secret = await asked(station)
            await station.answer(call, {"status": word})
            assert (await ended(command)).status == CommandStatus.REJECTED
        assert (await refused(plain(guarded, password=bytes.fromhex(secret)))).status == 401
    async with plain(guarded) as station:
        await station.call("Heartbeat", {})


@pytest.mark.parametrize("took_it", [True, False])
async def test_tc_073_silence(guarded: Server, charge_point: ChargePoint, took_it: bool) -> None:
    """No answer: both are good until the next login tells which one the charger has."""
    async with plain(guarded) as station:
        command = await order(charge_point, "rotate_password")
        _, secret = await asked(station)
        assert (await ended(command)).status == CommandStatus.EXPIRED
        with pytest.raises(ActionRefused, match="not known yet"):
            await order(charge_point, "rotate_password")
    new = bytes.fromhex(secret)
    good, bad = (new, PASSWORD) if took_it else (PASSWORD, new)
    async with plain(guarded, password=good) as station:
        await station.call("Heartbeat", {})
    assert (await refused(plain(guarded, password=bad))).status == 401
    async with plain(guarded, password=good) as station:
        again = await order(charge_point, "rotate_password")
        call, _ = await asked(station)
        await station.answer(call, {"status": "Rejected"})
        await ended(again)


async def test_tc_073_connection_lost_before_the_answer(guarded: Server, charge_point: ChargePoint) -> None:
    async with plain(guarded) as station:
        command = await order(charge_point, "rotate_password")
        _, secret = await asked(station)
        station.drop()
    assert (await ended(command)).status == CommandStatus.EXPIRED
    async with plain(guarded, password=bytes.fromhex(secret)) as station:
        await station.call("Heartbeat", {})
    assert (await refused(plain(guarded))).status == 401


async def test_a_charger_that_repeats_the_password_in_an_error(guarded: Server, charge_point: ChargePoint) -> None:
    """Not in the log, not in the command's answer; and an error decides nothing."""
    async with plain(guarded) as station:
        command = await order(charge_point, "rotate_password")
        call, secret = await asked(station)
        await station.answer_error(call, "InternalError", f"cannot store {secret}", value=secret)
        done = await ended(command)
        assert (done.status, done.answer) == (CommandStatus.FAILED, "InternalError: cannot store (hidden)")
    assert secret.lower() not in await db(lambda: kept(charge_point))
    async with plain(guarded, password=bytes.fromhex(secret)) as station:
        await station.call("Heartbeat", {})


async def test_only_one_rotation_at_a_time(guarded: Server, charge_point: ChargePoint) -> None:
    async with plain(guarded) as station:
        await order(charge_point, "rotate_password")
        with pytest.raises(ActionRefused, match="on its way"):
            await order(charge_point, "rotate_password")
        call, _ = await asked(station)
        await station.answer(call, {"status": "Rejected"})
        await soon(lambda: Command.objects.filter(status=CommandStatus.REJECTED).exists(), "the answer")


async def test_tc_085_hexadecimal_text_in_the_administration(guarded: Server, charge_point: ChargePoint) -> None:
    """TC_085: 32 to 40 characters typed as hexadecimal stand for bytes; a charger may send either."""
    raw = bytes(range(100, 120))
    for typed in (raw.hex(), raw.hex().upper()):
        charge_point.password_hmac = password_hmac("NORD-1", typed)
        await charge_point.asave(update_fields=["password_hmac"])
        for password in (raw, typed):
            async with plain(guarded, password=password) as station:
                await station.call("Heartbeat", {})
        assert (await refused(plain(guarded, password=raw[:-1] + b"x"))).status == 401


async def test_the_old_password_of_another_charger_opens_nothing(
    guarded: Server, charge_point: ChargePoint, far_charge_point: ChargePoint
) -> None:
    """A rotated password belongs to its charger alone."""
    async with plain(guarded) as station:
        command = await order(charge_point, "rotate_password")
        call, secret = await asked(station)
        await station.answer(call, {"status": "Accepted"})
        await ended(command)
    assert (await refused(plain(guarded, "NORD-2", bytes.fromhex(secret)))).status == 401
    attempt = await soon(lambda: ConnectionAttempt.objects.filter(identity="NORD-2").first())
    assert attempt.reason == Refusal.WRONG_PASSWORD
    assert factories.PASSWORD not in await db(lambda: kept(charge_point))
