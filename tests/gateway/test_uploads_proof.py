"""What proves that a charger has uploaded something: the file that arrives, in whatever order things are told."""

import pytest

from chargepoints.choices import CommandStatus, Effect
from chargepoints.models import ChargePoint, DiagnosticsFile
from chargepoints.services.diagnostics import NOTHING_ARRIVED
from tests.gateway.orders import done, now
from tests.gateway.tools import ended, soon, station
from tests.gateway.upload_tools import answered, asked, call_of, connected, head, put, says, tidy_files
from tests.stage import Server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("tidy_files")]
__all__ = ["tidy_files"]
BODY = bytes(range(256)) * 3000


async def test_says_uploaded_and_nothing_arrived(gateway: Server, charge_point: ChargePoint) -> None:
    """The word is no proof; a file that comes later still is one."""
    async with asked(gateway, charge_point) as (charger, command, location):
        await charger.answer(call_of(command), {"fileName": "diag.zip"})
        await ended(command, Effect.AWAITED)
        await says(charger, "Uploading")
        await says(charger, "Uploaded")
        missing = await now(command)
        assert (missing.effect, missing.effect_text) == (Effect.MISSING, NOTHING_ARRIVED)
        assert await put(location, BODY) == 200
        assert (await now(command)).effect == Effect.SEEN


async def test_uploaded_while_it_still_comes(gateway: Server, charge_point: ChargePoint) -> None:
    async with asked(gateway, charge_point) as (charger, command, location):
        await charger.answer(call_of(command), {"fileName": "diag.zip"})
        await ended(command, Effect.AWAITED)
        reader, writer = await connected(location)
        writer.write(head(location, f"Content-Length: {len(BODY)}") + BODY[:-1])
        await soon(lambda: DiagnosticsFile.objects.count() == 1)
        await says(charger, "Uploaded")
        assert (await now(command)).effect == Effect.AWAITED
        writer.write(BODY[-1:])
        assert (await answered(reader))[0] == 200
        writer.close()
        assert (await now(command)).effect == Effect.SEEN


async def test_upload_failed_then_another_try(gateway: Server, charge_point: ChargePoint) -> None:
    async with asked(gateway, charge_point) as (charger, command, location):
        await charger.answer(call_of(command), {})
        await ended(command, Effect.AWAITED)
        await says(charger, "UploadFailed")
        assert (await now(command)).effect_text == "UploadFailed"
        assert await put(location, BODY) == 200
        assert (await now(command)).effect == Effect.SEEN


async def test_the_file_comes_before_the_answer(gateway: Server, charge_point: ChargePoint) -> None:
    async with asked(gateway, charge_point) as (charger, command, location):
        assert await put(location, BODY) == 200
        await charger.answer(call_of(command), {"fileName": "late.zip"})
        answered_command = await ended(command)
        assert (answered_command.status, answered_command.effect) == (CommandStatus.ACCEPTED, Effect.SEEN)


async def test_tc_079_security_log(gateway: Server, charge_point: ChargePoint) -> None:
    """GetLog the same way; its status messages carry the request's id."""
    async with asked(gateway, charge_point, "log_upload", type="SecurityLog") as (charger, command, location):
        await charger.answer(call_of(command), {"status": "Accepted", "filename": "security.log"})
        await ended(command, Effect.AWAITED)
        number = (await now(command)).request_id
        assert await put(location, BODY) == 200
        word = {"status": "Uploaded", "requestId": number}
        assert await charger.call("LogStatusNotification", word) == {}
        seen = await now(command)
        assert (seen.effect, [told for _, told in seen.progress]) == (Effect.SEEN, ["Uploaded"])
        assert seen.effect_text.startswith("Received: ")


async def test_an_address_of_the_operator_needs_no_file_here(gateway: Server, charge_point: ChargePoint) -> None:
    async with station(gateway) as charger:
        _, command = await done(charger, charge_point, "diagnostics", {"fileName": "x"}, location="ftp://f.example/")
        await says(charger, "Uploaded")
        assert (await now(command)).effect_text == "Uploaded"


async def test_a_charger_that_refused_brings_nothing(gateway: Server, charge_point: ChargePoint) -> None:
    """Its address is worth nothing from then on, not a day later."""
    async with asked(gateway, charge_point) as (charger, command, location):
        await charger.answer_error(call_of(command), "NotSupported", "no")
        await ended(command)
        assert (await now(command)).status == CommandStatus.FAILED
        assert await put(location, BODY) == 404
