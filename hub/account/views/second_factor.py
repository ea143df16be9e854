"""Setting up the second factor, switching it off, and recovery codes."""

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.utils.safestring import mark_safe
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from hub.account.forms import CodeForm, ProofForm
from hub.account.middleware import open_without_second_factor
from hub.account.second_factor import (
    code_check,
    device_begin,
    device_confirm,
    device_of,
    needs_second_factor,
    recovery_codes_renew,
    second_factor_off,
    secret_text,
)
from hub.account.views.person import person
from hub.audit.records import Actor
from hub.teams.models import User

INVALID = 422


@open_without_second_factor
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """The set-up: a secret to scan, and a code that proves that it was. The recovery codes come once, with that."""
    user = person(request)
    if device_of(user) is not None:
        return redirect("account")
    if request.method != "POST":
        return _set_up(request, user)
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _set_up(request, user, "Type the six digits that your app shows.")
    verdict, codes = device_confirm(actor=Actor.asking(request), user=user, code=form.cleaned_data["code"])
    if not verdict.is_good:
        again = f" Wait {verdict.wait_s} s." if verdict.wait_s else ""
        return _set_up(
            request, user, f"This is not the code that the app shows now.{again} Is your phone's time right?"
        )
    return _codes(request, codes)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor_remove(request: HttpRequest) -> HttpResponse:
    """Switches it off, for password and code."""
    user = person(request)
    if device_of(user) is None:
        return redirect("account")
    form = _proof(request, user)
    if form is None or not form.is_bound or form.errors:
        return _ask(request, form or ProofForm(user=user), "off")
    second_factor_off(actor=Actor.asking(request), user=user)
    messages.success(request, "The second factor is off.")
    return redirect("account")


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Makes new recovery codes, for password and code; the old ones stop working."""
    user = person(request)
    if device_of(user) is None:
        return redirect("account")
    form = _proof(request, user)
    if form is None or not form.is_bound or form.errors:
        return _ask(request, form or ProofForm(user=user), "codes")
    return _codes(request, recovery_codes_renew(actor=Actor.asking(request), user=user))


def _proof(request: HttpRequest, user: User) -> ProofForm | None:
    """The form with what is wrong about it; the code is only looked at when the password is right."""
    if request.method != "POST":
        return None
    form = ProofForm(request.POST, user=user)
    if form.is_valid():
        verdict = code_check(user, form.cleaned_data["code"])
        if not verdict.is_good:
            again = f" Wait {verdict.wait_s} s before the next one." if verdict.wait_s else ""
            form.add_error("code", f"This code is not good, or no longer.{again}")
    return form


def _ask(request: HttpRequest, form: ProofForm, what: str) -> HttpResponse:
    context = {"section": "account", "form": form, "what": what}
    return render(request, "account/proof.html", context, status=INVALID if form.is_bound else 200)


def _set_up(request: HttpRequest, user: User, said: str = "") -> HttpResponse:
    device = device_begin(user)
    picture = segno.make(device.config_url, error="m").svg_inline(
        scale=5, border=2, omitsize=True, dark="#000", light="#fff", title="QR code for the app", svgclass="qr"
    )
    context = {
        "section": "account",
        "qr": mark_safe(picture),  # noqa: S308 - made of squares by segno; the address is only encoded in them
        "secret": secret_text(device),
        "said": said,
        "layout": "_lone.html" if needs_second_factor(user) else "base.html",
        "is_asked_for": needs_second_factor(user),
    }
    response = render(request, "account/second_factor.html", context, status=INVALID if said else 200)
    add_never_cache_headers(response)
    return response


def _codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    response = render(request, "account/recovery_codes.html", {"section": "account", "codes": codes})
    add_never_cache_headers(response)
    return response
