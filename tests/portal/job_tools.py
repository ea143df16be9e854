"""What the tests of installer jobs share."""

import hashlib
import uuid
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from django.test import Client
from django.urls import reverse

from chargepoints.models import ChargePoint
from hub.audit.records import HUB, Actor
from hub.teams.models import Organisation
from installer.models import InstallerJob, JobChargePoint, JobEdit, JobLink, JobMail, JobPhoto, JobTemplate
from installer.photo_files import photo_store
from installer.pictures import FULL, picture_made
from installer.services.jobs import job_create
from installer.services.links import link_actor, link_make
from installer.services.notes import note_save
from tests import factories
from tests.portal.handover_tools import JPEG
from tests.portal.matrix_tables.jobs import DONE_TOKEN, JOB_PHOTO, JOB_TOKEN

CHECKS = ["connected", "booted", "start", "energy", "stop"]


def job_at(*points: ChargePoint, actor: Actor = HUB, **fields: object) -> InstallerJob:
    """A job for these charge points of one site."""
    values = {"checks": CHECKS, "installer_name": "Ole Hansen", "installer_email": "ole@example.com"}
    return job_create(actor=actor, site=points[0].site, charge_points=points, fields={**values, **fields})


def link_of(job: InstallerJob, label: str = "Ole Hansen", **options: object) -> tuple[JobLink, str]:
    """A link of a job and its token."""
    return link_make(actor=HUB, job=job, label=label, **options)  # type: ignore[arg-type]


def job_of(point: ChargePoint) -> InstallerJob:
    """A job with one row of everything, named after the charge point."""
    mark = f"MARK-{point.identity}"
    job = job_at(point, description=mark, instructions="Type the serial.", contact="+47 22 00 00 01")
    link, _ = link_of(job, mark)
    row = job.rows.select_related("charge_point__site__team").get()
    note_save(actor=link_actor(link, "192.0.2.9"), row=row, text=f"{mark}: the cable is short.")
    note_save(actor=HUB, row=row, text=f"{mark}: use the long one.")
    photo_of(row, author=mark)
    JobEdit.objects.create(link=link, key=str(uuid.uuid4()), kind="note", answer={"note": mark}, http_status=200)
    lost = {"state": "given-up", "ended_at": factories.now(), "why": "The mail server cannot be reached."}
    JobMail.objects.create(job=job, kind="link", to="ole@example.com", label=mark, **lost)
    row.steps.filter(kind="connected").update(
        state="passed", evidence="Called from 192.0.2.9.", log_seq=1, by_name=mark, ended_at=factories.now()
    )
    row.steps.filter(kind="energy").update(state="skipped", skip_reason="No car", by_name=mark)
    operator = job.organisation
    JobTemplate.objects.get_or_create(organisation=operator, name=f"Template of {operator}", checks=CHECKS)
    return job


def html(client: Client, path: str) -> str:
    """A page that is there."""
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def given(*points: ChargePoint, **change: object) -> dict[str, object]:
    """A form that is filled in."""
    filled: dict[str, object] = {
        "charge_points": [point.pk for point in points],
        "description": "Two new ones",
        "instructions": "Type the serial",
        "installer_name": "Ole Hansen",
        "installer_email": "ole@example.com",
        "installer_phone": "+47 900 00 000",
        "contact": "+47 22 00 00 01",
        "checks": ["stop", "connected"],
        "configuration": "HeartbeatInterval = 300\n\n  MeterValueSampleInterval=60 ",
        "energy_s": 60,
        "activate_when_complete": "on",
        "expires_on": (factories.now() + timedelta(days=9)).date().isoformat(),
        "pin": "",
    }
    return {**filled, **change}


def link_wanted(**change: str) -> dict[str, str]:
    """The form of a link."""
    day = (factories.now() + timedelta(days=5)).date().isoformat()
    return {"label": "Kari", "expires_on": day, "pin": "", "email": "", **change}


def links_known(operator: Organisation) -> None:
    """The matrix knows the tokens of a job's link and of a completed job's, and a photo of the first."""
    job, done = InstallerJob.objects.filter(organisation=operator).order_by("pk")[:2]
    for each, token in ((job, JOB_TOKEN), (done, DONE_TOKEN)):
        # Used just now, so that a visit that is refused notes nothing.
        each.links.update(token_sha256=hashlib.sha256(token.encode()).hexdigest(), used_at=factories.now())
    InstallerJob.objects.filter(pk=done.pk).update(state="completed", completed_at=factories.now())
    photo_of(job.rows.all()[0], JOB_PHOTO)


def photo_of(row: JobChargePoint, pk: str = "", author: str = "Ole Hansen") -> None:
    """A photo with its bytes."""
    picture = picture_made(JPEG)
    facts = {"sha256": picture.sha256, "width": picture.width, "height": picture.height}
    photo = JobPhoto(row=row, size=len(picture.files[FULL]), author_name=author, **facts)
    photo.pk = UUID(pk) if pk else photo.pk
    photo.save(force_insert=True)
    photo_store(photo.pk, picture)


def job_urls(point: ChargePoint) -> Iterator[str]:
    """The lists, the forms, a job that runs and one that is completed, their dialogs, and the tab."""
    job = job_of(point)
    done = job_at(point)
    InstallerJob.objects.filter(pk=done.pk).update(
        state="completed", completed_at=factories.now() - timedelta(hours=1), open_problems=["NORD-1: no serial."]
    )
    template = JobTemplate.objects.get(organisation=job.organisation)
    yield from (reverse(name) for name in ("jobs", "job_new", "job_templates", "job_template_new"))
    yield reverse("jobs") + "?q=nothing-like-this"
    yield f"{reverse('job_new')}?site={job.site_id}&template={template.pk}"
    for name in ("job", "job_edit", "job_finish", "job_archive", "job_link_new"):
        yield reverse(name, args=[job.pk])
    yield from (reverse("job_report", args=[each.pk]) for each in (job, done))
    yield from (reverse(name, args=[done.pk]) for name in ("job", "job_activate"))
    link = job.links.all()[0]
    yield from (reverse(name, args=[link.pk]) for name in ("job_link_renew", "job_link_revoke"))
    yield reverse("job_note", args=[job.rows.all()[0].pk])
    yield reverse("charge_point_jobs", args=[point.pk])
    yield from (reverse(name, args=[template.pk]) for name in ("job_template_edit", "job_template_archive"))
