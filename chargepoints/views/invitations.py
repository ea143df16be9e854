"""The page behind the link of an invitation. It needs no account yet."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from chargepoints.exceptions import MemberRefused
from chargepoints.forms.members import ROLE_WORDS, JoinForm
from chargepoints.services.invitations import invitation_accept, invitation_find, invitation_of
from hub.account.middleware import open_without_second_factor
from hub.account.sign_in import sign_in
from hub.account.throttle import Throttle
from hub.audit.records import Actor
from hub.http import remote_address
from hub.teams.choices import Role
from hub.teams.models import Invitation, User

WRONG_LINKS = Throttle("invitation-links", limit=30, seconds=600)
GONE, CONFLICT, INVALID, TOO_MANY = 404, 409, 422, 429


# The hash of the link's token, kept in the session: the address of the page that follows holds no secret.
OPENED = "invitation"


@login_not_required
@open_without_second_factor
@require_safe
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Open an invitation by its link. Links that do not work all get the same page."""
    source = remote_address(request)
    if WRONG_LINKS.is_over(source):
        return _page(request, "invitation_gone", {}, TOO_MANY)
    found = invitation_find(token)
    if found is None:
        WRONG_LINKS.count(source)
        return _page(request, "invitation_gone", {}, GONE)
    request.session[OPENED] = found.token_hash
    response = redirect("invitation_join")
    response["Referrer-Policy"] = "no-referrer"
    return response


@sensitive_post_parameters()
@login_not_required
@open_without_second_factor
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_join(request: HttpRequest) -> HttpResponse:
    """Join as who is signed in, or with a new account."""
    found = invitation_of(str(request.session.get(OPENED, "")))
    if found is None:
        return _page(request, "invitation_gone", {}, GONE)
    if isinstance(request.user, User):
        return _join(request, found, request.user)
    if User.objects.filter(email__iexact=found.email, is_active=True).exists():
        return _page(request, "invitation", {"invitation": found, "step": "sign-in"})
    return _new(request, found)


def _join(request: HttpRequest, found: Invitation, user: User) -> HttpResponse:
    context: dict[str, object] = {"invitation": found, "step": "join"}
    if request.method != "POST":
        return _page(request, "invitation", context)
    try:
        invitation_accept(actor=Actor.asking(request), user=user, invitation=found)
    except MemberRefused as error:
        return _page(request, "invitation", {**context, "refusal": str(error)}, CONFLICT)
    request.session.pop(OPENED, None)
    messages.success(request, f"You are now a member of {found.organisation}.")
    return redirect("overview")


def _new(request: HttpRequest, found: Invitation) -> HttpResponse:
    form = JoinForm(request.POST if request.method == "POST" else None, email=found.email)
    context: dict[str, object] = {"invitation": found, "step": "new", "form": form}
    if not form.is_bound:
        return _page(request, "invitation", context)
    if not form.is_valid():
        return _page(request, "invitation", context, INVALID)
    try:
        with transaction.atomic():
            user = form.save()
            invitation_accept(actor=Actor.of(user, remote_address(request)), user=user, invitation=found)
            sign_in(request, user, how="invitation")
    except MemberRefused:
        return _page(request, "invitation_gone", {}, GONE)
    request.session.pop(OPENED, None)
    messages.success(request, f"Welcome. You are a member of {found.organisation}.")
    return redirect("overview")


def _page(request: HttpRequest, name: str, context: dict[str, object], status: int = 200) -> HttpResponse:
    offered = context.get("invitation")
    if isinstance(offered, Invitation):
        context["role_words"] = ROLE_WORDS[Role(offered.role)]
    response = render(request, f"chargepoints/people/{name}.html", context, status=status)
    if status in {GONE, TOO_MANY}:
        response["Referrer-Policy"] = "no-referrer"  # its address may hold a token; with a form it would break the form
    add_never_cache_headers(response)
    return response
