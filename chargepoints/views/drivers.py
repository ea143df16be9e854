"""Finding a driver or key to start a charge with."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from chargepoints.permissions import rights_on
from chargepoints.selectors.keys import keys_find
from chargepoints.views.charge_point import charge_point_get
from hub.teams.choices import Right


@require_safe
def keys(request: HttpRequest, pk: int) -> HttpResponse:
    """The keys that match `?q=`, as choices of the start dialog. 403 for whoever may not start a charge."""
    found = charge_point_get(request.user, pk)
    if Right.COMMAND not in rights_on(request.user, found):
        raise PermissionDenied
    query = request.GET.get("q", "")[:100]
    return render(
        request, "chargepoints/actions/_keys.html", {"keys": keys_find(request.user, found, query), "q": query}
    )
