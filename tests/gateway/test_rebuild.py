"""`manage.py rebuild`: what is stored follows from the stored frames, and a row that does not is named."""

import json
from datetime import timedelta
from functools import partial
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from chargepoints.models import Charge, ChargePoint, LogLine, MeterSample, StatusChange
from tests import factories
from tests.conftest import StartServer
from tests.gateway.tools import db, log, soon, station
from tests.stage import Server
from tests.station import Station

pytestmark = pytest.mark.django_db(transaction=True)
NOW = factories.now()


def ago(minutes: float) -> str:
    """So many minutes before these tests."""
    return (NOW - timedelta(minutes=minutes)).isoformat()


def rebuild(*arguments: str) -> tuple[int, str]:
    """Exit code and output."""
    out = StringIO()
    try:
        call_command("rebuild", *arguments, stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


def everything() -> list[object]:
    """All rows that a rebuild may not touch."""
    return [list(model.objects.order_by("pk").values()) for model in (Charge, StatusChange, LogLine, MeterSample)]


async def day(one: Station, pair: Station) -> int:
    """What happens at a charger: charges, a lost stop, repeats, an orphan, faults. The first charge's id."""
    await one.boot()
    await one.status(0, "Available")
    for status in ("Preparing", "Charging", "SuspendedEV", "Charging", "Charging"):
        await one.status(1, status)
    first = int((await one.start(1, "X", 1000, ago(90)))["transactionId"])
    await one.meter(1, 1300, first, 7000, timestamp=ago(85))
    await one.meter(1, 1600, first, 6000, timestamp=ago(80))
    await one.meter(1, 1300, first, 7000, timestamp=ago(85))
    await one.status(1, "SuspendedEVSE", timestamp=ago(79))
    second = (await one.start(1, "Y", 2000, ago(70)))["transactionId"]
    await one.stop(first, 1900, "Local", ago(75))
    await one.start(1, "Y", 2000, ago(70))
    await one.status(1, "Finishing")
    for _ in range(2):
        await one.stop(second, 2500, "EVDisconnected", ago(60))
    await one.status(1, "Available")
    await one.stop(-1, 99, "Local", ago(50))
    await one.status(2, "Faulted", "GroundFailure", vendorErrorCode="E7", info="leak")
    await one.status(0, "Weird")
    await one.status(0, "Weird")
    third = (await one.start(2, "Z", 0, ago(40)))["transactionId"]
    await one.stop(0, 500, "Local", ago(30), idTag="Z")
    await one.stop(third, 600, "Local", ago(29))
    values = [{"timestamp": ago(m), "sampledValue": [{"value": str(wh)}]} for m, wh in ((20, 9), (25, 5), (15, 7))]
    fourth = (await one.start(2, "Z", 0, ago(26)))["transactionId"]
    await one.call("MeterValues", {"connectorId": 2, "transactionId": fourth, "meterValue": values})
    # Many at once are taken together, and mean what they would have meant one by one.
    for status in ("Charging", "SuspendedEV", "Finishing") * 5:
        body = {"connectorId": 2, "status": status, "errorCode": "NoError", "timestamp": ago(0)}
        await one.send_call("StatusNotification", body)
    await pair.start(1, "X", 5, ago(5))
    await one.status(2, "Charging")
    return first


async def test_equal(gateway: Server, charge_point: ChargePoint, far_charge_point: ChargePoint) -> None:
    """Charges, lost stops, repeats, orphans, matches: all of it follows from the frames, and nothing is changed."""
    async with station(gateway) as one, station(gateway, "NORD-2") as other:
        await day(one, other)
        before = await db(everything)
        changes = await StatusChange.objects.filter(charge_point=charge_point).acount()
        assert await db(lambda: rebuild("--charge-point", "nord-1")) == (
            0,
            f"equal: 5 charges, {changes} status changes\n",
        )
        assert await db(rebuild) == (0, f"equal: 6 charges, {changes} status changes\n")
        assert await db(everything) == before
    assert (await Charge.objects.filter(needs_review="").acount(), changes > 15) == (3, True)


async def test_a_wrong_row_is_named_and_mended(gateway: Server, charge_point: ChargePoint) -> None:
    """Changed, lost and invented rows; --apply stores what the frames say, and keeps a charge they do not tell of."""
    async with station(gateway) as one, station(gateway) as again:
        assert not again.unread
        first = await day(again, again)
        await one.close()
    rows = await db(lambda: list(Charge.objects.filter(charge_point=charge_point).order_by("pk")))
    lost, *_ = (charge for charge in rows if charge.id_tag == "Y")
    await soon(lambda: len(log(charge_point, action="Disconnect")) == 2, "both ends are stored")
    before = await db(everything)
    await Charge.objects.filter(transaction_id=str(first)).aupdate(energy_wh=123_456, needs_review="")
    await Charge.objects.filter(pk=lost.pk).adelete()
    changed = await StatusChange.objects.aearliest("pk")
    await StatusChange.objects.filter(pk=changed.pk).adelete()
    code, told = await db(rebuild)
    assert code == 1
    for sentence in (
        f"NORD-1: charge {first}: energy_wh is 123456, the frames say 900",
        f"NORD-1: charge {first}: needs_review is empty, the frames say Its stop arrived after",
        f"NORD-1: charge {lost.transaction_id} is missing",
        "NORD-1: status change is missing: ",
        "different: 4 in ",
    ):
        assert sentence in told
    assert (await db(lambda: rebuild("--apply")))[0] == 1
    assert (await db(rebuild))[0] == 0
    mended = await Charge.objects.aget(transaction_id=lost.transaction_id)
    assert (mended.connector_id, mended.energy_wh, mended.state) == (lost.connector_id, lost.energy_wh, lost.state)
    assert (await db(everything))[2:] == before[2:]
    await Charge.objects.acreate(charge_point=charge_point, transaction_id="7", started_at=factories.now())
    code, told = await db(lambda: rebuild("--apply"))
    assert (code, "NORD-1: charge 7 is not in the frames" in told) == (1, True)
    assert await Charge.objects.filter(transaction_id="7").aexists()


async def test_part_of_the_time(gateway: Server, charge_point: ChargePoint) -> None:
    """--from leaves what came before out of the comparison."""
    async with station(gateway) as one:
        first = await day(one, one)
        lines = await db(lambda: log(charge_point))
        await Charge.objects.filter(transaction_id=str(first)).aupdate(energy_wh=1)
        for line in lines[8::3]:
            code, told = await db(partial(rebuild, "--from", line.at.isoformat()))
            started = (await Charge.objects.aget(transaction_id=str(first))).start_received_at
            assert code == (1 if started and started >= line.at else 0), told


async def test_frames_that_cannot_be_applied_are_named(gateway: Server, charge_point: ChargePoint) -> None:
    """A frame that was taken out of the log is named, and so is what it leaves unexplained."""
    async with station(gateway) as one:
        tx = (await one.start(1, "X", 0))["transactionId"]
        await one.send_raw(json.dumps([2, "bad", "StopTransaction", {"transactionId": tx}]))
        assert (await one.recv_message())[0] == 4
        await one.stop(tx, 500)
    line = (await db(lambda: log(charge_point, action="StopTransaction", is_error=False)))[0]
    await LogLine.objects.filter(charge_point=charge_point, seq=line.seq).aupdate(request="(removed)")
    code, told = await db(rebuild)
    assert code == 1
    assert f"NORD-1: not replayable: line {line.seq}, StopTransaction: its frame cannot be read" in told
    assert f"charge {tx}: meter_stop_wh is 500, the frames say empty" in told


def test_unknown_identity(charge_point: ChargePoint) -> None:
    """Said in words."""
    with pytest.raises(CommandError, match="No charge point has the identity NOBODY"):
        rebuild("--charge-point", "NOBODY")
    assert rebuild() == (0, "equal: 0 charges, 0 status changes\n")


async def test_crash_is_part_of_the_replay(server: StartServer, charge_point: ChargePoint) -> None:
    """A stop matched because the answer to its start was lost is matched again: the log is seen as it was then."""
    running = server()
    async with station(running) as one:
        await one.send_call("StartTransaction", {"connectorId": 1, "idTag": "X", "meterStart": 0, "timestamp": ago(9)})
        await one.recv()
        running.kill()
    running.start()
    async with station(running) as two:
        await two.boot()
        await two.stop(-1, 900, "PowerLoss", ago(3))
        await two.boot()
        assert (await Charge.objects.aget()).energy_wh == 900
        assert await db(rebuild) == (0, "equal: 1 charges, 0 status changes\n")
