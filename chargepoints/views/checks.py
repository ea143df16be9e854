"""A check that runs, or its verdict: the part of a page that refreshes itself until it has ended."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from chargepoints.permissions import commands_for
from chargepoints.rendering.checks import check_report
from chargepoints.selectors.checks import CHECK


@require_safe
def check(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What has been asked so far, or the verdict."""
    found = get_object_or_404(commands_for(request.user), pk=pk, kind=CHECK)
    return render(request, "chargepoints/checks/_check.html", {"check": check_report(found)})


urlpatterns: list[URLPattern] = [path("commands/<uuid:pk>/check/", check, name="check")]
