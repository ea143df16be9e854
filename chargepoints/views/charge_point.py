"""One charge point: the page, its panels, its status log and its findings."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from chargepoints.choices import Integration
from chargepoints.models import ChargePoint
from chargepoints.offers import NOTHING, Known, Offer, offers, why_not_move
from chargepoints.permissions import Person, rights_on
from chargepoints.rendering.action_panel import action_panel
from chargepoints.rendering.charge_point import (
    charge_point_head,
    connector_cards,
    finding_rows,
    status_rows,
)
from chargepoints.rendering.commands import life_lines, may_take_back
from chargepoints.rendering.log import log_panel
from chargepoints.rendering.power import power_chart
from chargepoints.selectors.capabilities import known_of
from chargepoints.selectors.charge_points import (
    charge_points_detailed,
    findings_of,
    open_charges,
    status_spells,
)
from chargepoints.selectors.commands import commands_kept, commands_running, commands_today
from chargepoints.selectors.log_lines import last_message
from chargepoints.selectors.power import SPAN, power_curves
from hub.teams.choices import Right

Context = dict[str, object]


@require_safe
def charge_point(request: HttpRequest, pk: int) -> HttpResponse:
    """The live page: every panel, and the log."""
    found = charge_point_get(request.user, pk)
    context: Context = {"tab": "live", **charge_point_base(found)}
    for panel in PANELS.values():
        context |= panel(request.user, found)
    context["log"] = log_panel(found, request.GET.dict())
    return render(request, "chargepoints/charge_point/page.html", context)


@require_safe
def charge_point_panel(request: HttpRequest, pk: int, panel: str) -> HttpResponse:
    """One panel, for a live update: head, connectors, actions, commands, power or last."""
    found = charge_point_get(request.user, pk)
    if panel not in PANELS:
        raise Http404
    context = charge_point_base(found) | PANELS[panel](request.user, found)
    return render(request, f"chargepoints/charge_point/_{panel}.html", context)


@require_safe
def status_log(request: HttpRequest, pk: int) -> HttpResponse:
    """Every status the charger reported, with how long it lasted; `?before=` is the older page's cursor."""
    found = charge_point_get(request.user, pk)
    before = request.GET.get("before", "")
    spells, older = status_spells(found, int(before) if before.isdecimal() and len(before) < 19 else None)
    context = charge_point_base(found) | _head(request.user, found)
    context |= {"tab": "status", "spells": status_rows(spells), "older": older, "is_older_page": bool(before)}
    return render(request, "chargepoints/charge_point/status_log.html", context)


@require_safe
def findings(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the charger deviates from its protocol, and what is done about it."""
    found = charge_point_get(request.user, pk)
    context = charge_point_base(found) | _head(request.user, found)
    context |= {"tab": "findings", "findings": finding_rows(findings_of(found))}
    return render(request, "chargepoints/charge_point/findings.html", context)


def charge_point_get(user: Person, pk: int) -> ChargePoint:
    """The charge point if `user` may see it; raises Http404 otherwise."""
    return get_object_or_404(charge_points_detailed(user), pk=pk)


def charge_point_offers(user: Person, found: ChargePoint, known: Known = NOTHING) -> list[Offer]:
    """Every remote action, with the reason why one is not offered, as far as `known` says."""
    return list(
        offers(
            integration=Integration(found.integration),
            open_charges=len(open_charges(found)),
            rights=rights_on(user, found),
            registration=found.registration_told,
            known=known,
        )
    )


def charge_point_base(found: ChargePoint) -> Context:
    """What every page of a charge point shows."""
    return {"section": "chargers", "charge_point": found, "zone": found.site.time_zone}


def _head(user: Person, found: ChargePoint) -> Context:
    return {"head": charge_point_head(found)}


def _connectors(user: Person, found: ChargePoint) -> Context:
    may_force = Right.COMMAND in rights_on(user, found) if open_charges(found) else False
    return {"cards": connector_cards(found, charge_point_offers(user, found)), "may_force": may_force}


def _actions(user: Person, found: ChargePoint) -> Context:
    why_not = why_not_move(len(open_charges(found)), rights_on(user, found))
    offered = charge_point_offers(user, found, known_of(found))
    return {"actions": action_panel(offered, commands_running(found), why_not), "move_why_not": why_not}


def _commands(user: Person, found: ChargePoint) -> Context:
    commands, total = commands_today(found)
    rights, kept = rights_on(user, found), life_lines(commands_kept(found))
    return {"lines": life_lines(commands), "commands_total": total, "kept": kept, "back": may_take_back(kept, rights)}


def _last(user: Person, found: ChargePoint) -> Context:
    return {"last": last_message(found.pk)}


def _power(user: Person, found: ChargePoint) -> Context:
    now = timezone.now()
    limits = [connector.max_power_w or 0 for connector in found.connectors.all()]
    chart = power_chart(
        power_curves(found, now),
        now=now,
        span=SPAN,
        zone=found.site.time_zone,
        limit_w=max(limits, default=0) or None,
    )
    return {"chart": chart}


PANELS: dict[str, Callable[[Person, ChargePoint], Context]] = {
    "head": _head,
    "connectors": _connectors,
    "actions": _actions,
    "commands": _commands,
    "power": _power,
    "last": _last,
}
