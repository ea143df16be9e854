"""The description itself (for tools, public: it holds no data), and the page that shows it (for people of the desk)."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from chargepoints.api.document import document
from chargepoints.rendering.api_reference import reference_of


def base_address(request: HttpRequest) -> str:
    """Where the operations are, without a slash at the end."""
    return request.build_absolute_uri(reverse("api_reference") + "v1")


@login_not_required
@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """The OpenAPI 3.1 document."""
    return JsonResponse(document(base_address(request)))


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """Every operation with its parameters, fields, examples and errors."""
    context = {"section": "api", "reference": reference_of(document(base_address(request)))}
    return render(request, "chargepoints/api/reference.html", context)
