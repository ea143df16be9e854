"""Remote actions: a dialog that asks what is needed, and the command that comes of it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods
from django_htmx.http import trigger_client_event

from chargepoints.actions import ACTIONS, Action, Proof
from chargepoints.exceptions import ActionRefused
from chargepoints.forms.action_profiles import SetProfileForm
from chargepoints.forms.action_table import FORMS
from chargepoints.forms.actions import ActionForm
from chargepoints.models import ChargePoint, Command
from chargepoints.permissions import rights_on
from chargepoints.rendering.checks import check_report
from chargepoints.rendering.commands import command_title, queued_words
from chargepoints.rendering.schedule import profile_preview
from chargepoints.rendering.start import start_context
from chargepoints.rendering.status import connector_look
from chargepoints.selectors.capabilities import known_of
from chargepoints.selectors.charge_points import open_charges
from chargepoints.selectors.commands import commands_running
from chargepoints.selectors.keys import keys_find
from chargepoints.services.commands import command_create
from chargepoints.views.charge_point import charge_point_get, charge_point_offers
from hub.http import HtmxHttpRequest, remote_address

CONFLICT, INVALID = 409, 422


@require_http_methods(["GET", "HEAD", "POST"])
def action(request: HtmxHttpRequest, pk: int, kind: str) -> HttpResponse:
    """The dialog of one action; a POST queues the command. 403 when the person's role does not allow it."""
    found = charge_point_get(request.user, pk)
    wanted = ACTIONS.get(kind)
    if wanted is None or not wanted.has_form:
        raise Http404
    if wanted.right not in rights_on(request.user, found):
        raise PermissionDenied
    if request.method != "POST":
        form = FORMS[kind](charge_point=found, person=request.user, initial=request.GET.dict())
        return _dialog(request, found, wanted, form)
    if going_on := FORMS[kind].unsent(request.POST, found):
        return _dialog(request, found, wanted, going_on)
    form = FORMS[kind](request.POST, charge_point=found, person=request.user)
    if not form.is_valid():
        return _dialog(request, found, wanted, form, status=INVALID)
    # A second press while a check runs shows that one.
    if wanted.proof is not Proof.VERDICT and kind in commands_running(found) and not form.cleaned_data["again"]:
        return _dialog(request, found, wanted, form, status=CONFLICT)
    return _command(request, found, wanted, form)


def _command(request: HtmxHttpRequest, found: ChargePoint, wanted: Action, form: ActionForm) -> HttpResponse:
    try:
        command = command_create(
            charge_point=found,
            kind=wanted.kind,
            parameters=form.parameters(),
            author=request.user if request.user.is_authenticated else None,
            author_address=remote_address(request),
            reason=form.cleaned_data["reason"],
            **form.timing(),
        )
    except ActionRefused as refusal:
        return _dialog(request, found, wanted, form, refusal=str(refusal), status=CONFLICT)
    return _queued(request, found, command)


def _queued(request: HtmxHttpRequest, found: ChargePoint, command: Command) -> HttpResponse:
    check = check_report(command)
    if check is not None:
        context = {"check": check, "charge_point": found}
        dialog = "chargepoints/checks/_dialog.html"
        return render(request, dialog, context) if request.htmx else redirect("command", pk=command.pk)
    say = f"{command_title(command)}: {queued_words(command)}."
    if request.htmx:
        return trigger_client_event(HttpResponse(status=204), "hub:command", {"say": say})
    messages.success(request, say)
    return redirect("charge_point", pk=found.pk)


def _dialog(
    request: HtmxHttpRequest,
    found: ChargePoint,
    wanted: Action,
    form: ActionForm,
    *,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    offer = next(o for o in charge_point_offers(request.user, found, known_of(found)) if o.action is wanted)
    query = request.POST.get("q", "") or request.GET.get("q", "")
    context: dict[str, object] = {
        "section": "chargers",
        "charge_point": found,
        "zone": found.site.time_zone,
        "action": wanted,
        "form": form,
        "refusal": refusal or offer.why_not,
        "offered": not offer.why_not,
        "doubt": offer.doubt,
        "waits": offer.waits,
        "running": commands_running(found).get(wanted.kind),
        "charges": open_charges(found),
        "connectors": [(connector, connector_look(connector)) for connector in found.connectors.all()],
        "q": query,
    }
    if wanted.kind == "start":
        context |= start_context(request.user, found, request.POST or request.GET, query)
    if wanted.kind == "reserve":
        context["keys"] = keys_find(request.user, found, query)
    if isinstance(form, SetProfileForm):
        context["chart"] = profile_preview(form)
    name = "_dialog" if request.htmx else "page"
    response = render(request, f"chargepoints/actions/{name}.html", context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response
