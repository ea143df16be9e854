"""The acceptance test from the desk: start and stop it, run a step again, leave one out."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from chargepoints.exceptions import ActionRefused
from chargepoints.permissions import rights_on_site
from chargepoints.views.sites import CONFLICT, INVALID, posted, to
from hub.audit.records import Actor
from hub.http import HtmxHttpRequest
from hub.teams.choices import Right
from installer.forms.jobs import SkipForm
from installer.models import AcceptanceStep, JobChargePoint
from installer.permissions import job_steps_for
from installer.services.skips import step_skip
from installer.services.testing import step_again, test_start, test_stop, tests_start
from installer.views.desk.shared import NEEDS_EDIT, job_dialog, job_get, job_row_get


@require_POST
def job_row_test(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Start the test of one charge point of a job, or break it off with `do=stop` (`pk` is that of its row)."""
    row = job_row_get(request.user, pk)
    try:
        if request.POST.get("do") == "stop":
            test_stop(actor=Actor.asking(request), row=row)
        else:
            test_start(actor=Actor.asking(request), row=row)
    except ActionRefused as refused:
        messages.error(request, str(refused))
    return _back(row)


@require_POST
def job_tests(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Start the test of every charge point of the job that is connected and has something left to do."""
    job = job_get(request.user, pk, Right.EDIT)
    try:
        count = tests_start(actor=Actor.asking(request), job=job)
    except ActionRefused as refused:
        messages.error(request, str(refused))
    else:
        some = f"{count} test{'' if count == 1 else 's'} started."
        messages.success(request, some if count else "No connected charger has anything left to test.")
    return to(request, "job", pk)


@require_POST
def job_step_again(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Run one step again."""
    step = _step(request, pk)
    try:
        step_again(actor=Actor.asking(request), row=step.row, step_id=str(step.pk))
    except ActionRefused as refused:
        messages.error(request, str(refused))
    return _back(step.row)


@require_http_methods(["GET", "HEAD", "POST"])
def job_step_skip(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Asks why; a POST leaves the step out."""
    step = _step(request, pk)
    form = SkipForm(posted(request))
    refusal, status = "", 200
    if request.method == "POST":
        status = INVALID
        if form.is_valid():
            try:
                reason = form.cleaned_data["reason"]
                step_skip(actor=Actor.asking(request), row=step.row, step_id=str(step.pk), reason=reason)
            except ActionRefused as refused:
                refusal, status = str(refused), CONFLICT
            else:
                return to(request, "job", step.row.job_id)
    more = {"step": step, "form": form, "refusal": refusal}
    return job_dialog(request, step.row.job, "_skip", "Leave a step out", status=status, **more)


def _step(request: HtmxHttpRequest, pk: int) -> AcceptanceStep:
    steps = job_steps_for(request.user, Right.VIEW).select_related(
        "row__job__site__team", "row__charge_point__site__team"
    )
    found: AcceptanceStep = get_object_or_404(steps, pk=pk)
    if Right.EDIT not in rights_on_site(request.user, found.row.job.site):
        raise PermissionDenied(NEEDS_EDIT)
    return found


def _back(row: JobChargePoint) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('job', args=[row.job_id])}#row-{row.pk}")
