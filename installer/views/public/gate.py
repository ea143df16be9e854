"""The door of the public page: the link is the credential, and one and the same page for every link that is none."""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt

from hub.audit.records import Actor
from hub.http import remote_address
from hub.limits import limits, source_of
from installer.models import JobLink
from installer.services.links import link_actor, link_find, link_used

GONE, TOO_MANY = 404, 429
# A phone that shows the page asks every few seconds; a whole crew may share one address.
PER_LINK, PER_SOURCE, WRONG_PER_SOURCE = 600, 1200, 30
PIN_COOKIE, PIN_SECONDS, _SALT = "job-pin", 12 * 3600, "installer.pin"

View = Callable[..., HttpResponse]


class LinkRequest(HttpRequest):
    """A request that came by a link that works."""

    link: JobLink
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
        if _is_too_often(link, address):
            return private(HttpResponse("Too many requests. Try again in a minute.\n", status=TOO_MANY))
        if link is None:
            return private(render(request, "installer/public/gone.html", status=GONE))
        request.link, request.actor = link, link_actor(link, address)  # type: ignore[attr-defined]
        asked = request.resolver_match.url_name if request.resolver_match else ""
        if link.pin_hmac and asked != "job_pin" and not pin_given(request, link):
            return private(redirect("job_pin", token))
        link_used(link=link)
        return private(view(request, token, *arguments, **named))

    return csrf_exempt(login_not_required(run))


def private(response: HttpResponse) -> HttpResponse:
    """Not kept by caches, not found by search engines, and its address told to nobody."""
    response.headers.setdefault("Cache-Control", "private, no-store")
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
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


def _is_too_often(link: JobLink | None, address: str) -> bool:
    source = source_of(address)
    wanted = (
        [(f"job-link:{link.pk}", PER_LINK), (f"job-source:{source}", PER_SOURCE)]
        if link is not None
        else [(f"job-wrong:{source}", WRONG_PER_SOURCE)]
    )
    budgets = [limits.take(name, limit) for name, limit in wanted]
    return any(budget is not None and budget.is_spent for budget in budgets)
