"""The Settings tab: what is known of a charge point by hand, its activation, its maintenance, its archive."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chargepoints.exceptions import ActionRefused
from chargepoints.forms.charge_point import ChargePointSettingsForm
from chargepoints.forms.connectors import (
    BaseConnectors,
    connectors_asked,
    connectors_bound,
    connectors_of,
    connectors_shown,
)
from chargepoints.forms.maintenance import MaintenanceForm
from chargepoints.models import ChargePoint, MaintenancePeriod
from chargepoints.permissions import charge_points_for, rights_on
from chargepoints.rendering.charge_point import charge_point_head
from chargepoints.rendering.price_choice import price_choice
from chargepoints.selectors.archive import archived_page
from chargepoints.selectors.charge_points import open_charges
from chargepoints.selectors.connectors import connectors_used
from chargepoints.selectors.maintenance import maintenance_periods
from chargepoints.services.archive import charge_point_archive, charge_point_restore
from chargepoints.services.charge_points import charge_point_edit, charge_point_set_active
from chargepoints.services.connectors import ConnectorFacts
from chargepoints.services.maintenance import maintenance_clear, maintenance_end, maintenance_start
from chargepoints.views.asking import CONFLICT, FORBIDDEN, INVALID, Ask, asked, done, editable
from chargepoints.views.charge_point import charge_point_get
from hub.audit.records import Actor
from hub.http import HtmxHttpRequest
from hub.teams.choices import Right

METHODS = ["GET", "HEAD", "POST"]
ARCHIVE = Ask("archive", "Archive this charge point", "archive", "Archive", is_danger=True)
DEACTIVATE = Ask("activation", "Deactivate this charge point", "power", "Deactivate", is_danger=True)
ACTIVATE = Ask("activation", "Activate this charge point", "power", "Activate")


@require_http_methods(METHODS)
def settings(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """The tab; a POST stores the form. Whoever may not edit sees it, and is refused (403)."""
    found = charge_point_get(request.user, pk)
    rows = connectors_of(found.connectors.all())
    words = _words(found)
    if request.method != "POST":
        form = ChargePointSettingsForm(charge_point=found, connectors=words)
        return _page(request, found, form, connectors_shown(rows))
    editable(request, pk)
    asked_for = connectors_asked(request.POST)
    if asked_for is not None:
        form = ChargePointSettingsForm(charge_point=found, connectors=words, initial=_typed(request))
        return _page(request, found, form, connectors_shown(asked_for), version=request.POST.get("opened", ""))
    form = ChargePointSettingsForm(request.POST, charge_point=found, connectors=words)
    connectors = connectors_bound(request.POST)
    if form.is_valid() & connectors.is_valid():
        facts = connectors.facts()
        is_changed, clash = form.connectors_changed([str(one) for one in facts])
        if clash:
            return _page(request, found, form, connectors, refusal=clash, status=CONFLICT)
        try:
            charge_point_edit(
                actor=Actor.asking(request),
                charge_point=found,
                values=form.values(),
                connectors=facts if is_changed else None,
            )
        except ActionRefused as refusal:
            return _page(request, found, form, connectors, refusal=str(refusal), status=CONFLICT)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return done(request, "Stored.", "charge_point_settings", found.pk)
    return _page(request, found, form, connectors, status=INVALID)


@require_http_methods(METHODS)
def activation(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Deactivate an active charge point, or activate one that is not: what `?to=` says, asked first."""
    found = editable(request, pk)
    wanted = request.POST.get("to", "off" if found.is_active else "on")
    if request.method != "POST":
        return asked(request, found, DEACTIVATE if found.is_active else ACTIVATE)
    try:
        charge_point_set_active(actor=Actor.asking(request), charge_point=found, is_active=wanted == "on")
    except ActionRefused as refusal:
        return asked(request, found, ACTIVATE if wanted == "on" else DEACTIVATE, refusal=str(refusal), status=CONFLICT)
    said = "It is let in again." if wanted == "on" else "It is refused from now on."
    return done(request, said, "charge_point_settings", found.pk)


