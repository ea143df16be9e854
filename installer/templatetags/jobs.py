"""What pages of charge points and sites show of jobs, without knowing of them."""

from collections.abc import Mapping
from typing import Any

from django import template

from chargepoints.models import Site
from installer.rendering.jobs import JobLine, job_look
from installer.selectors.jobs import open_jobs_at

register = template.Library()


@register.inclusion_tag("installer/jobs/_at_site.html", takes_context=True)
def open_jobs(context: Mapping[str, Any], site: Site) -> dict[str, object]:
    """The open jobs at a site, with a way to make one."""
    lines = [JobLine(job, job_look(job), figures) for job, figures in open_jobs_at(context["user"], site.pk)]
    return {"lines": lines, "site": site, "may_edit": context.get("may_edit", False)}
