"""The public page of a job: the page itself, its live parts, completing it."""

from contextlib import suppress

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from chargepoints.exceptions import ActionRefused
from installer.choices import WORKABLE
from installer.rendering.page import job_view
from installer.selectors.jobs import inactive_at
from installer.selectors.problems import problems_of
from installer.selectors.rows import job_version
from installer.services.jobs import job_complete as complete
from installer.views.public.gate import LinkRequest, by_link, page, see_other

NOTHING_NEW = 204


@by_link
@require_safe
def job_page(request: LinkRequest, token: str) -> HttpResponse:
    """Everything of the job on one page, for reading only once it is completed."""
    return page("job", {"view": job_view(request.link.job, token), "link": request.link})


@by_link
@require_safe
def job_state(request: LinkRequest, token: str) -> HttpResponse:
    """The live parts of the page, each with its id; 204 when they are still as in version `v`."""
    job = request.link.job
    version = job_version(job)
    if request.GET.get("v") == version:
        response = HttpResponse(status=NOTHING_NEW)
    else:
        response = page("_live", {"view": job_view(job, token, version=version)})
    response.headers["ETag"] = f'"{version}"'
    return response


@by_link
@require_http_methods(["GET", "HEAD", "POST"])
def job_complete(request: LinkRequest, token: str) -> HttpResponse:
    """What is still wrong, whether all charge points become active, and the end of the job."""
    job = request.link.job
    if request.method == "POST":
        # Refused: somebody has completed it meanwhile, and the page says so.
        with suppress(ActionRefused):
            complete(
                actor=request.actor,
                job=job,
                activate="activate" in request.POST,
                base=request.build_absolute_uri("/"),
            )
        return see_other("job_page", token)
    if job.state not in WORKABLE:
        return see_other("job_page", token)
    context = {"view": job_view(job, token), "problems": problems_of(job), "sleeping": inactive_at(job)}
    return page("complete", context)