@require_http_methods(METHODS)
def archive(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Take the charge point off the desk, asked first."""
    found = editable(request, pk)
    if request.method != "POST":
        return asked(request, found, ARCHIVE)
    try:
        charge_point_archive(actor=Actor.asking(request), charge_point=found)
    except ActionRefused as refusal:
        return asked(request, found, ARCHIVE, refusal=str(refusal), status=CONFLICT)
    return done(request, f"{found.name} was archived.", "charge_points_archived")


@require_safe
def archived(request: HtmxHttpRequest) -> HttpResponse:
    """What is archived, the last first; `?after=` is the last row of the page before."""
    return _archived(request)


@require_POST
def restore(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Bring one back. 403 for whoever may only see it."""
    found = get_object_or_404(charge_points_for(request.user, archived=True).select_related("site__team"), pk=pk)
    if Right.EDIT not in rights_on(request.user, found):
        raise PermissionDenied(FORBIDDEN)
    try:
        charge_point_restore(actor=Actor.asking(request), charge_point=found)
    except ActionRefused as refusal:
        return _archived(request, refusal=str(refusal), status=CONFLICT)
    return done(request, f"{found.name} is back.", "charge_point", found.pk)


@require_POST
def maintenance(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Start or plan a maintenance; times are those of the site."""
    found = editable(request, pk)
    with timezone.override(found.site.time_zone):
        form = MaintenanceForm(request.POST)
        is_valid = form.is_valid()
    if is_valid:
        given = form.cleaned_data
        try:
            maintenance_start(
                actor=Actor.asking(request),
                charge_point=found,
                starts_at=given["starts_at"],
                ends_at=given["ends_at"],
                reason=given["reason"],
            )
        except ActionRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("charge_point_settings", found.pk)
    return _page(request, found, None, None, maintenance=form, status=INVALID)


@require_POST
def maintenance_over(request: HtmxHttpRequest, pk: int, period: int = 0) -> HttpResponse:
    """End a maintenance that runs, cancel a planned one; without `period` the flag alone is taken off."""
    found = editable(request, pk)
    actor = Actor.asking(request)
    try:
        if period:
            row = get_object_or_404(MaintenancePeriod.objects.filter(charge_point=found), pk=period)
            said = maintenance_end(actor=actor, period=row) or "over already"
        else:
            said = "ended" if maintenance_clear(actor=actor, charge_point=found) else "over already"
    except ActionRefused as refusal:
        said = str(refusal)
    messages.success(request, f"Maintenance {said}.")
    return redirect("charge_point_settings", found.pk)


def _page(
    request: HtmxHttpRequest,
    found: ChargePoint,
    form: ChargePointSettingsForm | None,
    connectors: BaseConnectors | None,
    *,
    maintenance: MaintenanceForm | None = None,
    refusal: str = "",
    version: str = "",
    status: int = 200,
) -> HttpResponse:
    form = form or ChargePointSettingsForm(charge_point=found, connectors=_words(found))
    context = {
        "section": "chargers",
        "tab": "settings",
        "charge_point": found,
        "zone": found.site.time_zone,
        "head": charge_point_head(found),
        "form": form,
        "version": version or form.version,
        "connectors": connectors or connectors_shown(connectors_of(found.connectors.all())),
        "used": connectors_used(found),
        "maintenance_form": maintenance or MaintenanceForm(),
        "periods": maintenance_periods(found),
        "may_edit": Right.EDIT in rights_on(request.user, found),
        "running": len(open_charges(found)),
        "price_choice": price_choice(request.user, found.site, found),
        "refusal": refusal,
    }
    return render(request, "chargepoints/charge_point/settings.html", context, status=status)


def _archived(request: HtmxHttpRequest, *, refusal: str = "", status: int = 200) -> HttpResponse:
    after = request.GET.get("after", "")
    rows, older = archived_page(request.user, int(after) if after.isdecimal() and len(after) < 19 else None)
    mine = charge_points_for(request.user, Right.EDIT, archived=True).filter(pk__in=[row.pk for row in rows])
    context = {
        "section": "chargers",
        "rows": rows,
        "restorable": set(mine.values_list("pk", flat=True)),
        "older": older,
        "is_later_page": bool(after),
        "refusal": refusal,
    }
    return render(request, "chargepoints/charge_point/archived.html", context, status=status)


def _words(found: ChargePoint) -> list[str]:
    return [str(ConnectorFacts(one.number, one.type, one.max_power_w)) for one in found.connectors.all()]


def _typed(request: HtmxHttpRequest) -> dict[str, object]:
    """What was typed so far; a box that is not ticked is not sent."""
    return {"is_strict": False, **request.POST.dict()}
