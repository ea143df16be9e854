"""Drivers: the list, one driver's page, and what can be changed about them."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chargepoints.exceptions import ChangeRefused
from chargepoints.forms.drivers import DRIVER_STATES, DriverFilterForm, DriverForm
from chargepoints.forms.sites import ReasonForm
from chargepoints.models import Driver
from chargepoints.permissions import Person, rights_on
from chargepoints.selectors.charge_keys import driver_keys
from chargepoints.selectors.drivers import (
    bills_with_amounts,
    driver_bills,
    driver_figures,
    driver_homes,
    driver_methods,
    drivers_find,
    drivers_page,
    drivers_seen,
    organisations_with_drivers,
)
from chargepoints.selectors.keys import keys_find
from chargepoints.selectors.wallets import method_lines
from chargepoints.services.drivers import (
    FACTS,
    driver_archive,
    driver_block,
    driver_create,
    driver_edit,
    driver_kept_by,
    driver_restore,
)
from chargepoints.views.charge_point import charge_point_get
from chargepoints.views.sites import CONFLICT, INVALID, dialog, posted, to
from hub.audit.records import Actor, facts_of
from hub.http import HtmxHttpRequest
from hub.teams.choices import Right

FORBIDDEN = "Your role does not allow this. It needs: change sites and charge points."
Context = dict[str, object]


@require_safe
def keys(request: HttpRequest, pk: int) -> HttpResponse:
    """The keys that match `?q=`, as choices of the start dialog. 403 for whoever may not start a charge."""
    found = charge_point_get(request.user, pk)
    if Right.COMMAND not in rights_on(request.user, found):
        raise PermissionDenied
    query = request.GET.get("q", "")[:100]
    return render(
        request, "chargepoints/actions/_keys.html", {"keys": keys_find(request.user, found, query), "q": query}
    )


@require_safe
def drivers(request: HtmxHttpRequest) -> HttpResponse:
    """Every driver with their figures; for htmx only the table that matches the filters."""
    form = DriverFilterForm(request.GET)
    filters = form.filters()
    found = drivers_find(request.user, filters)
    rows, after = drivers_page(found, form.page_after())
    figures = driver_figures(request.user, [driver.pk for driver in rows])
    context: Context = {
        "section": "drivers",
        "form": form,
        "filters": filters,
        "states": DRIVER_STATES,
        "rows": [(driver, figures[driver.pk]) for driver in rows],
        "found": found.count(),
        "may_create": organisations_with_drivers(request.user).exists(),
        **paged(request, form, after),
    }
    return listed(request, "chargepoints/drivers", context)


def paged(request: HttpRequest, form: DriverFilterForm, after: int | None) -> Context:
    """Where the pages of a list are."""
    query = request.GET.copy()
    query.pop("after", None)
    first_page = query.urlencode()
    if after is not None:
        query["after"] = str(after)
    return {
        "is_later_page": form.page_after() is not None,
        "first_page": first_page,
        "next_page": query.urlencode() if after is not None else "",
    }


def listed(request: HtmxHttpRequest, folder: str, context: Context) -> HttpResponse:
    """A list's page, or its table for htmx."""
    name = "_table" if request.htmx and not request.htmx.history_restore_request else "page"
    response = render(request, f"{folder}/{name}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
def driver(request: HttpRequest, pk: int) -> HttpResponse:
    """One driver: facts, keys, payment methods, last charges, chargers at home."""
    found = driver_get(request.user, pk)
    methods = driver_methods(request.user, found)
    bills = driver_bills(request.user, found)
    context: Context = {
        "section": "drivers",
        "driver": found,
        "figures": driver_figures(request.user, [found.pk])[found.pk],
        "keys": driver_keys(found),
        "methods": None if methods is None else method_lines(methods),
        "bills": bills,
        "with_amounts": bills_with_amounts(request.user, bills),
        "homes": driver_homes(request.user, found),
        "may_edit": may(request.user, found, Right.EDIT),
    }
    return render(request, "chargepoints/drivers/driver.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def driver_new(request: HttpRequest) -> HttpResponse:
    """A new driver."""
    organisations = organisations_with_drivers(request.user)
    if not organisations.exists():
        raise PermissionDenied(FORBIDDEN)
    form = DriverForm(posted(request), organisations=organisations)
    if request.method == "POST" and form.is_valid():
        try:
            made = driver_create(
                actor=Actor.asking(request), organisation=form.organisation_of(), fields=form.cleaned_data
            )
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, f"{made} was added. Give them a key now.")
            return redirect("driver", pk=made.pk)
    return _form(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
def driver_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Edit a driver."""
    found = driver_get(request.user, pk, Right.EDIT)
    organisations = organisations_with_drivers(request.user)
    form = DriverForm(posted(request), organisations=organisations, driver=found, initial=facts_of(found, *FACTS))
    if request.method == "POST" and form.is_valid():
        try:
            driver_edit(actor=Actor.asking(request), driver=found, fields=form.cleaned_data)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, f"{form.cleaned_data['name']} was saved.")
            return redirect("driver", pk=pk)
    return _form(request, form, found)


def _form(request: HttpRequest, form: DriverForm, found: Driver | None) -> HttpResponse:
    context = {"section": "drivers", "form": form, "driver": found}
    status = INVALID if form.is_bound else 200
    return render(request, "chargepoints/drivers/form.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def driver_blocking(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Asks before a driver is blocked, or let charge again; a POST does it."""
    found = driver_get(request.user, pk, Right.EDIT)
    form = ReasonForm(posted(request))
    if request.method == "POST" and form.is_valid():
        blocked = not found.is_blocked
        driver_block(actor=Actor.asking(request), driver=found, blocked=blocked, reason=form.cleaned_data["reason"])
        messages.success(request, f"{found} is blocked." if blocked else f"{found} may charge again.")
        return to(request, "driver", pk)
    return _asked(request, found, "_block", form=form, status=INVALID if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def driver_put_away(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Asks before a driver is archived; a POST does it."""
    found = driver_get(request.user, pk, Right.EDIT)
    form = ReasonForm(posted(request))
    refusal = driver_kept_by(found)
    if request.method == "POST" and form.is_valid():
        try:
            driver_archive(actor=Actor.asking(request), driver=found, reason=form.cleaned_data["reason"])
        except ChangeRefused as refused:
            refusal = str(refused)
        else:
            messages.success(request, f"{found} was archived. They stand under Archived in the list.")
            return to(request, "drivers")
    status = 200 if not form.is_bound else CONFLICT if refusal else INVALID
    return _asked(request, found, "_archive", form=form, refusal=refusal, status=status)


@require_POST
def driver_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring an archived driver back."""
    found = driver_get(request.user, pk, Right.EDIT)
    driver_restore(actor=Actor.asking(request), driver=found)
    messages.success(request, f"{found} is back.")
    return redirect("driver", pk=pk)


def _asked(
    request: HtmxHttpRequest, found: Driver, name: str, *, form: ReasonForm, refusal: str = "", status: int = 200
) -> HttpResponse:
    context: Context = {
        "section": "drivers",
        "title": found.name,
        "back": reverse("driver", args=[found.pk]),
        "back_name": found.name,
        "driver": found,
        "form": form,
        "refusal": refusal,
    }
    return dialog(request, f"chargepoints/drivers/{name}.html", context, status=status)


def driver_get(person: Person, pk: int, right: Right = Right.VIEW) -> Driver:
    """The driver, archived or not. Raises Http404, or PermissionDenied for who may see them without `right`."""
    found: Driver = get_object_or_404(drivers_seen(person), pk=pk)
    if right != Right.VIEW and not may(person, found, right):
        raise PermissionDenied(FORBIDDEN)
    return found


def may(person: Person, found: Driver, right: Right) -> bool:
    """Whether `person` has `right` on a driver."""
    return drivers_seen(person, right).filter(pk=found.pk).exists()
