"""The ledger: accounts, movements, and whether the books are right."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from chargepoints.choices import LedgerAccountKind, MovementKind
from chargepoints.forms.ledger import LedgerForm
from chargepoints.permissions import organisations_for
from chargepoints.rendering.ledger import account_lines, movement_lines
from chargepoints.selectors.ledger import ledger_accounts, ledger_find, ledger_page, ledger_wrong
from hub.http import HtmxHttpRequest
from hub.teams.choices import Right


@require_safe
def ledger(request: HtmxHttpRequest) -> HttpResponse:
    """Accounts and movements; for htmx only the movements that match. 403 without the right to money of the whole.

    Filters stand in the address: `q`, `kind`, `account`, `payment`, `driver`.
    """
    _check(request)
    form = LedgerForm(request.GET)
    filters = form.filters()
    movements, following = ledger_page(ledger_find(request.user, filters), form.before_cursor())
    query = request.GET.copy()
    query.pop("before", None)
    first_page = query.urlencode()
    query["before"] = following
    partial = request.htmx and not request.htmx.history_restore_request
    context = {
        "section": "reports",
        "form": form,
        "filters": filters,
        "kinds": MovementKind.choices,
        "account_kinds": LedgerAccountKind.choices,
        "accounts": [] if partial else account_lines(ledger_accounts(request.user)),
        "rows": movement_lines(movements),
        "first_page": first_page,
        "next_page": query.urlencode() if following else "",
        "is_later_page": bool(form.before_cursor()),
    }
    response = render(request, f"chargepoints/reports/{'_movements' if partial else 'ledger'}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
def ledger_check(request: HtmxHttpRequest) -> HttpResponse:
    """Compare movements, balances, payments, holds and bills, and say in words whether they agree."""
    _check(request)
    context = {"section": "reports", "wrong": ledger_wrong(request.user), "is_checked": True}
    name = "_checked" if request.htmx else "checked"
    response = render(request, f"chargepoints/reports/{name}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _check(request: HttpRequest) -> None:
    if not organisations_for(request.user, Right.MONEY).exists():
        raise PermissionDenied


urlpatterns: list[URLPattern] = [
    path("reports/ledger/", ledger, name="ledger"),
    path("reports/ledger/check/", ledger_check, name="ledger_check"),
]
