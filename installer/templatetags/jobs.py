"""What pages of charge points and sites show of jobs, without knowing of them."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import template

from chargepoints.models import Site
from chargepoints.rendering.sites import SiteRow
from installer.models import InstallerJob
from installer.rendering.jobs import JobLine, job_link_look, job_look
from installer.selectors.jobs import open_jobs_at, open_jobs_counted

register = template.Library()


@register.inclusion_tag("installer/jobs/_at_site.html", takes_context=True)
def open_jobs(context: Mapping[str, Any], site: Site) -> dict[str, object]:
    """The open jobs at a site, with a way to make one."""
    lines = [
        JobLine(job, job_look(job), figures, job_link_look(figures))
        for job, figures in open_jobs_at(context["user"], site.pk)
    ]
    return {"lines": lines, "site": site, "may_edit": context.get("may_edit", False)}


@register.simple_tag(takes_context=True)
def open_job_counts(context: Mapping[str, Any], rows: Iterable[SiteRow]) -> dict[int, int]:
    """How many jobs are open at each site of the list: one query for all."""
    return open_jobs_counted(context["user"], [row.site.pk for row in rows])


@register.filter
def at_site(counts: Mapping[int, int], site: Site) -> int:
    """The figure of one site."""
    return counts.get(site.pk, 0)


@register.filter
def by_whom(name: str, job: InstallerJob) -> str:
    """Who did something, on the pages of this job: what a link did has the job's number behind the name."""
    return name.removesuffix(f", job {job.number}")
