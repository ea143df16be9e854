"""Dialogs that ask before something changes: a dialog for htmx, a page of its own otherwise."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect

from chargepoints.models import ChargePoint
from chargepoints.permissions import rights_on
from chargepoints.views.charge_point import charge_point_get
from hub.http import HtmxHttpRequest
from hub.teams.choices import Right

CONFLICT, INVALID = 409, 422
FORBIDDEN = "Your role does not allow this. It needs: change sites and charge points."


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked: the template of its body is `ask/_<name>.html`, its address `charge_point_<name>`."""

    name: str
    title: str
    icon: str
    button: str
    is_danger: bool = False


def editable(request: HtmxHttpRequest, pk: int) -> ChargePoint:
    """The charge point; Http404 for one that is not the person's to see, PermissionDenied for one only to see."""
    found = charge_point_get(request.user, pk)
    if Right.EDIT not in rights_on(request.user, found):
        raise PermissionDenied(FORBIDDEN)
    return found


def asked(
    request: HtmxHttpRequest,
    found: ChargePoint,
    ask: Ask,
    *,
    form: Form | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    """The dialog or page."""
    context = {
        "section": "chargers",
        "charge_point": found,
        "zone": found.site.time_zone,
        "ask": ask,
        "body": f"chargepoints/charge_point/ask/_{ask.name}.html",
        "here": request.path,
        "form": form,
        "refusal": refusal,
        "running": len(getattr(found, "open_charges", ())),
    }
    name = "_dialog" if request.htmx else "page"
    response = render(request, f"chargepoints/charge_point/ask/{name}.html", context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def done(request: HtmxHttpRequest, say: str, to: str, *arguments: object) -> HttpResponse:
    """Say it, and go to the page of that name."""
    if say:
        messages.success(request, say)
    answer = redirect(to, *arguments)
    return HttpResponseClientRedirect(answer.url) if request.htmx else answer
