"""What follows from every sign-in and sign-out, whoever asked for it."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from hub.account.sessions import session_began, session_ended
from hub.teams.models import User


@receiver(user_logged_in)
def signed_in(sender: Any, request: HttpRequest, user: User, **_: Any) -> None:
    """A session has begun."""
    session_began(request, user)


@receiver(user_logged_out)
def signed_out(sender: Any, request: HttpRequest, user: User | None, **_: Any) -> None:
    """The session ends; Django empties it right after this."""
    key = request.session.session_key
    if user is not None and key:
        session_ended(key, "signed out")
