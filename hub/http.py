"""What every page of the desk shares."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class HtmxHttpRequest(HttpRequest):
    """A request that went through django-htmx's middleware."""

    htmx: HtmxDetails


def remote_address(request: HttpRequest) -> str:
    """The peer's address. Behind a proxy the server itself must be told to trust it (README, TLS)."""
    return str(request.META.get("REMOTE_ADDR") or "")
