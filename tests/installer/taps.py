"""Taps on the remote actions and the acceptance test of the public page, and what the page shows of them."""

import re
import uuid
from datetime import timedelta
from html import unescape
from typing import Any

from chargepoints.choices import ConnectorStatus, Integration, State
from chargepoints.models import ChargePoint, Connection
from installer.models import JobChargePoint
from tests import factories
from tests.installer.scene import Scene


def connected(point: ChargePoint, **fields: object) -> None:
    """Let the charge point be connected since a moment ago."""
    since = factories.now() - timedelta(seconds=30)
    Connection.objects.filter(pk=point.pk).update(is_connected=True, connected_at=since, last_seq=7)
    fields = {"integration": Integration.CONNECTED, "state": State.AVAILABLE, **fields}
    ChargePoint.objects.filter(pk=point.pk).update(**fields)
    point.connectors.update(status=ConnectorStatus.AVAILABLE)


def act(job: Scene, kind: str, *, row: object = None, key: str = "", **fields: object) -> Any:
    """A tap, as the script sends it."""
    number = (row or job.row("NORD-1")).pk if isinstance(row, JobChargePoint | None) else row
    headers = {"Idempotency-Key": key or str(uuid.uuid4())}
    return job.client.post(f"{job.base}rows/{number}/actions/{kind}/", fields, headers=headers)


def words(html: str) -> str:
    """The text of a piece of a page."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html))).strip()


def part(job: Scene, name: str = "NORD-1") -> str:
    """The live part with the actions of this charge point, as HTML."""
    html = job.client.get(f"{job.base}state/").content.decode()
    pk = job.row(name).pk
    found = re.search(rf'<div id="row-{pk}-actions".*?(?=<div id="row-{pk}-steps")', html, re.DOTALL)
    assert found
    return found.group(0)


def buttons(job: Scene, name: str = "NORD-1") -> list[str]:
    """What the buttons say."""
    found = re.findall(r"<button.*?</button>", part(job, name), re.DOTALL)
    return [words(button).replace("connector ", "") for button in found]


def press(job: Scene, do: str, *, name: str = "NORD-1", plain: bool = False, **fields: object) -> Any:
    """A button of the acceptance test, by the page's script or without."""
    headers = {} if plain else {"Idempotency-Key": str(uuid.uuid4())}
    return job.client.post(f"{job.base}rows/{job.row(name).pk}/test/", {"do": do, **fields}, headers=headers)
