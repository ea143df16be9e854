"""What the dialog that starts a charge asks for while somebody chooses."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from chargepoints.permissions import rights_on
from chargepoints.rendering.start import start_context
from chargepoints.views.charge_point import charge_point_get
from hub.teams.choices import Right


@require_safe
def start_choice(request: HttpRequest, pk: int) -> HttpResponse:
    """The keys that match `?q=` and what follows from the one that is chosen. 403 for who may not start a charge."""
    found = charge_point_get(request.user, pk)
    if Right.COMMAND not in rights_on(request.user, found):
        raise PermissionDenied
    context = start_context(request.user, found, request.GET, request.GET.get("q", "")[:100])
    return render(request, "chargepoints/actions/_start_choice.html", {"charge_point": found, **context})
