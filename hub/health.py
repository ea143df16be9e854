"""Is this process able to work? For load balancers and for the launcher."""

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, JsonResponse
from redis.exceptions import RedisError

from hub import bus


@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:
    """200 `{"database": "ok", "redis": "ok"}`, or 503 naming the part that is away."""
    parts = {"database": _database(), "redis": _redis()}
    return JsonResponse(parts, status=200 if set(parts.values()) == {"ok"} else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError):
        return "away"
    return "ok"


def _redis() -> str:
    try:
        bus.client().ping()
    except RedisError:
        return "away"
    return "ok"
