"""Lists whose filters stand in the address."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from hub.http import HtmxHttpRequest


def list_answer(request: HtmxHttpRequest, context: dict[str, object], *, rows: str, page: str) -> HttpResponse:
    """The page; for htmx only its rows, unless the browser's history asks for all of it."""
    partial = request.htmx and not request.htmx.history_restore_request
    response = render(request, f"chargepoints/{rows if partial else page}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response
