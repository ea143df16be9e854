"""The hand-over report as a PDF, whoever asks for it."""

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response

from installer.rendering.report import Report
from installer.rendering.report_pdf import report_pdf


def report_response(request: HttpRequest, report: Report) -> HttpResponse:
    """The PDF; a browser that has the same one already is told so, and none is made."""
    # Those who are told no names have another file of the same data.
    etag = f'"{report.checksum}{"" if report.made_by else "-unnamed"}"'
    kept = get_conditional_response(request, etag=etag)
    if kept is not None:
        return kept
    response = HttpResponse(report_pdf(report), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="hand-over-{report.number}.pdf"'
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-cache"
    response["ETag"] = etag
    return response
