"""The log over HTTP: rows by cursor, a permalink to a line, and its raw frames."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_safe

from chargepoints.models import ChargePoint, LogLine
from chargepoints.permissions import charge_points_for
from chargepoints.rendering.log import PAGE, TEXT_LIMIT, line_raw, log_html, searched_from
from chargepoints.selectors.log_lines import (
    LARGEST_SEQ,
    SEARCH_SPAN,
    LineFilter,
    cursor_newest,
    line_get,
    lines_after,
    lines_around,
    lines_until,
)


@require_safe
def log_rows(request: HttpRequest, pk: int) -> HttpResponse:
    """Rows of the log: `?after=C`, `?before=C`, `?at=SEQ` (50 around it), or the newest 200.

    `category` (repeatable) and `q` choose among the newest and the older ones. The header `X-Log-Cursor` is
    the cursor after the last line looked at; `X-Log-More` says that there is more in that direction.
    """
    charge_point = _charge_point(request, pk)
    try:
        numbers = {name: _sequence(request.GET[name]) for name in ("after", "before", "at") if name in request.GET}
    except ValueError:
        return HttpResponseBadRequest("after, before and at are whole numbers.", content_type="text/plain")
    wanted = LineFilter(frozenset(request.GET.getlist("category")), request.GET.get("q", "").strip()[:TEXT_LIMIT])
    newest = cursor_newest(pk)
    lines, cursor = _page(pk, numbers, wanted, newest)
    response = HttpResponse(log_html(charge_point, lines))
    response["X-Log-Cursor"] = str(cursor)
    response["X-Log-More"] = "1" if len(lines) == PAGE else "0"
    response["X-Log-Searched-From"] = searched_from(numbers.get("before", newest), wanted, SEARCH_SPAN)
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def log_line(request: HttpRequest, pk: int, seq: int) -> HttpResponse:
    """The permalink of a line: the charge point's page, open at that line."""
    line = _line(request, pk, seq)
    return redirect(f"{reverse('charge_point', args=[pk])}?at={line.seq}#m{line.seq}")


@require_safe
def log_line_raw(request: HttpRequest, pk: int, seq: int) -> HttpResponse:
    """The whole request and answer of a line, as text in JSON."""
    return JsonResponse(line_raw(_line(request, pk, seq)))


def _page(pk: int, numbers: dict[str, int], wanted: LineFilter, newest: int) -> tuple[list[LogLine], int]:
    if "after" in numbers:
        lines = lines_after(pk, numbers["after"], PAGE)
        return lines, lines[-1].seq if lines else numbers["after"]
    if "at" in numbers:
        lines = lines_around(pk, numbers["at"])
        return lines, lines[-1].seq if lines else numbers["at"]
    if "before" in numbers:
        return lines_until(pk, numbers["before"] - 1, PAGE, wanted), numbers["before"]
    return lines_until(pk, newest, PAGE, wanted), newest


def _sequence(text: str) -> int:
    number = int(text)
    if not 0 <= number <= LARGEST_SEQ:
        raise ValueError(text)
    return number


def _charge_point(request: HttpRequest, pk: int) -> ChargePoint:
    return get_object_or_404(charge_points_for(request.user).select_related("site"), pk=pk)


def _line(request: HttpRequest, pk: int, seq: int) -> LogLine:
    line = line_get(_charge_point(request, pk), seq) if seq <= LARGEST_SEQ else None
    if line is None:
        raise Http404
    return line


urlpatterns: list[URLPattern] = [
    path("charge-points/<int:pk>/log/rows/", log_rows, name="log_rows"),
    path("charge-points/<int:pk>/log/lines/<int:seq>/", log_line, name="log_line"),
    path("charge-points/<int:pk>/log/lines/<int:seq>/raw/", log_line_raw, name="log_line_raw"),
]
