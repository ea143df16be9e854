"""A job with charge points and a link, and what a phone sends by it."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.test import Client

from chargepoints.models import ChargePoint, Site
from hub.audit.choices import ActorKind
from hub.audit.models import AuditEntry
from hub.audit.records import HUB
from installer.choices import StepKind
from installer.models import InstallerJob, JobChargePoint, JobLink
from installer.services.jobs import job_create
from installer.services.links import link_make
from tests import factories

CHECKS = [StepKind.CONNECTED, StepKind.START]


@dataclass
class Scene:
    """A job, its link and the browser of whoever has it."""

    job: InstallerJob
    link: JobLink
    token: str
    client: Client

    @property
    def base(self) -> str:
        """The page's address."""
        return f"/j/{self.token}/"

    def row(self, name: str) -> JobChargePoint:
        """The row of the charge point with this name."""
        return self.job.rows.select_related("charge_point").get(charge_point__name=name)

    def page(self) -> str:
        """The page, as HTML."""
        response = self.client.get(self.base)
        assert response.status_code == 200
        return response.content.decode()

    def send(self, kind: str, row: object, *, key: str = "", **fields: object) -> Any:
        """An edit, as the script sends it."""
        number = row.pk if isinstance(row, JobChargePoint) else row
        data = {"kind": kind, "row": number, **fields}
        return self.client.post(f"{self.base}edits/", data, headers={"Idempotency-Key": key or str(uuid.uuid4())})

    def plain(self, kind: str, row: JobChargePoint, **fields: object) -> Any:
        """The same without script."""
        return self.client.post(f"{self.base}edits/", {"kind": kind, "row": row.pk, **fields})

    def deeds(self) -> list[AuditEntry]:
        """What is on record of the link's holder, the oldest first, without the opening of the link."""
        entries = AuditEntry.objects.filter(actor_kind=ActorKind.JOB_LINK).exclude(act__endswith=".opened")
        return list(entries.order_by("pk"))


def scene(site: Site, *charge_points: ChargePoint, pin: str = "", **fields: object) -> Scene:
    """A job of these charge points with a link that works."""
    held = charge_points or (factories.charge_point(site, None, name="Bay 1"),)
    given = {"description": "Two boxes on the left wall", "checks": CHECKS, "contact": "+47 22 00 00 00", **fields}
    job = job_create(actor=HUB, site=site, charge_points=held, fields=given)
    link, token = link_make(actor=HUB, job=job, label="Ola", pin=pin)
    return Scene(job, link, token, Client())
