"""People and invitations, for those who manage them."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chargepoints.exceptions import MemberRefused
from chargepoints.forms.members import InviteForm, MemberForm, PeopleFilterForm
from chargepoints.permissions import invitations_for, organisations_for
from chargepoints.selectors.members import (
    Scope,
    invitations_open,
    is_last_admin,
    people_find,
    people_for,
    reach_of,
    scopes_for,
    wholly_theirs,
)
from chargepoints.services.invitations import invitation_create, invitation_resend, invitation_revoke
from chargepoints.services.members import (
    LAST_ADMIN,
    OWN_ROLE,
    member_edit,
    member_remove,
    member_second_factor_off,
    second_factor_require,
)
from hub.account.second_factor import device_of
from hub.account.throttle import Throttle
from hub.audit.records import Actor
from hub.http import HtmxHttpRequest
from hub.teams.choices import Right, Role
from hub.teams.models import Member, User

PAGE = 50
INVALID, CONFLICT, TOO_MANY = 422, 409, 429
MAILS_BY = Throttle("invitations-by", limit=60, seconds=3600)
MAILS_TO = Throttle("invitations-to", limit=5, seconds=3600)


@require_safe
def people(request: HtmxHttpRequest) -> HttpResponse:
    """Everybody whom the person manages; for htmx only the table that matches the filters."""
    _manager(request)
    form = PeopleFilterForm(request.GET)
    found = people_find(request.user, (form.value("q") or "").split(), form.value("role") or "")
    page = Paginator(found, PAGE).get_page(form.value("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context: dict[str, object] = {"section": "people", "form": form, "page": page, "query": query.urlencode()}
    context["filtered"] = bool(form.value("q") or form.value("role"))
    if request.htmx and not request.htmx.history_restore_request:
        response = render(request, "chargepoints/people/_table.html", context)
    else:
        context |= {
            "roles": Role.choices,
            "invitations": invitations_open(request.user),
            "organisations": organisations_for(request.user, Right.PEOPLE),
            "moment": timezone.now(),
        }
        response = render(request, "chargepoints/people/page.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def member(request: HttpRequest, pk: int) -> HttpResponse:
    """One membership: role, place and sites. Nobody's own, and never the last Admin's away."""
    by, scopes = _manager(request)
    found = _member(request, pk)
    within = [scope for scope in scopes if scope.organisation.pk == found.organisation_id]
    form = MemberForm(request.POST if request.method == "POST" else None, by=by, scopes=within, member=found)
    status, refusal = 200, OWN_ROLE if found.user_id == by.pk else ""
    if request.method == "POST" and form.is_valid():
        try:
            member_edit(
                actor=Actor.asking(request),
                by=by,
                member=found,
                role=form.cleaned_data["role"],
                scope=form.chosen(),
                sites=form.cleaned_data["sites"],
            )
        except MemberRefused as error:
            status, refusal = CONFLICT, str(error)
        else:
            messages.success(request, f"{found.user}: saved.")
            return redirect("people")
    elif form.is_bound:
        status = INVALID
    context = {
        "section": "people",
        "member": found,
        "form": form,
        "refusal": refusal,
        "is_own": found.user_id == by.pk,
        "may_remove_factor": found.user is not None and wholly_theirs(by, found.user) and device_of(found.user),
    }
    return render(request, "chargepoints/people/member.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def member_end(request: HttpRequest, pk: int) -> HttpResponse:
    """What follows when somebody is removed; a POST does it."""
    by, _ = _manager(request)
    found = _member(request, pk)
    refusal = OWN_ROLE if found.user_id == by.pk else LAST_ADMIN if is_last_admin(found) else ""
    if request.method == "POST":
        try:
            member_remove(actor=Actor.asking(request), by=by, member=found)
        except MemberRefused as error:
            refusal = str(error)
        else:
            messages.success(request, f"{found.user} was removed.")
            return redirect("people")
    context = {"section": "people", "member": found, "reach": reach_of(found), "refusal": refusal}
    status = CONFLICT if request.method == "POST" else 200
    return render(request, "chargepoints/people/remove.html", context, status=status)


@require_POST
def member_second_factor(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove the second factor of somebody who has lost it."""
    by, _ = _manager(request)
    found = _member(request, pk)
    try:
        member_second_factor_off(actor=Actor.asking(request), by=by, member=found)
    except MemberRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"The second factor of {found.user} was removed.")
    return redirect("member", pk=found.pk)


@require_POST
def second_factor_required(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask everybody of an organisation for a second factor, or no longer."""
    _manager(request)
    organisation = get_object_or_404(organisations_for(request.user, Right.PEOPLE), pk=pk)
    required = request.POST.get("required") == "1"
    second_factor_require(actor=Actor.asking(request), organisation=organisation, required=required)
    said = "must have a second factor from now on" if required else "may choose whether to have a second factor"
    messages.success(request, f"The people of {organisation} {said}.")
    return redirect("people")


@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """Offer somebody a membership by e-mail."""
    by, scopes = _manager(request)
    form = InviteForm(request.POST if request.method == "POST" else None, by=by, scopes=scopes)
    status, refusal = 200, ""
    if form.is_bound and not form.is_valid():
        status = INVALID
    elif form.is_bound and _mails_too_many(by, form.cleaned_data["email"]):
        status, refusal = TOO_MANY, "Too many invitations within an hour. Try again later."
    elif form.is_bound:
        try:
            made = invitation_create(
                actor=Actor.asking(request),
                by=by,
                email=form.cleaned_data["email"],
                scope=form.chosen(),
                role=form.cleaned_data["role"],
                sites=form.cleaned_data["sites"],
                base=request.build_absolute_uri("/"),
            )
        except MemberRefused as error:
            status, refusal = CONFLICT, str(error)
        else:
            messages.success(request, f"An invitation is on its way to {made.email}.")
            return redirect("people")
    context = {"section": "people", "form": form, "refusal": refusal}
    return render(request, "chargepoints/people/invite.html", context, status=status)


@require_POST
def invitation_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Send an invitation again, with a new link."""
    by, _ = _manager(request)
    found = get_object_or_404(invitations_for(request.user), pk=pk)
    if _mails_too_many(by, found.email):
        messages.error(request, "Too many invitations within an hour. Try again later.")
        return redirect("people")
    try:
        base = request.build_absolute_uri("/")
        invitation_resend(actor=Actor.asking(request), by=by, invitation=found, base=base)
    except MemberRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"A new link is on its way to {found.email}. The old one no longer works.")
    return redirect("people")


@require_POST
def invitation_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an invitation back."""
    _manager(request)
    found = get_object_or_404(invitations_for(request.user), pk=pk)
    try:
        invitation_revoke(actor=Actor.asking(request), invitation=found)
    except MemberRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"The invitation of {found.email} no longer works.")
    return redirect("people")


def _manager(request: HttpRequest) -> tuple[User, list[Scope]]:
    """The person and where they manage people. Raises PermissionDenied when that is nowhere."""
    scopes = scopes_for(request.user)
    if not scopes or not isinstance(request.user, User):
        raise PermissionDenied
    return request.user, scopes


def _member(request: HttpRequest, pk: int) -> Member:
    rows = people_for(request.user).select_related("user", "organisation", "team").prefetch_related("site_limits")
    return get_object_or_404(rows, pk=pk)


def _mails_too_many(by: User, email: str) -> bool:
    """Whether one more mail is too many; if not, it is counted."""
    if MAILS_BY.is_over(by.pk) or MAILS_TO.is_over(email.lower()):
        return True
    MAILS_BY.count(by.pk)
    MAILS_TO.count(email.lower())
    return False
