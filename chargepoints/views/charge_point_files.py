"""The tab "Firmware and diagnostics" of a charge point."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from chargepoints.models import ChargePoint
from chargepoints.offers import Offer
from chargepoints.permissions import Person
from chargepoints.rendering.charge_point import charge_point_head
from chargepoints.rendering.commands import life_lines
from chargepoints.selectors.firmware import firmware_history, firmware_offered, firmware_updates, same_version
from chargepoints.views.charge_point import charge_point_base, charge_point_get, charge_point_offers
from chargepoints.views.diagnostics import diagnostics_context

Context = dict[str, object]


@require_safe
def charge_point_files(request: HttpRequest, pk: int) -> HttpResponse:
    """Firmware now and before, updates with their life lines, and whatever else belongs to this tab."""
    found = charge_point_get(request.user, pk)
    offered = charge_point_offers(request.user, found)
    context: Context = charge_point_base(found) | {"tab": "files", "head": charge_point_head(found)}
    for part in PARTS.values():
        context |= part(request.user, found, offered)
    context["parts"] = list(PARTS)
    return render(request, "chargepoints/charge_point/files.html", context)


def _firmware(person: Person, found: ChargePoint, offered: list[Offer]) -> Context:
    lines = life_lines(firmware_updates(found))
    new = [
        file
        for file in firmware_offered(found)
        if file.fits(found.vendor, found.model) and not same_version(found.firmware, file.version)
    ]
    return {
        "update": next(offer for offer in offered if offer.action.kind == "firmware"),
        "versions": firmware_history(found),
        "updates": lines,
        "is_updating": any(line.is_running for line in lines),
        "new_files": new,
    }


def _diagnostics(person: Person, found: ChargePoint, offered: list[Offer]) -> Context:
    return diagnostics_context(person, found)


# The parts of the page: template, and what it shows.
PARTS: dict[str, Callable[[Person, ChargePoint, list[Offer]], Context]] = {
    "chargepoints/charge_point/_firmware.html": _firmware,
    "chargepoints/charge_point/_diagnostics.html": _diagnostics,
}
