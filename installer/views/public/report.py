"""The hand-over report for whoever has the link, once the job is completed."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from hub.limits import limits
from installer.choices import JobState
from installer.rendering.report import report_of
from installer.views.public.gate import TOO_MANY, LinkRequest, by_link
from installer.views.report_file import report_response

# Making one takes about a second.
PER_MINUTE = 6


@by_link
@require_safe
def job_public_report(request: LinkRequest, token: str) -> HttpResponse:
    """The report without names of persons; there is none before the job is completed."""
    job = request.link.job
    if job.state != JobState.COMPLETED:
        words = "The report is there when the job is completed.\n"
        return HttpResponse(words, status=404, content_type="text/plain; charset=utf-8")
    budget = limits.take(f"job-report:{request.link.pk}", PER_MINUTE)
    if budget is not None and budget.is_spent:
        return HttpResponse("Too many reports. Try again in a minute.\n", content_type="text/plain", status=TOO_MANY)
    return report_response(request, report_of(job, is_public=True))
