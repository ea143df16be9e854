"""Signing in, in two steps."""

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from hub.account.forms import CodeForm, SignInForm
from hub.account.middleware import open_without_second_factor
from hub.account.second_factor import code_check
from hub.account.sign_in import (
    code_failure_record,
    first_step_keep,
    first_step_of,
    needs_code,
    password_try,
    sign_in,
)

TOO_MANY = 429


@sensitive_post_parameters("password")
@login_not_required
@open_without_second_factor
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """The first step: user name and password. 429 with the time to wait after too many wrong ones."""
    then = _next(request)
    if request.user.is_authenticated:
        return redirect(then or resolve_url("overview"))
    if request.method != "POST":
        return _first(request, SignInForm(), then)
    form = SignInForm(request.POST)
    if not form.is_valid():
        return _first(request, form, then)
    tried = password_try(request, form.cleaned_data["username"], form.cleaned_data["password"])
    if tried.user is None:
        form.add_error(None, "wrong")
        return _first(request, form, then, wait=tried.wait_minutes)
    if needs_code(tried.user):
        first_step_keep(request, tried.user, then)
        return redirect("login_code")
    sign_in(request, tried.user)
    return redirect(then or resolve_url("overview"))


@login_not_required
@open_without_second_factor
@require_http_methods(["GET", "HEAD", "POST"])
def login_code(request: HttpRequest) -> HttpResponse:
    """The second step: a code. Without a first one within five minutes it goes back to that."""
    found = first_step_of(request)
    if found is None:
        return redirect("login")
    user, then = found
    if request.method != "POST":
        return _second(request, CodeForm())
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _second(request, form, said="Type the code.")
    verdict = code_check(user, form.cleaned_data["code"])
    if not verdict.is_good:
        code_failure_record(request, user)
        again = f" Wait {verdict.wait_s} s before the next one." if verdict.wait_s else ""
        return _second(request, form, said=f"This code is not good, or no longer.{again}")
    sign_in(request, user, how="password and recovery code" if verdict.was_recovery else "password and code")
    return redirect(then or resolve_url("overview"))


@login_not_required
@open_without_second_factor
@require_safe
def admin_login(request: HttpRequest) -> HttpResponse:
    """The administration's own sign-in is the desk's. 403 for people who are signed in and may not go there."""
    then = _next(request) or reverse("admin:index")
    if request.user.is_authenticated:
        if not request.user.is_staff:
            raise PermissionDenied
        return redirect(then)
    return redirect(f"{reverse('login')}?{urlencode({'next': then})}")


def _next(request: HttpRequest) -> str:
    asked = request.POST.get("next", "") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return asked if is_ours else ""


def _first(request: HttpRequest, form: SignInForm, then: str, wait: int = 0) -> HttpResponse:
    context = {"form": form, "next": then, "wait": wait}
    response = render(request, "registration/login.html", context, status=TOO_MANY if wait else 200)
    if wait:
        response["Retry-After"] = str(wait * 60)
    add_never_cache_headers(response)
    return response


def _second(request: HttpRequest, form: CodeForm, said: str = "") -> HttpResponse:
    is_recovery = request.GET.get("recovery") == "1"
    response = render(request, "account/login_code.html", {"form": form, "said": said, "is_recovery": is_recovery})
    add_never_cache_headers(response)
    return response
