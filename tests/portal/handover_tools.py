"""A job of an installer with photos and results, and the ways in."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from chargepoints.models import ChargePoint, Site
from hub.audit.records import HUB, Actor
from installer.choices import StepKind
from installer.models import InstallerJob, JobChargePoint, JobLink
from installer.services.jobs import job_create
from installer.services.links import link_actor, link_make
from installer.services.receiving import photo_receive
from tests.test_pictures import drawn, encoded

JPEG = encoded(drawn(64, 48))
CHECKS = [StepKind.CONNECTED, StepKind.START, StepKind.ENERGY]


@dataclass(frozen=True)
class Visit:
    """A job, a link into it, and a phone without an account."""

    job: InstallerJob
    link: JobLink
    token: str
    client: Client

    @property
    def row(self) -> JobChargePoint:
        """The first charge point."""
        return self.job.rows.order_by("position")[0]

    @property
    def actor(self) -> Actor:
        """Who acts by the link."""
        return link_actor(self.link, "192.0.2.7")

    def url(self, rest: str = "") -> str:
        """An address of the public page."""
        return f"/j/{self.token}/{rest}"

    def send(self, data: bytes = JPEG, *, key: str = "", row: int | None = None, kind: str = "plate") -> "Answered":
        """Send a photo as the phone's script does."""
        file = SimpleUploadedFile("photo.jpg", data, "image/jpeg")
        fields = {"row": str(row or self.row.pk), "photo_kind": kind, "photo": file}
        headers = {"Idempotency-Key": key or str(uuid4())}
        response = self.client.post(self.url("photos/"), fields, headers=headers)
        return Answered(response.status_code, response.json(), response.get("Idempotency-Replayed", ""))

    def remove(self, pk: UUID, *, row: int | None = None) -> "Answered":
        """Remove a photo as the phone's script does."""
        fields = {"kind": "photo-removed", "row": str(row or self.row.pk), "photo": str(pk)}
        response = self.client.post(self.url("edits/"), fields, headers={"Idempotency-Key": str(uuid4())})
        return Answered(response.status_code, response.json(), response.get("Idempotency-Replayed", ""))

    def photo(self, data: bytes = JPEG, *, row: JobChargePoint | None = None) -> UUID:
        """A photo of the job, taken without a request."""
        answer = photo_receive(
            link=self.link,
            actor=self.actor,
            key=str(uuid4()),
            row_id=(row or self.row).pk,
            shows="plate",
            data=data,
        )
        return UUID(str(answer.body["photo"]))


@dataclass(frozen=True)
class Answered:
    """What the phone was told."""

    status: int
    body: dict[str, object]
    replayed: str


def visit(site: Site, charge_points: Sequence[ChargePoint], **fields: object) -> Visit:
    """A new job with a link to it."""
    job = job_create(actor=HUB, site=site, charge_points=charge_points, fields={"checks": CHECKS} | fields)
    link, token = link_make(actor=HUB, job=job, label="Ola, Elektro AS")
    return Visit(job, link, token, Client())
