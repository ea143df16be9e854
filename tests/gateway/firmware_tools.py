"""What the tests of firmware share: a charger with a file for it, the address that it is told, and what it fetches."""

import httpx
from django.utils import timezone

from chargepoints.models import ChargePoint, Command, FirmwareFile
from tests.gateway.orders import done
from tests.gateway.tools import db, log
from tests.portal.firmware_tools import firmware_made
from tests.station import Station

CONTENT = b"version=6.0.0\n" + bytes(range(256)) * 8000
MISSING = (404, b"")


def http() -> httpx.AsyncClient:
    """The HTTP side of a charger."""
    return httpx.AsyncClient(trust_env=False, timeout=10)


async def box(charge_point: ChargePoint, firmware: str = "5.2.1") -> FirmwareFile:
    """NORD-1 is a DC150 with this firmware; 6.0.0 for it is in the library."""
    about = ChargePoint.objects.filter(pk=charge_point.pk)
    await db(lambda: about.update(vendor="Polstrom", model="DC150", firmware=firmware, booted_at=timezone.now()))
    return await db(lambda: firmware_made(charge_point.site.team.organisation, content=CONTENT))


async def ordered(charger: Station, charge_point: ChargePoint, file: FirmwareFile) -> tuple[str, Command]:
    """The address that the charger was told, and the accepted command."""
    asked, command = await done(charger, charge_point, "firmware", {}, firmware=str(file.pk))
    return asked["location"], command


async def found(client: httpx.AsyncClient, address: str, **headers: str) -> tuple[int, bytes]:
    """Status and body of a GET."""
    answer = await client.get(address, headers=headers)
    return answer.status_code, answer.content


def fetches(charge_point: ChargePoint) -> list[str]:
    """What the log says of fetches."""
    return [line.fact for line in log(charge_point, action="Firmware fetched")]
