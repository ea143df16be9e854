"""The hand-over report of a job at the desk."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from installer.models import InstallerJob
from installer.permissions import jobs_for
from installer.rendering.report import report_of
from installer.views.report_file import report_response


@require_safe
def job_report(request: HttpRequest, pk: int) -> HttpResponse:
    """The report as a page, to be read or printed."""
    job = _job(request, pk)
    context = {"section": "jobs", "job": job, "report": report_of(job)}
    return render(request, "installer/report/page.html", context)


@require_safe
def job_report_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The same as a PDF, with the photos."""
    return report_response(request, report_of(_job(request, pk)))


def _job(request: HttpRequest, pk: int) -> InstallerJob:
    """The job, also an archived one."""
    seen = jobs_for(request.user) | jobs_for(request.user, archived=True)
    return get_object_or_404(seen.select_related("site__team__organisation"), pk=pk)


urlpatterns: list[URLPattern] = [
    path("jobs/<int:pk>/report/", job_report, name="job_report"),
    path("jobs/<int:pk>/report.pdf", job_report_pdf, name="job_report_pdf"),
]
