"""The local list of a charger, brought up to date on request."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from chargepoints.actions import ACTIONS
from chargepoints.choices import Integration
from chargepoints.exceptions import ActionRefused
from chargepoints.models import ChargePoint
from chargepoints.offers import why_not
from chargepoints.permissions import Person, rights_on
from chargepoints.selectors.capabilities import profiles_of
from chargepoints.selectors.local_lists import ListState, local_list_state
from chargepoints.services.commands import command_create
from chargepoints.views.charge_point import charge_point_get
from hub.http import remote_address
from hub.teams.choices import Right
from hub.teams.models import User

CONFLICT = 409
VERSION, FULL, CHANGES = "version", "full", "changes"


@require_http_methods(["GET", "HEAD", "POST"])
def local_list(request: HttpRequest, pk: int) -> HttpResponse:
    """The card with the state of the list; a POST sends `what`: all keys, the changes, or asks for the version."""
    found = charge_point_get(request.user, pk)
    if request.method != "POST":
        return render(request, "chargepoints/charge_point/_local_list.html", local_list_card(request.user, found))
    if Right.COMMAND not in rights_on(request.user, found):
        raise PermissionDenied("Your role does not allow this. It needs: give commands to charge points.")
    what = request.POST.get("what", "")
    state = local_list_state(found)
    known: dict[str, tuple[str, dict[str, object], str]] = {
        VERSION: ("local_list_version", {}, "The charger is asked for the version of its list."),
        FULL: ("local_list", state.full, f"All {len(state.wanted)} keys are on their way."),
        CHANGES: ("local_list", state.changes, f"{state.differing} changes are on their way."),
    }
    if what not in known:
        return _refused(request, found, "Choose what to send.")
    kind, parameters, say = known[what]
    try:
        command_create(
            charge_point=found,
            kind=kind,
            parameters=parameters,
            author=request.user if isinstance(request.user, User) else None,
            author_address=remote_address(request),
        )
    except ActionRefused as refusal:
        return _refused(request, found, str(refusal))
    messages.success(request, say)
    return redirect("charge_point_configuration", pk=pk)


def local_list_card(person: Person, found: ChargePoint) -> dict[str, object]:
    """What the card shows."""
    action = ACTIONS["local_list"]
    integration, told = Integration(found.integration), found.registration_told
    state: ListState = local_list_state(found)
    return {
        "charge_point": found,
        "zone": found.site.time_zone,
        "state": state,
        "list_refusal": "",
        "list_why_not": why_not(action, integration, 0, rights_on(person, found), told, profiles_of(found)),
    }


def _refused(request: HttpRequest, found: ChargePoint, refusal: str) -> HttpResponse:
    context = local_list_card(request.user, found) | {"list_refusal": refusal, "section": "chargers"}
    return render(request, "chargepoints/charge_point/local_list.html", context, status=CONFLICT)
