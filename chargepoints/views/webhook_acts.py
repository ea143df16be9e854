"""What can be done with a webhook: switched, tried, told again, given a new secret, deleted; and one delivery."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chargepoints.exceptions import ChangeRefused
from chargepoints.forms.webhooks import ReplayForm, SecretForm
from chargepoints.models import Webhook, WebhookDelivery
from chargepoints.permissions import Person, deliveries_for
from chargepoints.rendering.webhooks import body_text, delivery_row, headers_text
from chargepoints.selectors.webhooks import deliveries_given_up
from chargepoints.services.webhooks import (
    deliveries_replay,
    delivery_replay,
    webhook_delete,
    webhook_secret_rotate,
    webhook_switch,
    webhook_test,
)
from chargepoints.views.sites import INVALID, dialog, posted, to
from chargepoints.views.webhooks import SECTION, secret_show, webhook_get
from hub.audit.records import Actor
from hub.http import HtmxHttpRequest

Context = dict[str, object]


@require_POST
def switching(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch it on or off, as `on` says."""
    found = webhook_get(request.user, pk)
    on = request.POST.get("on") == "1"
    webhook_switch(actor=Actor.asking(request), webhook=found, on=on)
    messages.success(request, f"{found.name} is {'on' if on else 'off'} now.")
    return redirect("webhook", found.pk)


@require_POST
def trying(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a test event; its page shows what comes of it."""
    found = webhook_get(request.user, pk)
    try:
        made = webhook_test(actor=Actor.asking(request), webhook=found)
    except ChangeRefused as refused:
        messages.error(request, str(refused))
        return redirect("webhook", found.pk)
    return redirect("webhook_delivery", made.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def secret_making(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Asks whether the old secret shall end at once; a POST makes a new one, which the webhook's page shows once."""
    found = webhook_get(request.user, pk)
    form = SecretForm(posted(request))
    if request.method == "POST" and form.is_valid():
        secret = webhook_secret_rotate(actor=Actor.asking(request), webhook=found, at_once=form.cleaned_data["at_once"])
        secret_show(request, found, secret)
        return to(request, "webhook", found.pk)
    return dialog(request, "chargepoints/webhooks/_secret.html", _frame(found, "New secret") | {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def replaying(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Asks since when; a POST sends again what was given up since then."""
    found = webhook_get(request.user, pk)
    form, refusal = ReplayForm(posted(request)), ""
    if request.method == "POST" and form.is_valid():
        since = form.cleaned_data["since"]
        try:
            count = deliveries_replay(actor=Actor.asking(request), webhook=found, since=since)
        except ChangeRefused as refused:
            refusal = str(refused)
        else:
            messages.success(request, f"{count} event{'' if count == 1 else 's'} sent again.")
            return to(request, "webhook", found.pk)
    context = _frame(found, "Send again") | {
        "form": form,
        "refusal": refusal,
        "given_up": deliveries_given_up(found),
    }
    status = INVALID if form.is_bound else 200
    return dialog(request, "chargepoints/webhooks/_replay.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def deleting(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Asks before a webhook and its log are deleted; a POST deletes them."""
    found = webhook_get(request.user, pk)
    if request.method == "POST":
        webhook_delete(actor=Actor.asking(request), webhook=found)
        messages.success(request, f"{found.name} was deleted.")
        return to(request, "webhooks")
    return dialog(request, "chargepoints/webhooks/_delete.html", _frame(found, "Delete webhook"))


@require_safe
def delivery(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One event on its way: what is sent, and what came back."""
    found = _delivery(request.user, pk)
    context = {
        "section": SECTION,
        "webhook": found.webhook,
        "delivery": found,
        "row": delivery_row(found),
        "body": body_text(found),
        "headers": headers_text(found),
        "replays": list(found.replays.order_by("created_at")[:20]),
    }
    return render(request, "chargepoints/webhooks/delivery.html", context)


@require_POST
def delivery_again(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send one event once more."""
    found = _delivery(request.user, pk)
    try:
        made = delivery_replay(actor=Actor.asking(request), delivery=found)
    except ChangeRefused as refused:
        messages.error(request, str(refused))
        return redirect("webhook_delivery", found.pk)
    return redirect("webhook_delivery", made.pk)


def _delivery(person: Person, pk: UUID) -> WebhookDelivery:
    mine = deliveries_for(person).select_related("webhook__organisation", "webhook__team", "replay_of")
    found: WebhookDelivery = get_object_or_404(mine, pk=pk)
    return found


def _frame(found: Webhook, title: str) -> Context:
    back = reverse("webhook", args=[found.pk])
    return {"section": SECTION, "webhook": found, "title": title, "back": back, "back_name": found.name}


urlpatterns: list[URLPattern] = [
    path("webhooks/<int:pk>/switch/", switching, name="webhook_switch"),
    path("webhooks/<int:pk>/test/", trying, name="webhook_test"),
    path("webhooks/<int:pk>/secret/", secret_making, name="webhook_secret"),
    path("webhooks/<int:pk>/replay/", replaying, name="webhook_replay"),
    path("webhooks/<int:pk>/delete/", deleting, name="webhook_delete"),
    path("webhooks/deliveries/<uuid:pk>/", delivery, name="webhook_delivery"),
    path("webhooks/deliveries/<uuid:pk>/replay/", delivery_again, name="webhook_delivery_replay"),
]
