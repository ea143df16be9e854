"""Webhooks: the list, a new one, its page with the log of deliveries, editing, and the guide for receivers."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from redis.exceptions import RedisError

from chargepoints.exceptions import ChangeRefused
from chargepoints.forms.webhooks import DeliveryFilterForm, WebhookForm
from chargepoints.models import Webhook
from chargepoints.permissions import Person, webhooks_for
from chargepoints.rendering.webhooks import EVENT_WORDS, EXAMPLE, delivery_rows, sample_text
from chargepoints.selectors.api_keys import key_places
from chargepoints.selectors.webhooks import (
    DeliveryCursor,
    deliveries_find,
    deliveries_given_up,
    deliveries_page,
    webhooks_listed,
)
from chargepoints.services.webhook_deliveries import WAITS
from chargepoints.services.webhooks import webhook_create, webhook_edit
from chargepoints.views.sites import INVALID, posted
from hub import once
from hub.audit.records import Actor
from hub.http import HtmxHttpRequest

SECTION = "webhooks"


@require_safe
def webhooks(request: HttpRequest) -> HttpResponse:
    """The webhooks that the person manages."""
    _ask_right(request)
    listed = list(webhooks_listed(request.user))
    context = {
        "section": SECTION,
        "webhooks": listed,
        "paused": [webhook for webhook in listed if webhook.paused_why],
        "many": len({webhook.organisation_id for webhook in listed}) > 1,
    }
    return render(request, "chargepoints/webhooks/page.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def webhook_new(request: HttpRequest) -> HttpResponse:
    """The form of a new webhook; its page then shows the secret, once."""
    _ask_right(request)
    form = WebhookForm(posted(request), person=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            made, secret = webhook_create(actor=Actor.asking(request), wanted=form.wanted())
        except ChangeRefused as refused:
            form.add_error("url", str(refused))
        else:
            secret_show(request, made, secret)
            return redirect("webhook", made.pk)
    return _form(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
def webhook_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Another name, address, events or team."""
    found = webhook_get(request.user, pk)
    form = WebhookForm(posted(request), person=request.user, webhook=found)
    if request.method == "POST" and form.is_valid():
        try:
            webhook_edit(actor=Actor.asking(request), webhook=found, wanted=form.wanted())
        except ChangeRefused as refused:
            form.add_error("url", str(refused))
        else:
            messages.success(request, f"{form.cleaned_data['name']} was saved.")
            return redirect("webhook", found.pk)
    return _form(request, form, found)


@never_cache
@require_safe
def webhook(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """One webhook with its log; for htmx only the rows that match the filters."""
    found = webhook_get(request.user, pk)
    is_part = bool(request.htmx and not request.htmx.history_restore_request)
    form = DeliveryFilterForm(request.GET)
    filters = form.filters()
    rows, after = deliveries_page(deliveries_find(found, filters), DeliveryCursor.read(request.GET.get("after", "")))
    query = request.GET.copy()
    query.pop("after", None)
    first_page = query.urlencode()
    query["after"] = after
    context = {
        "section": SECTION,
        "webhook": found,
        "form": form,
        "filters": filters,
        "rows": delivery_rows(rows),
        "next": query.urlencode() if after else "",
        "first_page": first_page,
        "is_later": "after" in request.GET,
    }
    if not is_part:
        context |= {
            "secret": secret_shown(request, found),
            "given_up": deliveries_given_up(found),
            "events": [words for words in EVENT_WORDS if words.event in found.events],
        }
    response = render(request, f"chargepoints/webhooks/{'_deliveries' if is_part else 'webhook'}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
def webhook_guide(request: HttpRequest) -> HttpResponse:
    """What is sent, when, and how a receiver checks that it is ours."""
    _ask_right(request)
    context = {
        "section": SECTION,
        "events": EVENT_WORDS,
        "example": EXAMPLE,
        "sample": sample_text(),
        "tries": len(WAITS) + 1,
        "timeout": f"{settings.WEBHOOK_TIMEOUT:g}",
    }
    return render(request, "chargepoints/webhooks/guide.html", context)


def webhook_get(person: Person, pk: int) -> Webhook:
    """The webhook, if `person` manages it. Raises Http404."""
    mine = webhooks_for(person).select_related("organisation", "team")
    found: Webhook = get_object_or_404(mine, pk=pk)
    return found


def secret_show(request: HttpRequest, found: Webhook, secret: str) -> None:
    """Have the webhook's page show the secret to this session, once."""
    try:
        once.once_keep(session_key=request.session.session_key, what=_what(found), secret=secret)
    except RedisError:
        messages.error(request, "The secret was made, but cannot be shown now. Make a new one in a minute.")


def secret_shown(request: HttpRequest, found: Webhook) -> str:
    """The secret that this session has just made; empty from then on."""
    if request.method != "GET":
        return ""
    return once.once_take(session_key=request.session.session_key, what=_what(found))


def _what(found: Webhook) -> str:
    return f"webhook:{found.pk}"


def _ask_right(request: HttpRequest) -> None:
    if not key_places(request.user):
        raise PermissionDenied("Webhooks are made by admins of a whole organisation or team.")


def _form(request: HttpRequest, form: WebhookForm, found: Webhook | None) -> HttpResponse:
    back = reverse("webhook", args=[found.pk]) if found else reverse("webhooks")
    context = {"section": SECTION, "form": form, "webhook": found, "back": back}
    status = INVALID if form.is_bound else 200
    return render(request, "chargepoints/webhooks/form.html", context, status=status)


urlpatterns: list[URLPattern] = [
    path("webhooks/", webhooks, name="webhooks"),
    path("webhooks/new/", webhook_new, name="webhook_new"),
    path("webhooks/guide/", webhook_guide, name="webhook_guide"),
    path("webhooks/<int:pk>/", webhook, name="webhook"),
    path("webhooks/<int:pk>/edit/", webhook_change, name="webhook_edit"),
]
