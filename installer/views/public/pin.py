"""The PIN that some links ask for besides."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from installer.services.links import pin_check
from installer.views.public.gate import INVALID, LinkRequest, by_link, page, pin_given, pin_keep, see_other


@sensitive_post_parameters("pin")
@by_link
@require_http_methods(["GET", "HEAD", "POST"])
def job_pin(request: LinkRequest, token: str) -> HttpResponse:
    """Ask for the PIN; a right one is remembered by this browser for half a day. It tells nothing of the job."""
    link = request.link
    if not link.pin_hmac or pin_given(request, link):
        return see_other("job_page", token)
    if request.method != "POST":
        return page("pin", {})
    if not pin_check(actor=request.actor, link=link, token=token, pin=request.POST.get("pin", "")):
        return page("pin", {"is_wrong": True}, INVALID)
    response = see_other("job_page", token)
    pin_keep(response, request, link, reverse("job_page", args=[token]))
    return response
