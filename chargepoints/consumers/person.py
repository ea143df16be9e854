"""Who is at the other end of a browser's socket, asked anew: a login can end while the socket stays."""

from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from chargepoints.permissions import Person
from hub.account.second_factor import needs_second_factor


def person_of(session_key: str | None) -> Person:
    """The person of this session now; anonymous when it has ended or the password has changed.

    Also anonymous: who must set up a second factor first.
    """
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    person = get_user(request)
    return AnonymousUser() if needs_second_factor(person) else person
