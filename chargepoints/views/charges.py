"""The list of charges, of everything or of one charge point, and the same as a file."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_safe

from chargepoints.choices import BillState, ChargeState
from chargepoints.forms.charges import ChargeFilterForm
from chargepoints.models import ChargePoint
from chargepoints.permissions import charges_for
from chargepoints.rendering import charge_files
from chargepoints.rendering.charge_point import charge_point_head
from chargepoints.rendering.charges import BILL_LOOKS, CHARGE_LOOKS, amounts_words, charge_rows
from chargepoints.selectors.charges import (
    charge_point_shown,
    charge_scope,
    charges_batches,
    charges_figures,
    charges_find,
    charges_more_than,
    charges_newest,
    charges_page,
    driver_shown,
    powers_highest,
)
from chargepoints.services.charge_exports import charges_export_record
from chargepoints.views.charge_point import charge_point_base, charge_point_get
from chargepoints.views.listing import list_answer
from hub.audit.records import Actor
from hub.http import HtmxHttpRequest, streamed

Context = dict[str, object]
STATES = [(state.value, CHARGE_LOOKS[state].label) for state in ChargeState]
BILLS = [(state.value, BILL_LOOKS[state].label) for state in BillState]


@require_safe
def charges(request: HtmxHttpRequest) -> HttpResponse:
    """Every charge that the person may see, newest first; for htmx only figures and rows.

    Filters stand in the address: `q`, `site`, `charge_point`, `driver`, `state`, `bill`, `review`, `since`, `until`,
    `least` and `most` (kWh), and `before`, the cursor of the page.
    """
    return list_answer(
        request,
        {"section": "charges", **_list(request, reverse("charges"))},
        rows="charges/_table",
        page="charges/page",
    )


@require_safe
def charge_point_charges(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """The same list of one charge point."""
    found = charge_point_get(request.user, pk)
    context = charge_point_base(found) | {"head": charge_point_head(found), "tab": "charges"}
    context |= _list(request, reverse("charge_point_charges", args=[pk]), found)
    return list_answer(request, context, rows="charges/_table", page="charge_point/charges")


@require_safe
def charge_by_transaction(request: HttpRequest, pk: int, transaction: str) -> HttpResponse:
    """From a line of the log to its charge."""
    if "\x00" in transaction:
        raise Http404
    found = get_object_or_404(charges_for(request.user), charge_point=pk, transaction_id=transaction)
    return redirect("charge", pk=found.pk)


@require_GET
def charges_export(request: HttpRequest, form: str) -> HttpResponseBase:
    """What the filters find as a file, `csv` or `xlsx`, streamed; that it was taken is on record."""
    if form not in charge_files.EXPORTS:
        raise Http404
    scope = charge_scope(request.user)
    asked = ChargeFilterForm(request.GET)
    filters = asked.filters(scope)
    rows = charges_find(scope, filters)
    if form == "xlsx" and charges_more_than(rows, charge_files.SHEET_ROWS):
        messages.error(request, charge_files.too_many_words(charge_files.SHEET_ROWS))
        return redirect(f"{reverse('charges')}?{request.GET.urlencode()}")
    charges_export_record(actor=Actor.asking(request), person=request.user, form=form, filters=filters.told())
    content_type, write = charge_files.EXPORTS[form]
    name = f"charges-{timezone.now():%Y-%m-%d-%H%M}.{form}"
    return StreamingHttpResponse(
        streamed(request, write(charges_batches(rows), scope)),
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def _list(request: HttpRequest, here: str, of: ChargePoint | None = None) -> Context:
    scope = charge_scope(request.user)
    form = ChargeFilterForm(request.GET)
    filters = form.filters(scope, of.pk if of else None)
    rows = charges_find(scope, filters)
    newest = charges_newest(rows)
    found, following = charges_page(rows, form.page_after(), newest=newest)
    figures = charges_figures(newest, scope)
    query = request.GET.copy()
    query.pop("before", None)
    first_page = query.urlencode()
    query["before"] = following
    exported = query.copy()
    exported.pop("before", None)
    if of is not None:
        exported["charge_point"] = str(of.pk)
    return {
        "here": here,
        "of_point": of,
        "form": form,
        "filters": filters,
        "is_filtered": any(name != "charge_point" or of is None for name in filters.told()),
        "rows": charge_rows(found, scope, powers_highest(found)),
        "figures": figures,
        "amounts": amounts_words(figures),
        "sees_money": bool(scope.money),
        "sites": list(scope.sites.values()),
        "states": STATES,
        "bills": BILLS,
        "driver": driver_shown(scope, filters.driver),
        "point": None if of else charge_point_shown(scope, filters.charge_point),
        "first_page": first_page,
        "next_page": query.urlencode() if following else "",
        "is_later_page": form.page_after() is not None,
        "exported": exported.urlencode(),
        "without_people": _without(request, "driver", "charge_point"),
        "days_zone": form.zone(scope),
    }


def _without(request: HttpRequest, *names: str) -> str:
    return urlencode([(name, value) for name, value in request.GET.items() if name not in {*names, "before"}])


urlpatterns: list[URLPattern] = [
    path("charges/", charges, name="charges"),
    path("charges/export/<slug:form>/", charges_export, name="charges_export"),
    path("charge-points/<int:pk>/charges/", charge_point_charges, name="charge_point_charges"),
    path("charge-points/<int:pk>/charges/<str:transaction>/", charge_by_transaction, name="charge_by_transaction"),
]
