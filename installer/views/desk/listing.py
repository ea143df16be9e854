"""The list of jobs, and one job's page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from chargepoints.permissions import rights_on_site, sites_for
from chargepoints.rendering.charge_point import charge_point_head
from chargepoints.rendering.qr import qr
from chargepoints.views.charge_point import charge_point_base, charge_point_get
from hub.http import HtmxHttpRequest
from hub.teams.choices import Right
from installer.choices import WORKABLE, JobState
from installer.forms.jobs import STATES, JobFilterForm
from installer.models import InstallerJob
from installer.rendering.jobs import (
    deed_lines,
    job_lines,
    job_link_look,
    job_look,
    link_lines,
    mail_address,
    row_cards,
    rows_lines,
    step_parts,
)
from installer.selectors.deeds import deeds_commands, job_deeds
from installer.selectors.jobs import (
    inactive_at,
    job_figures,
    job_links,
    job_mails,
    job_rows,
    jobs_find,
    jobs_page,
    rows_of_charge_point,
)
from installer.selectors.problems import problems_of
from installer.services.links import link_find
from installer.services.mails import link_address, link_letter
from installer.views.desk.links import link_shown
from installer.views.desk.shared import SECTION, Context, base_of, job_get


@require_safe
def jobs(request: HtmxHttpRequest) -> HttpResponse:
    """Every job with its figures; for htmx only the table that matches the filters."""
    form = JobFilterForm(request.GET)
    filters = form.filters()
    rows, after = jobs_page(jobs_find(request.user, filters), form.page_after())
    query = request.GET.copy()
    query.pop("after", None)
    first_page = query.urlencode()
    query["after"] = str(after)
    context: Context = {
        "section": SECTION,
        "form": form,
        "filters": filters,
        "lines": job_lines(rows, job_figures(rows)),
        "states": STATES,
        "sites": sites_for(request.user).order_by("name", "pk"),
        "is_later_page": form.page_after() is not None,
        "first_page": first_page,
        "next_page": query.urlencode() if after is not None else "",
        "many_organisations": len({job.organisation_id for job in rows}) > 1,
        "may_create": sites_for(request.user, Right.EDIT).exists(),
    }
    name = "_table" if request.htmx and not request.htmx.history_restore_request else "page"
    response = render(request, f"installer/jobs/{name}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@never_cache
@require_safe
def job(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """One job: progress, its charge points, its links and who did what. A link just made is shown, once."""
    found = job_get(request.user, pk)
    context = _job(request, found)
    if not request.htmx:
        context |= _new_link(request, found)
    return render(request, "installer/jobs/job.html", context)


def _job(request: HttpRequest, found: InstallerJob) -> Context:
    is_open = found.state in WORKABLE
    rights = rights_on_site(request.user, found.site)
    deeds = job_deeds(request.user, found)
    figures = job_figures([found])[found.pk]
    return {
        "section": SECTION,
        "job": found,
        "zone": found.site.time_zone,
        "look": job_look(found),
        "figures": figures,
        "parts": step_parts(figures),
        "link_look": job_link_look(figures),
        "cards": row_cards(job_rows(found)),
        "problems": found.open_problems if found.completed_at else problems_of(found),
        "links": link_lines(job_links(found)),
        "mails": job_mails(found) if is_open else [],
        "deeds": deed_lines(deeds, deeds_commands(request.user, deeds)),
        "is_open": is_open,
        "may_edit": Right.EDIT in rights,
        "inactive": inactive_at(found) if found.state == JobState.COMPLETED else 0,
        "here": reverse("job", args=[found.pk]),
    }


def _new_link(request: HttpRequest, found: InstallerJob) -> Context:
    token = link_shown(request, found)
    link = link_find(token) if token else None
    if link is None:
        return {}
    address = link_address(base_of(request), token)
    subject, text = link_letter(link, address)
    return {
        "new_link": link,
        "address": address,
        "letter": text,
        "mailto": mail_address(found.installer_email, subject, text),
        "qr": qr(address),
    }


@require_safe
def charge_point_jobs(request: HttpRequest, pk: int) -> HttpResponse:
    """The tab "Jobs and notes" of a charge point."""
    found = charge_point_get(request.user, pk)
    context = charge_point_base(found) | {
        "tab": "jobs",
        "head": charge_point_head(found),
        "rows": rows_lines(rows_of_charge_point(request.user, found)),
        "may_edit": Right.EDIT in rights_on_site(request.user, found.site),
    }
    return render(request, "installer/jobs/charge_point.html", context)
