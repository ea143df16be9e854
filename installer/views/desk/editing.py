"""Making a job and changing it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from chargepoints.exceptions import ActionRefused
from chargepoints.forms.fields import site_label
from chargepoints.models import Site
from chargepoints.permissions import sites_for
from chargepoints.views.sites import CONFLICT, INVALID, posted
from hub.audit.records import Actor
from hub.teams.choices import Right
from installer.choices import WORKABLE
from installer.forms.jobs import JobForm, JobNewForm, PlaceForm, TemplateForm, link_initial
from installer.forms.work import work_of
from installer.models import InstallerJob
from installer.permissions import job_templates_usable
from installer.services.jobs import EDITABLE, job_edit
from installer.services.opening import job_open
from installer.views.desk.links import link_tell
from installer.views.desk.shared import NEEDS_EDIT, SECTION, Context, base_of, job_get


@require_http_methods(["GET", "HEAD", "POST"])
def job_new(request: HttpRequest) -> HttpResponse:
    """First where, then what: `?site=` and `?template=` are in the address. A POST makes job and link."""
    sites = sites_for(request.user, Right.EDIT).select_related("team").order_by("name", "pk")
    known = list(sites)
    if not known:
        raise PermissionDenied(NEEDS_EDIT)
    place = PlaceForm(request.GET if request.GET.get("site") else None, sites=sites)
    site = place.cleaned_data["site"] if place.is_valid() else None
    if len(known) == 1 and not place.is_bound:
        site = known[0]
    if site is None:
        context: Context = {"section": SECTION, "form": place, "site_labels": [site_label(each) for each in known]}
        return render(request, "installer/jobs/place.html", context, status=INVALID if place.is_bound else 200)
    return _new(request, site, many_sites=len(known) > 1)


def _new(request: HttpRequest, site: Site, *, many_sites: bool) -> HttpResponse:
    templates = job_templates_usable(request.user).filter(organisation=site.team.organisation_id)
    template = TemplateForm(request.GET, templates=templates).chosen()
    initial = {
        **work_of(template),
        **link_initial(),
        "charge_points": list(site.charge_points.filter(archived_at=None).values_list("pk", flat=True)),
        "activate_when_complete": True,
    }
    form = JobNewForm(posted(request), site=site, initial=initial)
    status = 200
    if request.method == "POST":
        status = INVALID
        if form.is_valid():
            made = _opened(request, site, form)
            if made is not None:
                return redirect("job", made.pk)
            status = CONFLICT
    context: Context = {"site": site, "templates": list(templates), "template": template, "many_sites": many_sites}
    return _form(request, form, context, status)


def _opened(request: HttpRequest, site: Site, form: JobNewForm) -> InstallerJob | None:
    wanted = form.link(site.time_zone)
    try:
        made, token = job_open(
            actor=Actor.asking(request),
            site=site,
            charge_points=list(form.cleaned_data["charge_points"]),
            fields=form.values(),
            link=wanted,
            base=base_of(request),
        )
    except ActionRefused as refused:
        form.add_error(None, str(refused))
        return None
    link_tell(request, made, token, wanted)
    return made


@require_http_methods(["GET", "HEAD", "POST"])
def job_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a job that is not completed."""
    found = job_get(request.user, pk, Right.EDIT)
    if found.state not in WORKABLE:
        messages.error(request, f"The job is {found.get_state_display()}: it can only be read.")
        return redirect("job", pk)
    points = list(found.rows.values_list("charge_point", flat=True))
    initial = {**{name: getattr(found, name) for name in EDITABLE}, "charge_points": points}
    form = JobForm(posted(request), site=found.site, initial=initial)
    status = 200
    if request.method == "POST":
        status = INVALID
        if form.is_valid():
            try:
                job_edit(
                    actor=Actor.asking(request),
                    job=found,
                    charge_points=list(form.cleaned_data["charge_points"]),
                    fields=form.values(),
                )
            except ActionRefused as refused:
                form.add_error(None, str(refused))
                status = CONFLICT
            else:
                messages.success(request, f"{found} was saved.")
                return redirect("job", pk)
    return _form(request, form, {"site": found.site, "job": found}, status)


def _form(request: HttpRequest, form: JobForm, context: Context, status: int) -> HttpResponse:
    job = context.get("job")
    back = reverse("job", args=[job.pk]) if isinstance(job, InstallerJob) else reverse("jobs")
    shared: Context = {"section": SECTION, "form": form, "back": back, "here": request.get_full_path()}
    return render(request, "installer/jobs/form.html", {**shared, **context}, status=status)
