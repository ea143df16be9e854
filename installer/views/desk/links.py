"""Links of a job: another one, renewed, revoked. One that was made is shown once, on the job's page."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods
from redis.exceptions import RedisError

from chargepoints.exceptions import ActionRefused
from chargepoints.permissions import rights_on_site
from chargepoints.views.sites import CONFLICT, INVALID, dialog, posted, to
from hub import once
from hub.audit.records import Actor
from hub.http import HtmxHttpRequest
from hub.teams.choices import Right
from installer.choices import LinkState
from installer.forms.jobs import LinkForm, link_initial
from installer.models import InstallerJob, JobLink
from installer.permissions import job_links_for
from installer.services.giving import LinkWanted, link_give, link_renew
from installer.services.links import link_revoke
from installer.views.desk.shared import NEEDS_EDIT, SECTION, base_of, job_get


@require_http_methods(["GET", "HEAD", "POST"])
def job_link_new(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Another link for a job."""
    found = job_get(request.user, pk, Right.EDIT)
    initial = {"label": found.installer_name, "email": found.installer_email, **link_initial()}
    return _link(request, found, None, LinkForm(posted(request), initial=initial))


@require_http_methods(["GET", "HEAD", "POST"])
def job_link_renew(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """A new link in the place of one, which is revoked."""
    link = link_get(request, pk)
    initial = {"label": link.label, "email": link.job.installer_email, **link_initial()}
    return _link(request, link.job, link, LinkForm(posted(request), initial=initial))


@require_http_methods(["GET", "HEAD", "POST"])
def job_link_revoke(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Asks before a link is revoked; a POST revokes it."""
    link = link_get(request, pk)
    if request.method == "POST":
        link_revoke(actor=Actor.asking(request), link=link)
        messages.success(request, f"The link for {link.label} lets nobody in any more.")
        return to(request, "job", link.job_id)
    return _dialog(request, link.job, "_revoke", "Revoke the link", link=link)


def _link(request: HtmxHttpRequest, job: InstallerJob, old: JobLink | None, form: LinkForm) -> HttpResponse:
    refusal, status = "", 200
    if request.method == "POST":
        status = INVALID
        if form.is_valid():
            wanted, status = form.link(job), CONFLICT
            try:
                token = _given(request, job, old, wanted)
            except ActionRefused as refused:
                refusal = str(refused)
            else:
                link_tell(request, job, token, wanted)
                return to(request, "job", job.pk)
    title = "Renew the link" if old else "Another link"
    return _dialog(request, job, "_link", title, status=status, form=form, link=old, refusal=refusal)


def _given(request: HttpRequest, job: InstallerJob, old: JobLink | None, wanted: LinkWanted) -> str:
    actor, base = Actor.asking(request), base_of(request)
    if old is not None:
        return link_renew(actor=actor, link=old, wanted=wanted, base=base)
    return link_give(actor=actor, job=job, wanted=wanted, base=base)


def link_tell(request: HttpRequest, job: InstallerJob, token: str, wanted: LinkWanted) -> None:
    """Have the job's page show the link to this session, once; of a mailed one, say where it goes."""
    if not token:
        messages.success(request, f"The link goes to {wanted.email}. It stands under Links when the mail has gone out.")
        return
    try:
        once.once_keep(session_key=request.session.session_key, what=_what(job), secret=token)
    except RedisError:
        messages.error(request, "The link was made, but cannot be shown now. Make another one in a minute.")


def link_shown(request: HttpRequest, job: InstallerJob) -> str:
    """The token of the link that this session has just made; empty from then on."""
    if request.method != "GET":
        return ""
    return once.once_take(session_key=request.session.session_key, what=_what(job))


def link_get(request: HttpRequest, pk: int) -> JobLink:
    """The link, to change it. Raises Http404 or PermissionDenied."""
    links = job_links_for(request.user, Right.VIEW).select_related("job__site__team__organisation")
    found: JobLink = get_object_or_404(links, pk=pk)
    if Right.EDIT not in rights_on_site(request.user, found.job.site):
        raise PermissionDenied(NEEDS_EDIT)
    return found


def _what(job: InstallerJob) -> str:
    return f"job-link:{job.pk}"


def _dialog(
    request: HtmxHttpRequest, job: InstallerJob, name: str, title: str, *, status: int = 200, **more: object
) -> HttpResponse:
    context: dict[str, object] = {
        "section": SECTION,
        "job": job,
        "zone": job.site.time_zone,
        "title": title,
        "here": request.path,
        "back": reverse("job", args=[job.pk]),
        "back_name": str(job),
        "works": LinkState.WORKS,
        **more,
    }
    return dialog(request, f"installer/jobs/{name}.html", context, status=status)
