"""A charge point that is not active yet: an installer's job lets it in, for tests and for nothing else."""

import pytest

from chargepoints.models import ChargePoint
from hub.audit.records import HUB
from hub.teams.models import Organisation
from installer.services.jobs import job_archive, job_complete, job_edit
from tests import factories
from tests.conftest import StartServer
from tests.factories import PASSWORD
from tests.gateway.tools import db, soon
from tests.installer.scene import Scene, scene
from tests.station import Refused, Station

pytestmark = pytest.mark.django_db(transaction=True)


async def test_it_is_let_in_while_its_job_is_open(
    server: StartServer, charge_point: ChargePoint, nordlys: Organisation, clean_redis: object
) -> None:
    gateway = server()
    await db(lambda: ChargePoint.objects.update(is_active=False))
    await db(lambda: factories.charge_key(nordlys, "CARD-1"))
    await db(lambda: factories.charge_key(nordlys, "TEST-1", for_tests=True))
    with pytest.raises(Refused) as refused:
        async with Station(gateway.ocpp_url, "NORD-1", PASSWORD):
            pass
    assert refused.value.status == 403
    job = await db(lambda: scene(charge_point.site, charge_point))
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        await station.boot()
        assert await verdict(station, "CARD-1") == "Blocked"
        assert await verdict(station, "TEST-1") == "Accepted"
        await db(lambda: job_complete(actor=HUB, job=job.job, activate=False))
        await soon(lambda: not ChargePoint.objects.get().commissioning)
        assert await station.close_code() == (4004, "the charge point was deactivated")


async def test_activated_with_the_job_it_stays_and_takes_drivers_only(
    server: StartServer, charge_point: ChargePoint, nordlys: Organisation, clean_redis: object
) -> None:
    gateway = server()
    await db(lambda: ChargePoint.objects.update(is_active=False))
    await db(lambda: factories.charge_key(nordlys, "CARD-1"))
    await db(lambda: factories.charge_key(nordlys, "TEST-1", for_tests=True))
    job = await db(lambda: scene(charge_point.site, charge_point))
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        await station.boot()
        await db(lambda: job_complete(actor=HUB, job=job.job, activate=True))
        assert await verdict(station, "CARD-1") == "Accepted"
        assert await verdict(station, "TEST-1") == "Blocked"


@pytest.mark.django_db
def test_what_leaves_the_job_or_is_archived_with_it_is_not_commissioned(job: Scene, charge_point: ChargePoint) -> None:
    other = factories.charge_point(charge_point.site, None, name="Bay 2")
    assert commissioned() == {"NORD-1"}
    job_edit(actor=HUB, job=job.job, charge_points=[other], fields={})
    assert commissioned() == {"Bay 2"}
    second = scene(charge_point.site, other)
    job_archive(actor=HUB, job=job.job)
    assert commissioned() == {"Bay 2"}, "another job still has it"
    job_archive(actor=HUB, job=second.job)
    assert commissioned() == set()


def commissioned() -> set[str]:
    return set(ChargePoint.objects.filter(commissioning=True).values_list("name", flat=True))


async def verdict(station: Station, id_tag: str) -> object:
    answer = await station.authorize(id_tag)
    info = answer["idTagInfo"]
    assert isinstance(info, dict)
    return info["status"]
