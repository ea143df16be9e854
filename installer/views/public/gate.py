"""The door of the public page: the link is the credential, and one and the same page for every link that is none."""

from collections.abc import Callable, Mapping
from functools import wraps

from csp.constants import SELF
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import resolve_url
from django.template.loader import render_to_string
from django.views.decorators.csrf import csrf_exempt

from hub.account.middleware import without_session
from hub.audit.records import Actor
from hub.http import remote_address
from hub.limits import limits, source_of
from installer.models import JobLink
from installer.services.links import link_actor, link_find, link_used

SEE_OTHER, BAD, PIN_WANTED, GONE, TOO_LARGE, INVALID, TOO_MANY, AWAY = 303, 400, 401, 404, 413, 422, 429, 503
# A phone that shows the page asks every few seconds; a whole crew may share one address.
PER_LINK, PER_SOURCE, WRONG_PER_SOURCE = 600, 1200, 30
# Each is a row or two that stays: what a crew has kept in a day without network may come at once.
CHANGES_PER_LINK = 240
PIN_COOKIE, PIN_SECONDS, _SALT = "job-pin", 12 * 3600, "installer.pin"
# Previews of photos, the worker that keeps the page, the camera that reads a serial: nowhere else in Hub.
POLICY = {"img-src": ["blob:"], "worker-src": [SELF]}
FEATURES = "camera=(self), microphone=(), geolocation=()"

View = Callable[..., HttpResponse]


class LinkRequest(HttpRequest):
    """A request that came by a link that works."""

    link: JobLink
    token: str
    actor: Actor


def by_link(view: View) -> View:
    """`view(request, token, ...)` for whoever holds a link that works and, where one is asked for, its PIN.

    Nothing of a signed-in session counts here and nothing is kept in one, so there is no token against forgery: who
    knows the address may do it. The PIN's cookie goes to this link's addresses only, and to no other site.
    """

    @wraps(view)
    def run(request: HttpRequest, token: str, *arguments: object, **named: object) -> HttpResponse:
        address = remote_address(request)
        link = link_find(token)
        if _is_too_often(link, address, is_change=request.method == "POST"):
            return private(_wait())
        if link is None:
            return gone(request)
        request.link, request.token, request.actor = link, token, link_actor(link, address)  # type: ignore[attr-defined]
        asked = request.resolver_match.url_name if request.resolver_match else ""
        if link.pin_hmac and asked != "job_pin" and not pin_given(request, link):
            return private(_pin_wanted(asked, token))
        link_used(link=link, actor=link_actor(link, address))
        return _looked(view, request, token, *arguments, **named)

    return open_to_all(run)


def _looked(view: View, request: HttpRequest, *arguments: object, **named: object) -> HttpResponse:
    """What the view answers, or a plain word: the pages that Django has for errors look at the session."""
    try:
        return private(view(request, *arguments, **named))
    except Http404:
        return gone(request)
    except RequestDataTooBig:
        return private(HttpResponse("That is too large.\n", "text/plain", TOO_LARGE))
    except SuspiciousOperation:
        return private(HttpResponse("This request cannot be read.\n", "text/plain", BAD))


def open_to_all(view: View) -> View:
    """A view that asks nobody who they are, and looks at no session and no token."""
    return without_session(csrf_exempt(login_not_required(view)))


def _pin_wanted(asked: str | None, token: str) -> HttpResponse:
    """Lead people to the PIN; a script that followed would take the page for an answer to what it sent."""
    if asked in {"job_page", "job_complete"}:
        return see_other("job_pin", token)
    return JsonResponse({"error": "Type the PIN again."}, status=PIN_WANTED)


@open_to_all
def gone(request: HttpRequest, **_: object) -> HttpResponse:
    """The one page for every address that is none: guessed, expired, revoked, archived, or of something else."""
    return private(page("gone", {}, GONE))


def page(name: str, context: Mapping[str, object], status: int = 200) -> HttpResponse:
    """A page or fragment of templates/installer/public. Without the request, so that nothing of a session is read."""
    return HttpResponse(render_to_string(f"installer/public/{name}.html", dict(context)), status=status)


def see_other(name: str, *arguments: object, anchor: str = "") -> HttpResponse:
    """Lead to this address, by GET."""
    response = HttpResponseRedirect(resolve_url(name, *arguments) + (f"#{anchor}" if anchor else ""))
    response.status_code = SEE_OTHER
    return response


def private(response: HttpResponse) -> HttpResponse:
    """Not kept by caches, not found by search engines, and its address told to nobody."""
    response.headers.setdefault("Cache-Control", "private, no-store")
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Permissions-Policy"] = FEATURES
    response._csp_update = POLICY  # type: ignore[attr-defined]  # what the decorator of django-csp does
    return response


def pin_given(request: HttpRequest, link: JobLink) -> bool:
    """Whether this browser has given the PIN of this link lately."""
    try:
        told = signing.loads(request.COOKIES.get(PIN_COOKIE, ""), salt=_SALT, max_age=PIN_SECONDS)
    except signing.BadSignature:
        return False
    return bool(told == [link.pk, link.pin_hmac])


def pin_keep(response: HttpResponse, request: HttpRequest, link: JobLink, path: str) -> None:
    """Remember that the PIN was given, for this link's addresses."""
    response.set_cookie(
        PIN_COOKIE,
        signing.dumps([link.pk, link.pin_hmac], salt=_SALT),
        max_age=PIN_SECONDS,
        path=path,
        secure=request.is_secure(),
        httponly=True,
        samesite="Strict",
    )


def _wait() -> HttpResponse:
    text = "Too many requests. Try again in a minute.\n"
    return HttpResponse(text, "text/plain", TOO_MANY, headers={"Retry-After": "60"})


def _is_too_often(link: JobLink | None, address: str, *, is_change: bool) -> bool:
    source = source_of(address)
    wanted = (
        [(f"job-link:{link.pk}", PER_LINK), (f"job-source:{source}", PER_SOURCE)]
        if link is not None
        else [(f"job-wrong:{source}", WRONG_PER_SOURCE)]
    )
    if link is not None and is_change:
        wanted.append((f"job-changes:{link.pk}", CHANGES_PER_LINK))
    budgets = [limits.take(name, limit) for name, limit in wanted]
    return any(budget is not None and budget.is_spent for budget in budgets)
