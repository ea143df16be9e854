"""The account page: profile, and the sessions."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from hub.account.agents import agent_words
from hub.account.forms import ProfileForm
from hub.account.records import person_record
from hub.account.second_factor import device_of, recovery_codes_left
from hub.account.sessions import sessions_end, sessions_end_all, sessions_of
from hub.account.views.person import person
from hub.audit.records import Actor, facts_of
from hub.teams.models import Member, SignIn, User

FACTS = ("first_name", "last_name", "email")
INVALID = 422


@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """One's own name, address, looks and sessions; a POST keeps the profile."""
    user = person(request)
    before = facts_of(user, *FACTS)
    form = ProfileForm(request.POST if request.method == "POST" else None, instance=user)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            saved = form.save()
            person_record(
                actor=Actor.asking(request), act="edited", user=saved, before=before, after=facts_of(saved, *FACTS)
            )
        messages.success(request, "Saved.")
        return redirect("account")
    return _page(request, form)


@require_POST
def session_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of one's sessions; somebody else's is 404."""
    user = person(request)
    found = SignIn.objects.filter(user=user, pk=pk).first()
    if found is None:
        return render(request, "404.html", status=404)
    sessions_end(actor=Actor.asking(request), user=user, keys=[found.session_key], reason="ended by its person")
    messages.success(request, "The session has ended.")
    return redirect("account")


@require_POST
def sessions_end_others(request: HttpRequest) -> HttpResponse:
    """End all of one's sessions but this one."""
    user = person(request)
    ended = sessions_end_all(
        actor=Actor.asking(request), user=user, reason="ended by its person", but=request.session.session_key
    )
    messages.success(request, f"{ended} session{'s' if ended != 1 else ''} ended.")
    return redirect("account")


def _page(request: HttpRequest, form: ProfileForm) -> HttpResponse:
    user = User.objects.get(pk=form.instance.pk)
    current = request.session.session_key
    sessions = [(row, agent_words(row.user_agent), row.session_key == current) for row in sessions_of(user)]
    context = {
        "section": "account",
        "form": form,
        "device": device_of(user),
        "codes_left": recovery_codes_left(user),
        "sessions": sorted(sessions, key=lambda entry: not entry[2]),
        "memberships": Member.objects.filter(user=user).select_related("organisation", "team"),
    }
    return render(request, "account/page.html", context, status=INVALID if form.is_bound else 200)
