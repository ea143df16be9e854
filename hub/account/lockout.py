"""Throttled login: django-axes on the database, with a limit per user name and address, and one per address."""

import ipaddress
import math
from datetime import timedelta

from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Max, QuerySet, Sum
from django.http import HttpRequest
from django.utils import timezone

from hub.http import remote_address


def address_of(request: HttpRequest) -> str | None:
    """The peer's address as a column of addresses takes it; None when it has none."""
    try:
        return str(ipaddress.ip_address(remote_address(request)))
    except ValueError:
        return None


class Lockout(AxesDatabaseHandler):
    """Axes knows one limit for all; an address has a higher one, for whoever tries many names."""

    def is_locked(self, request: HttpRequest, credentials: dict[str, str] | None = None) -> bool:
        """Whether this name from this address, or the address, has failed too often."""
        if super().is_locked(request, credentials):
            return True
        failures = _recent(request).aggregate(sum=Sum("failures_since_start"))["sum"] or 0
        return bool(failures >= settings.LOGIN_FAILURES_PER_ADDRESS)


def wait_minutes(request: HttpRequest, username: str) -> int:
    """How many minutes `username` has to wait at this address; 0: it may try."""
    if AxesProxyHandler.is_allowed(request, {"username": username}):
        return 0
    tried = _recent(request)
    last = (
        (tried.filter(username=username).aggregate(at=Max("attempt_time"))["at"])
        or tried.aggregate(at=Max("attempt_time"))["at"]
    )
    left = (last or timezone.now()) + settings.AXES_COOLOFF_TIME - timezone.now()
    return max(1, math.ceil(left / timedelta(minutes=1)))


def failures_forget(username: str) -> None:
    """The person has shown otherwise who they are, by a link in a mail."""
    AxesProxyHandler.reset_attempts(username=username)


def _recent(request: HttpRequest) -> QuerySet[AccessAttempt]:
    since = timezone.now() - settings.AXES_COOLOFF_TIME
    found: QuerySet[AccessAttempt] = AccessAttempt.objects.filter(
        ip_address=address_of(request), attempt_time__gte=since
    )
    return found
