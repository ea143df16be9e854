"""API keys: the list, a new one, which is shown once, and revoking."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from chargepoints.forms.api_keys import ApiKeyForm
from chargepoints.permissions import api_keys_for
from chargepoints.selectors.api_keys import api_key_state, api_keys_listed, key_places
from chargepoints.services.api_keys import api_key_create, api_key_revoke
from hub.audit.records import Actor
from hub.http import HtmxHttpRequest
from hub.teams.models import User

INVALID = 422


@require_safe
def api_keys(request: HttpRequest) -> HttpResponse:
    """The keys that the person manages, and how to use one."""
    _ask_right(request)
    keys = [(key, api_key_state(key)) for key in api_keys_listed(request.user)]
    context = {"section": "api", "keys": keys, "base": _base(request)}
    return render(request, "chargepoints/api_keys/page.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def api_key_new(request: HttpRequest) -> HttpResponse:
    """The form of a new key; a POST makes it and shows it, this once and never again."""
    _ask_right(request)
    posted = request.method == "POST"
    form = ApiKeyForm(request.POST if posted else None, person=request.user)
    if not posted or not form.is_valid():
        context = {"section": "api", "form": form}
        return render(request, "chargepoints/api_keys/new.html", context, status=INVALID if posted else 200)
    author = request.user if isinstance(request.user, User) else None
    key, secret = api_key_create(actor=Actor.asking(request), author=author, wanted=form.wanted())
    context = {"section": "api", "key": key, "secret": secret, "base": _base(request)}
    return render(request, "chargepoints/api_keys/made.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def api_key_revoking(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Asks before a key is revoked; a POST revokes it."""
    key = get_object_or_404(api_keys_for(request.user).select_related("member"), pk=pk)
    if request.method == "POST":
        api_key_revoke(actor=Actor.asking(request), api_key=key)
        messages.success(request, f"{key.name}: revoked.")
        return HttpResponseClientRedirect(reverse("api_keys")) if request.htmx else redirect("api_keys")
    name = "_dialog" if request.htmx else "revoke"
    response = render(request, f"chargepoints/api_keys/{name}.html", {"section": "api", "key": key})
    patch_vary_headers(response, ["HX-Request"])
    return response


def _ask_right(request: HttpRequest) -> None:
    if not key_places(request.user):
        raise PermissionDenied("API keys are made by admins of a whole organisation or team.")


def _base(request: HttpRequest) -> str:
    return request.build_absolute_uri(reverse("api_reference") + "v1")
