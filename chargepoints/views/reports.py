"""Reports: figures of a period, and taking them away."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET, require_safe

from chargepoints.forms.reports import GROUPINGS, PeriodChoice, ReportForm
from chargepoints.rendering.reports import Line, hours_words, lines, table
from chargepoints.selectors.report_statement import Grouping
from chargepoints.selectors.reports import (
    SHOWN,
    ReportFilters,
    Scope,
    report,
    report_scope,
    report_sites,
    report_stream,
)
from chargepoints.services.reports import report_export_record
from hub.audit.records import Actor
from hub.http import HtmxHttpRequest, streamed
from hub.spreadsheets import STREAMS


@require_safe
def reports(request: HtmxHttpRequest) -> HttpResponse:
    """The report that the address asks for: `by`, `period`, `since`, `until`, `site`, `team`."""
    form, filters, scope = _asked(request)
    found = report(filters, scope)
    total = found.total
    query = request.GET.copy()
    query.pop("by", None)
    context = {
        "section": "reports",
        "form": form,
        "filters": filters,
        "chosen": form.chosen(),
        "choices": PeriodChoice.choices,
        "groupings": [(value, label, _with(query.urlencode(), value)) for value, label in GROUPINGS.items()],
        "grouping_words": GROUPINGS[filters.grouping].removeprefix("By ").capitalize(),
        "scope": scope,
        "teams": sorted({site.team for site in scope.seen}, key=lambda team: (team.name.casefold(), team.pk)),
        "has_time": filters.grouping is not Grouping.DRIVER,
        "lines": lines(found.groups),
        "is_cut": found.is_cut,
        "shown": SHOWN,
        "total": total,
        "sums": Line(total, 0),
        "total_hours": {"used": hours_words(total.connected), "available": hours_words(total.available)},
        "maintenance_hours": hours_words(total.maintenance),
        "address": request.GET.urlencode(),
    }
    partial = request.htmx and not request.htmx.history_restore_request
    response = render(request, f"chargepoints/reports/{'_report' if partial else 'page'}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_GET
def reports_export(request: HttpRequest, form: str) -> HttpResponseBase:
    """The whole report as a file, `csv` or `xlsx`, streamed; that it was taken is on record."""
    if form not in STREAMS:
        raise Http404
    _, filters, scope = _asked(request)
    told = {
        "by": filters.grouping,
        "from": filters.period.first.isoformat(),
        "to": filters.period.last.isoformat(),
        "site": filters.site,
        "team": filters.team,
    }
    report_export_record(actor=Actor.asking(request), scope=scope, form=form, filters=told)
    content_type, write = STREAMS[form]
    rows = table(report_stream(filters, scope), with_money=scope.shows_money)
    name = f"report-{filters.grouping}-{filters.period.first}-{filters.period.last}.{form}"
    return StreamingHttpResponse(
        streamed(request, write(rows)),
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def _asked(request: HttpRequest) -> tuple[ReportForm, ReportFilters, Scope]:
    form = ReportForm(request.GET)
    seen = report_sites(request.user)
    filters = form.filters(today_at({site.time_zone for site in seen}))
    return form, filters, report_scope(request.user, filters, seen)


def today_at(zones: set[str]) -> date:
    """Today in the time zone that all share, else in UTC."""
    return datetime.now(ZoneInfo(next(iter(zones))) if len(zones) == 1 else UTC).date()


def _with(query: str, grouping: str) -> str:
    return f"{query}&by={grouping}" if query else f"by={grouping}"


urlpatterns: list[URLPattern] = [
    path("reports/", reports, name="reports"),
    path("reports/export/<slug:form>/", reports_export, name="reports_export"),
]
