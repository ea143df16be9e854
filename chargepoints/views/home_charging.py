"""Charging at home: who has which charger at which rate, and what a month comes to for each driver."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from chargepoints.exceptions import ChangeRefused
from chargepoints.forms.home_charging import AssignForm, RateForm, month_read, month_write, rate_initial
from chargepoints.models import Driver, HomeCharger
from chargepoints.periods import Period, month_before, month_of
from chargepoints.permissions import organisations_for
from chargepoints.rendering.home_charging import charge_lines, driver_line, driver_lines, statement_table
from chargepoints.selectors.home_charging import (
    home_chargers_for,
    home_chargers_seen,
    home_charges,
    home_currency,
    home_drivers_seen,
    home_find,
    home_uses,
)
from chargepoints.services.home_chargers import home_charger_assign, home_charger_edit, home_charger_remove
from chargepoints.views.sites import CONFLICT, INVALID, dialog, posted, to
from hub.audit.records import Actor
from hub.http import HtmxHttpRequest, streamed
from hub.spreadsheets import STREAMS
from hub.teams.choices import Right

Context = dict[str, object]


@require_safe
def home_charging(request: HttpRequest) -> HttpResponse:
    """Every driver with a home charger and what is to be paid back for `?month=`. 403 without the right to money."""
    if not organisations_for(request.user, Right.MONEY).exists():
        raise PermissionDenied
    period = _month(request)
    rows = driver_lines(home_uses(home_find(request.user, period), period))
    context = {**_months(period), "section": "reports", "rows": rows}
    return render(request, "chargepoints/reports/home.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def home_charger_new(request: HttpRequest) -> HttpResponse:
    """Assign a charger to a driver; `?driver=` is a user id to begin with."""
    if not organisations_for(request.user, Right.MONEY).exists():
        raise PermissionDenied
    initial = {
        "driver": request.GET.get("driver", "")[:64],
        "currency": home_currency(request.user),
        "first": timezone.now().date(),
    }
    form = AssignForm(posted(request), person=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        since, until = form.span(given["charge_point"].site.time_zone)
        try:
            made = home_charger_assign(
                actor=Actor.asking(request),
                charge_point=given["charge_point"],
                driver=given["driver"],
                per_kwh=given["per_kwh"],
                currency=given["currency"],
                valid_from=since,
                valid_to=until,
            )
        except ChangeRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"{made.charge_point} is {made.driver}'s home charger.")
            return redirect("home_charging")
    return _form(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
def home_charger_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the rate or the days of an assignment."""
    found = _home(request, pk)
    form = RateForm(posted(request), initial=rate_initial(found))
    if request.method == "POST" and form.is_valid():
        since, until = form.span(found.charge_point.site.time_zone)
        # A begin or an end within a day stays what it is while its day does.
        told = rate_initial(found)
        since = found.valid_from if form.cleaned_data["first"] == told["first"] else since
        until = found.valid_to if form.cleaned_data["last"] == told["last"] else until
        try:
            home_charger_edit(
                actor=Actor.asking(request),
                home_charger=found,
                per_kwh=form.cleaned_data["per_kwh"],
                currency=form.cleaned_data["currency"],
                valid_from=since,
                valid_to=until,
            )
        except ChangeRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "The rate was saved.")
            return redirect("home_charging")
    return _form(request, form, found)


@require_http_methods(["GET", "HEAD", "POST"])
def home_charger_away(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Remove an assignment that should never have been."""
    found = _home(request, pk)
    if request.method == "POST":
        home_charger_remove(actor=Actor.asking(request), home_charger=found)
        messages.success(request, "The assignment was removed.")
        return to(request, "home_charging")
    context: Context = {"section": "reports", "home": found, "title": "Remove assignment"}
    context |= {"back": reverse("home_charging"), "back_name": "Home charging"}
    return dialog(request, "chargepoints/reports/_home_remove.html", context)


@require_safe
def home_statement(request: HttpRequest, pk: int) -> HttpResponse:
    """What one driver is paid back for a month, with every charge; it prints on A4."""
    driver = _driver(request, pk)
    period = _month(request)
    homes = home_find(request.user, period, driver)
    uses = [use for use in home_uses(homes, period) if use.own_charges or use.others_charges or use.waiting]
    charges = charge_lines(home_charges(homes, period))
    context = {
        **_months(period),
        "section": "reports",
        "driver": driver,
        "sums": driver_line(uses) if uses else None,
        "own": [line for line in charges if line.charge.is_own],
        "others": [line for line in charges if not line.charge.is_own],
        "printed_at": timezone.now(),
    }
    return render(request, "chargepoints/reports/statement.html", context)


@require_GET
def home_statement_export(request: HttpRequest, pk: int, form: str) -> HttpResponseBase:
    """The same as a file, `csv` or `xlsx`."""
    driver = _driver(request, pk)
    if form not in STREAMS:
        raise Http404
    content_type, write = STREAMS[form]
    period = _month(request)
    homes = home_find(request.user, period, driver)
    name = f"home-charging-{driver.pk}-{month_write(period)}.{form}"
    return StreamingHttpResponse(
        streamed(request, write(statement_table(home_charges(homes, period)))),
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def _home(request: HttpRequest, pk: int) -> HomeCharger:
    """Raises Http404, or PermissionDenied for one that is only to see."""
    get_object_or_404(home_chargers_seen(request.user), pk=pk)
    found = home_chargers_for(request.user).filter(pk=pk).first()
    if found is None:
        raise PermissionDenied
    return found


def _driver(request: HttpRequest, pk: int) -> Driver:
    """Raises Http404, or PermissionDenied for one whose money is not the person's to see."""
    found: Driver = get_object_or_404(home_drivers_seen(request.user), pk=pk)
    if not organisations_for(request.user, Right.MONEY).filter(pk=found.organisation_id).exists():
        raise PermissionDenied
    return found


def _form(request: HttpRequest, form: RateForm, found: HomeCharger | None) -> HttpResponse:
    context = {"section": "reports", "form": form, "home": found}
    status = CONFLICT if form.non_field_errors() else INVALID if form.is_bound else 200
    return render(request, "chargepoints/reports/home_form.html", context, status=status)


def _month(request: HttpRequest) -> Period:
    return month_read(request.GET.get("month", ""), timezone.now().date())


def _months(period: Period) -> Context:
    return {
        "period": period,
        "month": month_write(period),
        "earlier": month_write(month_before(period.first)),
        "later": month_write(month_of(period.after)),
    }


urlpatterns: list[URLPattern] = [
    path("reports/home/", home_charging, name="home_charging"),
    path("reports/home/new/", home_charger_new, name="home_charger_new"),
    path("reports/home/chargers/<int:pk>/edit/", home_charger_change, name="home_charger_edit"),
    path("reports/home/chargers/<int:pk>/remove/", home_charger_away, name="home_charger_remove"),
    path("reports/home/drivers/<int:pk>/", home_statement, name="home_statement"),
    path("reports/home/drivers/<int:pk>/export/<slug:form>/", home_statement_export, name="home_statement_export"),
]
