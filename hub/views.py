"""Pages of the desk that belong to no app."""

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from hub.teams.models import Density, Theme, User

_CHOICES = {"theme": Theme, "density": Density}


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Keeps the person's theme or density, then goes back to where they were. 400 for any other value."""
    chosen = {name: request.POST[name] for name in _CHOICES if name in request.POST}
    if not chosen or any(value not in _CHOICES[name].values for name, value in chosen.items()):
        return HttpResponseBadRequest("Unknown preference.")
    User.objects.filter(username=request.user.get_username()).update(**chosen)
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = reverse("overview")
    return HttpResponseRedirect(back)
