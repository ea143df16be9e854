"""All charge points: figures, what needs attention, and the table."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from chargepoints.forms.batches import BULK_ACTIONS
from chargepoints.forms.filters import STATUSES, FilterForm
from chargepoints.permissions import Person
from chargepoints.rendering.overview import overview_groups, split_parts
from chargepoints.rendering.status import VERSIONS
from chargepoints.selectors.attention import attention
from chargepoints.selectors.kpis import kpis
from chargepoints.selectors.overview import filter_choices, overview_find, overview_page, site_totals
from hub.http import HtmxHttpRequest

ATTENTION_SHOWN = 8


@require_safe
def overview(request: HtmxHttpRequest) -> HttpResponse:
    """The overview; for htmx only the table that matches the filters."""
    context = {"section": "chargers", **_table(request), **_bulk(request)}
    if request.htmx and not request.htmx.history_restore_request:
        response = render(request, "chargepoints/overview/_table.html", context)
    else:
        context |= _filters(request.user) | _kpis(request) | _attention(request)
        response = render(request, "chargepoints/overview/page.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
def overview_panel(request: HttpRequest, panel: str) -> HttpResponse:
    """One of the two panels above the table: `kpis` or `attention`."""
    builders = {"kpis": _kpis, "attention": _attention}
    if panel not in builders:
        raise Http404
    return render(request, f"chargepoints/overview/_{panel}.html", builders[panel](request))


def _table(request: HttpRequest) -> dict[str, object]:
    form = FilterForm(request.GET)
    filters = form.filters()
    found = overview_find(request.user, filters)
    rows, after = overview_page(found, form.page_after())
    totals = site_totals(request.user, {row.site_id for row in rows})
    query = request.GET.copy()
    query.pop("after", None)
    first_page = query.urlencode()
    if after is not None:
        query["after"] = str(after)
    return {
        "form": form,
        "filters": filters,
        "groups": overview_groups(rows, totals),
        "shown": len(rows),
        "found": found.count(),
        "is_later_page": form.page_after() is not None,
        "first_page": first_page,
        "next_page": query.urlencode() if after is not None else "",
    }


def _bulk(request: HttpRequest) -> dict[str, object]:
    """What can be done with many chargers; the page leaves out what the person may not."""
    told = [(name, request.GET.get(name, "")) for name in ("q", "site", "team", "status", "version")]
    return {
        "bulk_actions": BULK_ACTIONS,
        "told": [field for field in told if field[1]],
    }


def _filters(user: Person) -> dict[str, object]:
    sites, versions = filter_choices(user)
    teams = sorted({site.team for site in sites}, key=lambda team: (team.name, team.pk))
    return {
        "sites": sites,
        "teams": teams,
        "versions": [(version, VERSIONS.get(version, version)) for version in versions],
        "statuses": STATUSES,
        "ocpp_url": settings.OCPP_URL,
    }


def _kpis(request: HttpRequest) -> dict[str, object]:
    figures = kpis(request.user)
    return {"kpis": figures, "parts": split_parts(figures), "status": request.GET.get("status", "")}


def _attention(request: HttpRequest) -> dict[str, object]:
    entries = attention(request.user)
    is_all = request.GET.get("attention") == "all"
    shown = entries if is_all else entries[:ATTENTION_SHOWN]
    return {"attention": shown, "attention_total": len(entries), "attention_all": is_all}
