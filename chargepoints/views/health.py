"""Whether Hub itself is well."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from chargepoints.rendering.health import health_read


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Servers, workers, queues and what waits; it renews itself every 2 s."""
    return render(request, "chargepoints/health/page.html", {"section": "health", "health": health_read()})
