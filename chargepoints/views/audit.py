"""The audit log: who did what, and taking it away."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET, require_safe

from chargepoints.forms.audit import AuditFilterForm, act_choices, noun_choices
from chargepoints.models import Site
from chargepoints.rendering.audit import EXPORTS, audit_rows, object_words
from chargepoints.selectors.audit import (
    audit_batches,
    audit_choices,
    audit_find,
    audit_page,
    audit_readable,
    audit_targets,
)
from chargepoints.services.audit import audit_export_record
from hub.audit.choices import ActorKind
from hub.audit.records import Actor
from hub.http import HtmxHttpRequest, streamed


@require_safe
def audit(request: HtmxHttpRequest) -> HttpResponse:
    """The log, newest first; for htmx only the rows that match. 403 for whoever may not read any of it.

    Filters stand in the address: `q`, `noun`, `act`, `kind`, `person`, `site`, `since`, `until`, and `noun` with
    `object` for the history of one object.
    """
    _check(request)
    people, sites = audit_choices(request.user)
    form = AuditFilterForm(request.GET)
    zone = _zone(sites, form.site_asked())
    filters = form.filters(zone)
    entries, following = audit_page(audit_find(request.user, filters), form.page_after())
    query = request.GET.copy()
    query.pop("before", None)
    first_page = query.urlencode()
    query["before"] = following
    context = {
        "section": "audit",
        "form": form,
        "filters": filters,
        "rows": audit_rows(entries, audit_targets(request.user, entries)),
        "zone": zone,
        "first_page": first_page,
        "next_page": query.urlencode() if following else "",
        "is_later_page": form.page_after() is not None,
        "object_words": object_words(entries, filters.noun, filters.object_id) if filters.object_id else "",
        "people": people,
        "sites": sites,
        "nouns": noun_choices(),
        "acts": act_choices(),
        "kinds": ActorKind.choices,
    }
    partial = request.htmx and not request.htmx.history_restore_request
    response = render(request, f"chargepoints/audit/{'_rows' if partial else 'page'}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_GET
def audit_export(request: HttpRequest, form: str) -> HttpResponseBase:
    """What the filters find as a file, `csv` or `jsonl`, streamed; that it was taken is on record itself."""
    _check(request)
    if form not in EXPORTS:
        raise Http404
    content_type, write = EXPORTS[form]
    asked = AuditFilterForm(request.GET)
    filters = asked.filters(_zone(audit_choices(request.user)[1], asked.site_asked()))
    found = audit_find(request.user, filters)
    audit_export_record(actor=Actor.asking(request), person=request.user, form=form, filters=filters.told())
    name = f"audit-log-{timezone.now():%Y-%m-%d-%H%M}.{form}"
    return StreamingHttpResponse(
        streamed(request, write(audit_batches(found))),
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def _check(request: HttpRequest) -> None:
    if not audit_readable(request.user):
        raise PermissionDenied


def _zone(sites: list[Site], asked: int | None) -> str:
    """The time zone of the site that is asked for, or of all sites if they share one."""
    zones = {site.time_zone for site in sites if asked is None or site.pk == asked}
    return zones.pop() if len(zones) == 1 else "UTC"


urlpatterns: list[URLPattern] = [
    path("audit/", audit, name="audit"),
    path("audit/export/<slug:form>/", audit_export, name="audit_export"),
]
