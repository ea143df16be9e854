"""Who is at the other end of a browser's socket, asked anew: a login can end while the socket stays."""

from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

from chargepoints.permissions import Person


def person_of(session_key: str | None) -> Person:
    """The person of this session now; anonymous when it has ended or the password has changed."""
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    return get_user(request)
