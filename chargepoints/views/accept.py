"""Accepting a charger that nobody has registered: the dialog, and waiting for its next call."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import trigger_client_event

from chargepoints.exceptions import ActionRefused
from chargepoints.forms.unknown import AcceptForm, WaitingForm
from chargepoints.models import ChargePoint, ConnectionAttempt
from chargepoints.permissions import Person, charge_points_for, organisations_for
from chargepoints.selectors.identity import charge_points_identified
from chargepoints.selectors.strangers import (
    SITES_SHOWN,
    identity_why_not,
    receiving_organisation,
    site_suggested,
    sites_to_accept,
    unknown_addresses,
    unknown_of,
)
from chargepoints.services.unknown import (
    TAKEN,
    Proof,
    proofs_of,
    stranger_accept,
    unknown_accept,
)
from chargepoints.views.unknown import editor_only, waiting_get
from hub.audit.records import Actor
from hub.http import HtmxHttpRequest
from hub.teams.choices import Right

CONFLICT, INVALID = 409, 422
SITE_REMEMBERED = "accept_site"
ALL_SITES = 500  # where there is no script to search with
Context = dict[str, object]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HtmxHttpRequest) -> HttpResponse:
    """Accept an identity that was refused: the dialog, and on POST the charge point."""
    editor_only(request.user)
    given = request.POST if request.method == "POST" else request.GET
    identity = _text(given.get("identity", ""))
    number = given.get("attempt", "")
    rows = unknown_of(request.user, [identity]).order_by("-last_at", "-pk")
    attempt = rows.filter(pk=int(number)).first() if number.isdecimal() and len(number) < 19 else rows.first()
    if attempt is None or charge_points_identified(attempt.identity).exists():
        return _taken(request, identity)
    context: Context = {
        "identity": attempt.identity,
        "attempt": attempt,
        "proofs": proofs_of(attempt),
        "addresses": unknown_addresses(request.user, identity),
        "is_other_user": bool(attempt.user_name) and attempt.user_name.lower() != attempt.identity.lower(),
    }
    if request.method != "POST":
        form = AcceptForm(person=request.user, attempt=attempt, initial=_initial(request, attempt, identity))
        why = identity_why_not(attempt.identity)
        return _dialog(request, form, context | {"refusal": why, "is_closed": bool(why)})
    form = AcceptForm(request.POST, person=request.user, attempt=attempt)
    if not form.is_valid():
        return _dialog(request, form, context, status=INVALID)
    asked = form.cleaned_data
    try:
        made, password = unknown_accept(
            actor=Actor.asking(request),
            attempt=attempt,
            site=asked["site"],
            name=asked["name"],
            connectors=asked["connectors"],
            proof=Proof(asked["proof"]),
        )
    except ActionRefused as refused:
        return _dialog(request, form, context | {"refusal": str(refused)}, status=CONFLICT)
    except ValidationError as error:
        form.add_error(None, error)
        return _dialog(request, form, context, status=INVALID)
    return _accepted(request, made, password)


def _text(given: str) -> str:
    """Without what PostgreSQL cannot hold, and no longer than anything that could match."""
    return given.replace("\x00", "")[:255]


def _initial(request: HtmxHttpRequest, attempt: ConnectionAttempt, identity: str) -> Context:
    site = site_suggested(request.user, attempt.remote_address, request.session.get(SITE_REMEMBERED))
    return {"site": site, "name": identity, "connectors": 1, "proof": proofs_of(attempt)[0]}


def _taken(request: HtmxHttpRequest, identity: str) -> HttpResponse:
    """It was in the inbox, but somebody else was faster; 404 for who has no inbox, or for what was never in it."""
    receiver = receiving_organisation()
    mine = receiver and organisations_for(request.user, Right.EDIT).filter(pk=receiver.pk).exists()
    if not mine or not charge_points_identified(identity).exists():
        raise Http404
    theirs = charge_points_for(request.user).filter(pk__in=charge_points_identified(identity)).first()
    context: Context = {"identity": identity, "refusal": TAKEN, "taken": theirs, "is_closed": True}
    return _dialog(request, None, context, status=CONFLICT)


def _dialog(request: HtmxHttpRequest, form: WaitingForm | None, context: Context, *, status: int = 200) -> HttpResponse:
    chosen = form["site"].value() if form else None
    text = str(getattr(chosen, "pk", chosen) or "")
    number = int(text) if text.isdecimal() and len(text) < 19 else None
    context = {
        "section": "unknown",
        "form": form,
        "sites": _sites(request.user, "", number, SITES_SHOWN if request.htmx else ALL_SITES),
        "chosen": number,
        **context,
    }
    name = "_dialog" if request.htmx else "accept"
    response = render(request, f"chargepoints/unknown/{name}.html", context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _sites(person: Person, query: str, chosen: int | None, most: int = SITES_SHOWN) -> list[object]:
    """The sites found, the chosen one first."""
    found = sites_to_accept(person, query.split()[:8])
    first = list(sites_to_accept(person).filter(pk=chosen)) if chosen else []
    return [*first, *found.exclude(pk__in=[site.pk for site in first])[:most]]


@require_safe
def sites(request: HtmxHttpRequest) -> HttpResponse:
    """The sites that match `q`, for the dialog; `site` stays in the list."""
    editor_only(request.user)
    chosen = request.GET.get("site", "")
    number = int(chosen) if chosen.isdecimal() and len(chosen) < 19 else None
    query = _text(request.GET.get("q", ""))
    context = {"sites": _sites(request.user, query, number), "chosen": number, "q": query}
    return render(request, "chargepoints/unknown/_sites.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def accept_waiting(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Accept a charger that was let in to wait."""
    found = waiting_get(request.user, pk)
    context: Context = {"identity": found.identity, "charge_point": found}
    if request.method != "POST":
        site = site_suggested(request.user, "", request.session.get(SITE_REMEMBERED))
        count = max(found.connectors.count(), 1)
        initial: Context = {"site": site, "name": found.name, "connectors": count}
        return _dialog(request, WaitingForm(person=request.user, initial=initial), context)
    form = WaitingForm(request.POST, person=request.user)
    if not form.is_valid():
        return _dialog(request, form, context, status=INVALID)
    asked = form.cleaned_data
    try:
        made = stranger_accept(
            actor=Actor.asking(request),
            charge_point=found,
            site=asked["site"],
            name=asked["name"],
            connectors=asked["connectors"],
        )
    except ActionRefused as refused:
        return _dialog(request, form, context | {"refusal": str(refused)}, status=CONFLICT)
    except ValidationError as error:
        form.add_error(None, error)
        return _dialog(request, form, context, status=INVALID)
    return _accepted(request, made, "")


def _accepted(request: HtmxHttpRequest, made: ChargePoint, password: str) -> HttpResponse:
    request.session[SITE_REMEMBERED] = made.site_id
    if not request.htmx and not password:
        return redirect("unknown_called", pk=made.pk)
    name = "_accepted" if request.htmx else "accepted"
    context: Context = {"section": "unknown", "charge_point": made, "password": password, "ocpp_url": settings.OCPP_URL}
    context["link"] = made.connection
    response = render(request, f"chargepoints/unknown/{name}.html", context)
    return trigger_client_event(response, "hub:unknown") if request.htmx else response


@never_cache
@require_safe
def called(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Whether an accepted charger has called; for htmx only the line that says so."""
    mine = charge_points_for(request.user).select_related("site__team", "connection")
    found = get_object_or_404(mine, pk=pk)
    context = {"section": "unknown", "charge_point": found, "link": found.connection, "ocpp_url": settings.OCPP_URL}
    name = "_called" if request.htmx else "accepted"
    response = render(request, f"chargepoints/unknown/{name}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response
