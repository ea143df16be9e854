"""A new password, by a link in a mail or with the old one."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import PasswordResetConfirmView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from hub.account.forms import NewPasswordForm, PasswordForm, ResetForm
from hub.account.lockout import failures_forget
from hub.account.middleware import open_without_second_factor
from hub.account.records import person_record
from hub.account.sessions import session_renew, sessions_end_all
from hub.account.throttle import Throttle
from hub.account.views.person import person
from hub.audit.records import Actor
from hub.http import remote_address
from hub.queue import enqueue_on_commit
from hub.teams.models import User

PER_ADDRESS = Throttle("reset-from", limit=10, seconds=3600)
PER_EMAIL = Throttle("reset-to", limit=3, seconds=3600)
INVALID, TOO_MANY = 422, 429


@login_not_required
@open_without_second_factor
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: HttpRequest) -> HttpResponse:
    """Asks for an e-mail address. The answer is the same whether or not somebody has it."""
    form = ResetForm(request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return render(request, "account/password_reset.html", {"form": form})
    source = remote_address(request)
    if PER_ADDRESS.is_over(source):
        context = {"form": form, "wait": PER_ADDRESS.minutes}
        return render(request, "account/password_reset.html", context, status=TOO_MANY)
    if not form.is_valid():
        return render(request, "account/password_reset.html", {"form": form}, status=INVALID)
    PER_ADDRESS.count(source)
    email = form.cleaned_data["email"].lower()
    if not PER_EMAIL.is_over(email):
        PER_EMAIL.count(email)
        enqueue_on_commit("account.password_reset_mail", email, request.build_absolute_uri("/"))
    return redirect("password_reset_done")


@login_not_required
@open_without_second_factor
@require_safe
def reset_done(request: HttpRequest) -> HttpResponse:
    """What happens next."""
    return render(request, "account/password_reset_done.html")


@method_decorator(login_not_required, name="dispatch")
class ResetConfirmView(PasswordResetConfirmView):
    """The page behind the link. It signs nobody in: a second factor is still asked for."""

    form_class = NewPasswordForm
    template_name = "account/password_new.html"
    success_url = reverse_lazy("login")

    def form_valid(self, form: Any) -> HttpResponse:
        """Set the password, end every session, and let the person in again who was locked out."""
        user = self.user
        assert isinstance(user, User)
        with transaction.atomic():
            response = super().form_valid(form)
            actor = Actor.of(user, remote_address(self.request))
            person_record(actor=actor, act="password_reset", user=user)
            sessions_end_all(actor=actor, user=user, reason="new password")
        failures_forget(user.get_username())
        messages.success(self.request, "The new password is set. Sign in with it.")
        return response


reset_confirm = open_without_second_factor(ResetConfirmView.as_view())


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest) -> HttpResponse:
    """A new password for whoever knows the old one; it ends the other sessions."""
    user = person(request)
    form = PasswordForm(user, request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        context = {"form": form, "section": "account"}
        return render(request, "account/password.html", context, status=INVALID if form.is_bound else 200)
    with transaction.atomic():
        form.save()
        session_renew(request, user)
        actor = Actor.asking(request)
        person_record(actor=actor, act="password_changed", user=user)
        ended = sessions_end_all(actor=actor, user=user, reason="new password", but=request.session.session_key)
    others = f" {ended} other session{'s' if ended != 1 else ''} ended." if ended else ""
    messages.success(request, f"The new password is set.{others}")
    return redirect("account")
