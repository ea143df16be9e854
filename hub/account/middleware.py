"""What is asked of every request of somebody who is signed in."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from hub.account.second_factor import needs_second_factor
from hub.account.sessions import session_seen

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def open_without_second_factor(view: View) -> View:
    """Marks a view that people reach before they have set up the second factor that is asked of them."""
    view.open_without_second_factor = True  # type: ignore[attr-defined]
    return view


def without_session(view: View) -> View:
    """Marks a view that knows nobody: signed in or not, the session is neither read nor written."""
    view.without_session = True  # type: ignore[attr-defined]
    return view


class LoginMiddleware(LoginRequiredMiddleware):
    """Django's, which asks for the person even where the view is open to all."""

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase], *arguments: Any
    ) -> HttpResponseBase | None:
        """A redirect to the login page, or nothing."""
        if getattr(view_func, "without_session", False):
            return None
        return super().process_view(request, view_func, *arguments)


class AccountMiddleware:
    """Notes that a session is in use, and leads people to the set-up of their second factor."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Nothing before and after; the view decides."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: object, kwargs: object
    ) -> HttpResponseBase | None:
        """A redirect where the second factor is missing."""
        if getattr(view, "without_session", False) or not request.user.is_authenticated:
            return None
        session_seen(request)
        if getattr(view, "open_without_second_factor", False) or not needs_second_factor(request.user):
            return None
        where = reverse("second_factor")
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": where})
        return redirect(where)
