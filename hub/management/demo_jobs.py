"""Puts the demo's installer job into the database."""

from django.utils import timezone

from chargepoints.models import ChargePoint, Site
from hub.audit.choices import ActorKind
from hub.audit.records import HUB, Actor
from hub.demo.jobs import JOB
from installer.choices import StepState
from installer.models import InstallerJob
from installer.services.jobs import job_begin, job_create
from installer.services.links import link_actor, link_make
from installer.services.notes import note_save
from installer.services.templates import job_template_create


def job_demo_create() -> None:
    """One job in progress, its template, and a link whose token nobody has: make another on the job's page."""
    site = Site.objects.select_related("team__organisation").get(name=JOB.site)
    configuration = [{"key": key, "value": value} for key, value in JOB.configuration]
    work = {"instructions": JOB.instructions, "checks": list(JOB.checks), "configuration": configuration}
    job_template_create(
        actor=HUB, organisation=site.team.organisation, fields={**work, "name": JOB.template, "energy_s": 60}
    )
    points = list(ChargePoint.objects.filter(site=site).order_by("name"))
    person = {"installer_name": JOB.installer, "description": JOB.description, "contact": JOB.contact}
    job = job_create(actor=HUB, site=site, charge_points=points, fields={**work, **person})
    link, _ = link_make(actor=HUB, job=job, label=JOB.installer)
    job_begin(job=job)
    _work(job, link_actor(link, "192.0.2.44"))


def _work(job: InstallerJob, installer: Actor) -> None:
    assert installer.kind == ActorKind.JOB_LINK
    rows = {row.charge_point.name: row for row in job.rows.select_related("charge_point__site__team")}
    first, last = rows["Rapid A"], rows["C2"]
    for kind, evidence in JOB.passed:
        first.steps.filter(kind=kind).update(
            state=StepState.PASSED, evidence=evidence, by_name=installer.name, ended_at=timezone.now()
        )
    note_save(actor=HUB, row=last, text=JOB.operator_note)
    note_save(actor=installer, row=last, text=JOB.installer_note)
