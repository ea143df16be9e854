"""Chargers that nobody has registered: the inbox, and what people decide about them."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from chargepoints.exceptions import ActionRefused
from chargepoints.forms.unknown import ListForm
from chargepoints.models import ChargePoint
from chargepoints.permissions import Person, charge_points_for, organisations_for, sites_for, unknown_attempts_for
from chargepoints.selectors.strangers import (
    receiving_organisation,
    unknown_found,
    unknown_of,
    unknown_page,
    waiting_for,
    waiting_rows,
)
from chargepoints.services.unknown import (
    stranger_reject,
    unknown_ignore,
    unknown_unignore,
)
from hub.audit.records import Actor, Place
from hub.http import HtmxHttpRequest
from hub.teams.choices import Right

Context = dict[str, object]


@never_cache
@require_safe
def unknown(request: HtmxHttpRequest) -> HttpResponse:
    """The inbox; for htmx only its lists."""
    editor_only(request.user)
    name = "_list" if request.htmx and not request.htmx.history_restore_request else "page"
    response = render(request, f"chargepoints/unknown/{name}.html", _lists(request))
    patch_vary_headers(response, ["HX-Request"])
    return response


def editor_only(person: Person) -> None:
    """403 for who may not change charge points anywhere."""
    if not sites_for(person, Right.EDIT).exists() and not organisations_for(person, Right.EDIT).exists():
        raise PermissionDenied


def _lists(request: HtmxHttpRequest) -> Context:
    form = ListForm(request.GET)
    found = unknown_found(request.user, form.words, ignored=form.ignored)
    rows, after = unknown_page(request.user, found, form.page_after)
    kept = {name: value for name in ("q", "show", "undo", "after") if (value := str(request.GET.get(name, "")))}
    first = {name: value for name, value in kept.items() if name in {"q", "show"}}
    receiver = receiving_organisation()
    return {
        "section": "unknown",
        "form": form,
        "rows": rows,
        "found": found.count(),
        "waiting": [] if form.ignored else waiting_rows(request.user, form.words),
        "is_receiver": bool(receiver and organisations_for(request.user, Right.EDIT).filter(pk=receiver.pk).exists()),
        "policy": settings.UNKNOWN_CHARGERS,
        "limit": settings.UNKNOWN_LIMIT,
        "here": urlencode(kept),
        "first_page": urlencode(first) if form.page_after else None,
        "next_page": urlencode({**first, "after": f"{after[0].isoformat()}~{after[1]}"}) if after else "",
        "ocpp_url": settings.OCPP_URL,
    }


def waiting_get(person: Person, pk: int) -> ChargePoint:
    """A waiting charger: 404 when it is not the person's, or not waiting any more; 403 without the right."""
    found = waiting_for(person).select_related("site__team", "connection").filter(pk=pk).first()
    if found is None:
        visible = get_object_or_404(charge_points_for(person), pk=pk)
        if not charge_points_for(person, Right.EDIT).filter(pk=visible.pk).exists():
            raise PermissionDenied
        raise Http404
    return found


@require_POST
def reject(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Send a waiting charger away."""
    found = waiting_get(request.user, pk)
    try:
        stranger_reject(actor=Actor.asking(request), charge_point=found)
    except ActionRefused as refused:
        return _done(request, str(refused))
    return _done(request, f"{found.name} is rejected and ignored from now on.")


@require_POST
def ignore(request: HtmxHttpRequest) -> HttpResponse:
    """Hide an identity; the list offers to undo it."""
    identity, place = _decided(request)
    unknown_ignore(actor=Actor.asking(request), attempts=unknown_of(request.user, [identity]), place=place)
    return _done(request, f"{identity or 'It'} is ignored.", undo=identity)


@require_POST
def unignore(request: HtmxHttpRequest) -> HttpResponse:
    """Show an identity again."""
    identity, place = _decided(request)
    unknown_unignore(actor=Actor.asking(request), attempts=unknown_of(request.user, [identity]), place=place)
    return _done(request, f"{identity or 'It'} is shown again.")


def _decided(request: HtmxHttpRequest) -> tuple[str, Place]:
    editor_only(request.user)
    identity = request.POST.get("identity", "").replace("\x00", "")
    receiver = receiving_organisation()
    if receiver is None or not unknown_attempts_for(request.user).filter(identity__iexact=identity).exists():
        raise Http404
    return identity, Place(receiver.pk)


def _done(request: HtmxHttpRequest, say: str, *, undo: str = "") -> HttpResponse:
    """Back to the list, with the filters that it was left with."""
    kept = {name: value for name in ("q", "show") if (value := request.POST.get(name, ""))}
    if undo:
        kept["undo"] = undo
    if say:
        messages.success(request, say)
    return redirect(f"{reverse('unknown')}?{urlencode(kept)}" if kept else reverse("unknown"))
