"""Change site, from the page of a charge point."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from chargepoints.exceptions import ChangeRefused
from chargepoints.forms.moves import MoveForm
from chargepoints.models import ChargePoint, Site
from chargepoints.permissions import rights_on
from chargepoints.selectors.moves import TARGETS_SHOWN, move_of, move_targets
from chargepoints.services.moves import charge_point_change_site
from chargepoints.views.charge_point import charge_point_get
from chargepoints.views.sites import CONFLICT, INVALID, dialog, posted, to
from hub.audit.records import Actor
from hub.http import HtmxHttpRequest
from hub.teams.choices import Right


@require_http_methods(["GET", "HEAD", "POST"])
def change_site(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Where to, what follows from it, and then the move. 403 without the right to change the charge point."""
    found = charge_point_get(request.user, pk)
    if Right.EDIT not in rights_on(request.user, found):
        raise PermissionDenied
    targets = move_targets(request.user, found)
    form = MoveForm(posted(request), targets=targets)
    if request.method != "POST":
        return _dialog(request, found, form, target=_asked(request, found))
    if not form.is_valid():
        return _dialog(request, found, form, target=form.cleaned_data.get("site"), status=INVALID)
    target = form.cleaned_data["site"]
    try:
        charge_point_change_site(
            actor=Actor.asking(request), charge_point=found, site=target, reason=form.cleaned_data["reason"]
        )
    except ChangeRefused:
        # The page says why: it looks at the same facts again.
        return _dialog(request, found, form, target=target, status=CONFLICT)
    messages.success(request, f"{found} is on {target} now.")
    return to(request, "charge_point", pk)


def _asked(request: HtmxHttpRequest, found: ChargePoint) -> Site | None:
    """The site whose consequences are to be shown, if it is one where the charge point can go."""
    wanted = request.GET.get("site", "")
    is_number = wanted.isascii() and wanted.isdecimal() and len(wanted) < 19
    return move_targets(request.user, found).filter(pk=int(wanted)).first() if is_number else None


def _dialog(
    request: HtmxHttpRequest, found: ChargePoint, form: MoveForm, *, target: Site | None, status: int = 200
) -> HttpResponse:
    query = request.POST.get("q", "") or request.GET.get("q", "")
    listed = list(move_targets(request.user, found, query)[: TARGETS_SHOWN + 1])
    context: dict[str, object] = {
        "section": "chargers",
        "charge_point": found,
        "form": form,
        "q": query,
        "targets": listed[:TARGETS_SHOWN],
        "more_targets": len(listed) > TARGETS_SHOWN,
        "move": move_of(request.user, found, target) if target else None,
        "title": "Change site",
        "back": reverse("charge_point", args=[found.pk]),
        "back_name": found.name,
    }
    return dialog(request, "chargepoints/sites/_move.html", context, status=status)
