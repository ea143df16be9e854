"""What the desk's pages of jobs share."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from chargepoints.permissions import Person, rights_on_site
from chargepoints.views.sites import dialog
from hub.http import HtmxHttpRequest
from hub.teams.choices import Right
from installer.models import InstallerJob, JobChargePoint
from installer.permissions import job_rows_for, jobs_seen

SECTION = "jobs"
NEEDS_EDIT = "Your role does not allow this. It needs: change sites and charge points."
Context = dict[str, object]


def job_get(person: Person, pk: int, right: Right = Right.VIEW) -> InstallerJob:
    """The job, archived or not. Raises Http404 for one that is not the person's to see, PermissionDenied else."""
    jobs = jobs_seen(person).select_related("site__team__organisation", "organisation")
    found: InstallerJob = get_object_or_404(jobs, pk=pk)
    if right not in rights_on_site(person, found.site):
        raise PermissionDenied(NEEDS_EDIT)
    return found


def job_row_get(person: Person, pk: int) -> JobChargePoint:
    """A charge point of a job, to be worked on. Raises Http404, PermissionDenied as `job_get`."""
    rows = job_rows_for(person, Right.VIEW).select_related("job__site__team", "charge_point__site__team")
    found: JobChargePoint = get_object_or_404(rows, pk=pk)
    if Right.EDIT not in rights_on_site(person, found.job.site):
        raise PermissionDenied(NEEDS_EDIT)
    return found


def job_dialog(
    request: HtmxHttpRequest, job: InstallerJob, name: str, title: str, *, status: int = 200, **more: object
) -> HttpResponse:
    """A dialog over the job's page, or a page of its own without script."""
    context: dict[str, object] = {
        "section": SECTION,
        "job": job,
        "title": title,
        "here": request.path,
        "back": reverse("job", args=[job.pk]),
        "back_name": str(job),
        **more,
    }
    return dialog(request, f"installer/jobs/{name}.html", context, status=status)


def base_of(request: HttpRequest) -> str:
    """The portal's address, as this request reached it."""
    return request.build_absolute_uri("/")
