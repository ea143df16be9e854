"""Adding a charge point by hand."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from chargepoints.exceptions import ActionRefused
from chargepoints.forms.charge_point import ChargePointNewForm
from chargepoints.forms.connectors import BaseConnectors, connectors_asked, connectors_bound, connectors_shown
from chargepoints.forms.fields import site_label
from chargepoints.models import Site
from chargepoints.permissions import organisations_for, sites_for, teams_for
from chargepoints.services.charge_points import charge_point_create
from chargepoints.views.asking import FORBIDDEN, INVALID
from chargepoints.views.passwords import password_show
from hub.audit.records import Actor
from hub.http import HtmxHttpRequest
from hub.teams.choices import Right

FIRST_CONNECTOR = [{"number": 1, "type": "Type2", "max_power_kw": ""}]


@require_http_methods(["GET", "HEAD", "POST"])
def charge_point_new(request: HtmxHttpRequest) -> HttpResponse:
    """The form; `?site=` preselects a site. 403 for whoever may not add one anywhere."""
    sites = sites_for(request.user, Right.EDIT).select_related("team").order_by("name", "team__name", "pk")
    known = list(sites)
    if not known and not any(wide(request.user, Right.EDIT).exists() for wide in (organisations_for, teams_for)):
        raise PermissionDenied(FORBIDDEN)
    if request.method != "POST":
        form = ChargePointNewForm(sites=sites, initial=_preselected(request.GET.get("site", ""), known))
        return _page(request, form, connectors_shown(FIRST_CONNECTOR), known)
    rows = connectors_asked(request.POST)
    if rows is not None:
        return _page(
            request, ChargePointNewForm(sites=sites, initial=request.POST.dict()), connectors_shown(rows), known
        )
    form, connectors = ChargePointNewForm(request.POST, sites=sites), connectors_bound(request.POST)
    if form.is_valid() & connectors.is_valid():
        made = _made(request, form, connectors)
        if made is not None:
            return made
    return _page(request, form, connectors, known, status=INVALID)


def _made(request: HtmxHttpRequest, form: ChargePointNewForm, connectors: BaseConnectors) -> HttpResponse | None:
    try:
        made, password = charge_point_create(
            actor=Actor.asking(request),
            site=form.cleaned_data["site"],
            values=form.values(),
            connectors=connectors.facts(),
            identity=form.cleaned_data["identity"],
            password=form.password_wanted(),
        )
    except ValidationError as error:
        form.add_error(None, error)
    except ActionRefused as refusal:
        form.add_error("site", str(refusal))
    else:
        password_show(request, made, password)
        return redirect("charge_point_integration", made.pk)
    return None


def _preselected(asked: str, known: list[Site]) -> dict[str, object]:
    chosen = next((site for site in known if str(site.pk) == asked), known[0] if len(known) == 1 else None)
    return {"site": site_label(chosen)} if chosen else {}


def _page(
    request: HtmxHttpRequest, form: ChargePointNewForm, connectors: BaseConnectors, known: list[Site], status: int = 200
) -> HttpResponse:
    context = {
        "section": "chargers",
        "form": form,
        "connectors": connectors,
        "site_labels": [site_label(site) for site in known],
    }
    return render(request, "chargepoints/charge_point/new.html", context, status=status)
