"""How a charger connects: what to type into it, whether it has called, and what was refused."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from chargepoints.models import ChargePoint
from chargepoints.permissions import rights_on
from chargepoints.rendering.charge_point import charge_point_head, tab_buttons
from chargepoints.rendering.first_call import first_call
from chargepoints.rendering.qr import qr
from chargepoints.selectors.capabilities import known_of
from chargepoints.selectors.charge_points import refused_attempts
from chargepoints.selectors.commands import commands_running
from chargepoints.selectors.security import certificate_state, installed_certificates, security_events
from chargepoints.views.charge_point import charge_point_base, charge_point_get, charge_point_offers
from chargepoints.views.passwords import password_shown
from hub.teams.choices import Right


@require_safe
def integration(request: HttpRequest, pk: int) -> HttpResponse:
    """The tab. A password that was set just now is shown, once, and nobody may keep the page that does."""
    found = charge_point_get(request.user, pk)
    address = ocpp_address(found)
    buttons = tab_buttons(
        charge_point_offers(request.user, found, known_of(found)), commands_running(found), "integration"
    )
    context = charge_point_base(found) | {
        "tab": "integration",
        "head": charge_point_head(found),
        "address": address,
        "qr": qr(address) if address else None,
        "password": password_shown(request, found) if request.method == "GET" else "",
        "first": first_call(found),
        "may_edit": Right.EDIT in rights_on(request.user, found),
        "attempts": refused_attempts(request.user, found),
        "certificate": certificate_state(found),
        "roots": installed_certificates(found),
        "events": security_events(found),
        "buttons": buttons,
        "reasons": sorted({button.offer.why_not for button in buttons if button.offer.why_not}),
    }
    response = render(request, "chargepoints/charge_point/integration.html", context)
    patch_cache_control(response, no_store=True)
    return response


@require_safe
def calls(request: HttpRequest, pk: int) -> HttpResponse:
    """What has been seen of the charger so far, with the head of its page: asked again and again while one waits."""
    found = charge_point_get(request.user, pk)
    context = charge_point_base(found) | {
        "first": first_call(found),
        "head": charge_point_head(found),
        "is_again": True,
    }
    response = render(request, "chargepoints/charge_point/_calls.html", context)
    patch_cache_control(response, no_store=True)
    return response


def ocpp_address(charge_point: ChargePoint) -> str:
    """What the charger is given, its identity (or the one it claims) included; empty without any."""
    name = charge_point.identity or charge_point.wanted_identity
    return f"{settings.OCPP_URL}/{name}" if name else ""
