"""A job together with its first link, whole or not at all."""

from collections.abc import Mapping, Sequence

from django.db import transaction

from chargepoints.models import ChargePoint, Site
from hub.audit.records import Actor
from installer.models import InstallerJob
from installer.services.giving import LinkWanted, link_give
from installer.services.jobs import job_create


@transaction.atomic
def job_open(
    *,
    actor: Actor,
    site: Site,
    charge_points: Sequence[ChargePoint],
    fields: Mapping[str, object],
    link: LinkWanted,
    base: str,
) -> tuple[InstallerJob, str]:
    """The job and the token of its link, "" when that is mailed. Raises ActionRefused, and then there is neither."""
    job = job_create(actor=actor, site=site, charge_points=charge_points, fields=fields)
    return job, link_give(actor=actor, job=job, wanted=link, base=base)
