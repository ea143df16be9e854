"""The settings of a charge point."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from chargepoints.rendering.charge_point import charge_point_head
from chargepoints.selectors.configuration import configuration_of
from chargepoints.views.charge_point import charge_point_get, charge_point_offers
from chargepoints.views.local_lists import local_list_card


@require_safe
def configuration(request: HttpRequest, pk: int) -> HttpResponse:
    """Every setting that the charger has reported or accepted, and the way to read and to change them."""
    found = charge_point_get(request.user, pk)
    offered = {offer.action.kind: offer for offer in charge_point_offers(request.user, found)}
    context = {
        "section": "chargers",
        "tab": "configuration",
        "charge_point": found,
        "zone": found.site.time_zone,
        "head": charge_point_head(found),
        "items": list(configuration_of(found)),
        "read": offered["read_configuration"],
        "change": offered["configure"],
        **local_list_card(request.user, found),
    }
    return render(request, "chargepoints/charge_point/configuration.html", context)
