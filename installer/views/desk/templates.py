"""Templates of jobs: the list, a new one, editing, archiving."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from chargepoints.forms.fields import offer
from chargepoints.permissions import organisations_for
from chargepoints.views.sites import INVALID, dialog, posted, to
from hub.audit.records import Actor
from hub.http import HtmxHttpRequest
from hub.teams.choices import Right
from installer.forms.work import JobTemplateForm, work_of
from installer.models import JobTemplate
from installer.permissions import job_templates_for
from installer.services.templates import job_template_archive, job_template_create, job_template_edit
from installer.views.desk.shared import SECTION, Context

WHOLE = "Templates are made by who may change sites and charge points of the whole organisation."


@require_safe
def job_templates(request: HttpRequest) -> HttpResponse:
    """The templates of the person's organisations."""
    templates = list(job_templates_for(request.user).select_related("organisation"))
    editable = {each.pk for each in organisations_for(request.user, Right.EDIT)}
    context: Context = {
        "section": SECTION,
        "templates": templates,
        "editable": editable,
        "may_create": bool(editable),
        "many": len({template.organisation_id for template in templates}) > 1,
    }
    return render(request, "installer/templates/page.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def job_template_new(request: HttpRequest) -> HttpResponse:
    """A new template."""
    organisations = organisations_for(request.user, Right.EDIT).order_by("name", "pk")
    if not organisations:
        raise PermissionDenied(WHOLE)
    form = JobTemplateForm(posted(request), initial=work_of(None))
    offer(form.fields["organisation"], organisations)
    if request.method == "POST" and form.is_valid():
        try:
            made = job_template_create(
                actor=Actor.asking(request), organisation=form.cleaned_data["organisation"], fields=form.values()
            )
        except ValidationError as refusal:
            form.add_error("name", " ".join(refusal.messages))
        else:
            messages.success(request, f"{made} was created. A new job can begin with it.")
            return redirect("job_templates")
    return _form(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
def job_template_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a template; jobs stay as they are."""
    found = _get(request, pk)
    initial = {**work_of(found), "name": found.name, "organisation": found.organisation_id}
    form = JobTemplateForm(posted(request), initial=initial)
    del form.fields["organisation"]
    if request.method == "POST" and form.is_valid():
        try:
            job_template_edit(actor=Actor.asking(request), template=found, fields=form.values())
        except ValidationError as refusal:
            form.add_error("name", " ".join(refusal.messages))
        else:
            messages.success(request, f"{form.cleaned_data['name']} was saved.")
            return redirect("job_templates")
    return _form(request, form, found)


@require_http_methods(["GET", "HEAD", "POST"])
def job_template_put_away(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Asks first; a POST archives it."""
    found = _get(request, pk)
    if request.method == "POST":
        job_template_archive(actor=Actor.asking(request), template=found)
        messages.success(request, f"{found} was archived.")
        return to(request, "job_templates")
    context: Context = {"section": SECTION, "template": found, "title": "Archive", "here": request.path}
    context |= {"back": reverse("job_templates"), "back_name": "Templates"}
    return dialog(request, "installer/templates/_archive.html", context)


def _get(request: HttpRequest, pk: int) -> JobTemplate:
    found: JobTemplate = get_object_or_404(job_templates_for(request.user).select_related("organisation"), pk=pk)
    if not organisations_for(request.user, Right.EDIT).filter(pk=found.organisation_id).exists():
        raise PermissionDenied(WHOLE)
    return found


def _form(request: HttpRequest, form: JobTemplateForm, found: JobTemplate | None) -> HttpResponse:
    context: Context = {"section": SECTION, "form": form, "template": found, "back": reverse("job_templates")}
    return render(request, "installer/templates/form.html", context, status=INVALID if form.is_bound else 200)
