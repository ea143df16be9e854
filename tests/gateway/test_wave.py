"""A firmware wave on the wire: one goes ahead, the others follow when it has booted with the new version."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from chargepoints.action_choices import BatchState
from chargepoints.models import ChargePoint, CommandBatch, Site
from chargepoints.pacing import Pace
from chargepoints.services.batches import batch_create
from hub.teams.models import User
from tests import factories
from tests.gateway.firmware_tools import box
from tests.gateway.test_batches import stands, there
from tests.gateway.tools import db, soon
from tests.stage import Server
from tests.station import Station

pytestmark = pytest.mark.django_db(transaction=True)


async def updated(charger: Station, version: str) -> None:
    """It is told of the update, and boots with it."""
    call = await charger.expect("UpdateFirmware", deadline=10)
    assert "/files/" in call.payload["location"]
    await charger.answer(call, {})
    for word in ("Downloading", "Downloaded", "Installing", "Installed"):
        await charger.call("FirmwareStatusNotification", {"status": word})
    await charger.boot(vendor="Polstrom", model="DC150", firmwareVersion=version)


async def test_a_wave(desk: Server, alice: User, site: Site) -> None:
    points = await db(lambda: [factories.charge_point(site, f"NORD-{number}") for number in (1, 2, 3)])
    file = await box(points[0])
    async with AsyncExitStack() as stack:
        first, *others = await there(stack, desk, points)
        for charger in (first, *others):
            await charger.boot(vendor="Polstrom", model="DC150", firmwareVersion="1.0")
        batch = await db(
            lambda: batch_create(
                organisation=site.team.organisation,
                kind="firmware",
                parameters={"firmware": str(file.pk), "retries": 3},
                charge_points=[p.pk for p in points],
                left_out={},
                pace=Pace(canaries=1, watch_s=1, halt_percent=10),
                author=alice,
                firmware=file,
            )
        )
        await updated(first, file.version)
        await stands(batch, "watched", "waiting", "waiting")
        await asyncio.gather(*(updated(charger, file.version) for charger in others))
        await stands(batch, "done", "done", "done")
        await soon(lambda: CommandBatch.objects.get().state == BatchState.FINISHED)
        rows = [row.why async for row in batch.rows.all()]
        assert rows == ["", "", ""], rows
    assert await ChargePoint.objects.filter(firmware=file.version).acount() == 3
