"""What chargers have uploaded: listed, taken away, deleted."""

from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from chargepoints.exceptions import ChangeRefused
from chargepoints.forms.diagnostics import DeletionForm
from chargepoints.models import ChargePoint, DiagnosticsFile
from chargepoints.permissions import Person, rights_on
from chargepoints.received import bytes_read, size_words
from chargepoints.rendering.charge_point import ActionButton, charge_point_head
from chargepoints.rendering.diagnostics import diagnostics_section
from chargepoints.selectors.commands import commands_running
from chargepoints.selectors.diagnostics import diagnostics_detailed
from chargepoints.services.diagnostics import diagnostics_delete, diagnostics_download_record
from chargepoints.views.asking import done
from chargepoints.views.charge_point import charge_point_base, charge_point_get, charge_point_offers
from chargepoints.views.sites import dialog
from hub.audit.records import Actor
from hub.http import HtmxHttpRequest, streamed
from hub.teams.choices import Right

CONFLICT, INVALID = 409, 422
NEEDS = "Your role does not allow this. It needs: {}."
Context = dict[str, object]


@require_safe
def charge_point_diagnostics(request: HttpRequest, pk: int) -> HttpResponse:
    """The files of one charger, `?files=` a later page of them; asked again and again while one comes."""
    found = charge_point_get(request.user, pk)
    context = charge_point_base(found) | diagnostics_context(request.user, found, request.GET.get("files", ""))
    if context["diagnostics"] is None:
        raise PermissionDenied(NEEDS.format(Right.REBOOT.label.lower()))
    context |= {"tab": "files", "head": charge_point_head(found)}
    return render(request, "chargepoints/charge_point/diagnostics.html", context)


def diagnostics_context(person: Person, found: ChargePoint, number: str = "") -> Context:
    """What `charge_point/_diagnostics.html` needs beside the base; `diagnostics` is None for who may not see them."""
    rights = rights_on(person, found)
    section = None
    if Right.REBOOT in rights:
        running = commands_running(found)
        buttons = [ActionButton(offer, running.get(offer.action.kind)) for offer in charge_point_offers(person, found)]
        section = diagnostics_section(found, buttons, number)
    return {
        "diagnostics": section,
        "diagnostics_needs": Right.REBOOT.label.lower(),
        "diagnostics_days": settings.DIAGNOSTICS_DAYS,
        "may_edit": Right.EDIT in rights,
    }


@require_safe
def diagnostics_download(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The bytes, never shown in the browser: whatever a charger sends, it is a file to save. On record."""
    found = _get(request.user, pk, Right.REBOOT)
    try:
        pieces = bytes_read(found.pk)
    except FileNotFoundError:
        raise Http404 from None
    if request.method == "GET":
        diagnostics_download_record(diagnostics=found, actor=Actor.asking(request))
    name = found.name if found.is_complete else f"incomplete-{found.name}"
    response = StreamingHttpResponse(streamed(request, pieces), content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    response["Content-Length"] = str(found.size)
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def diagnostics_remove(request: HtmxHttpRequest, pk: UUID) -> HttpResponse:
    """Delete the bytes of a file, with a reason that stays."""
    found = _get(request.user, pk, Right.EDIT)
    form = DeletionForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _asked(request, found, form, "", INVALID if form.is_bound else 200)
    try:
        diagnostics_delete(diagnostics=found, reason=form.cleaned_data["reason"], actor=Actor.asking(request))
    except ChangeRefused as refusal:
        return _asked(request, found, form, str(refusal), CONFLICT)
    return done(request, f"{found.name} was deleted.", "charge_point_diagnostics", found.charge_point_id)


def _asked(
    request: HtmxHttpRequest, found: DiagnosticsFile, form: DeletionForm, refusal: str, status: int
) -> HttpResponse:
    context = {
        "section": "chargers",
        "title": f"Delete {found.name}",
        "back": reverse("charge_point_diagnostics", args=[found.charge_point_id]),
        "back_name": found.charge_point.name,
        "file": found,
        "size": size_words(found.size),
        "form": form,
        "refusal": refusal,
    }
    return dialog(request, "chargepoints/diagnostics/_delete.html", context, status=status)


def _get(person: Person, pk: UUID, right: Right) -> DiagnosticsFile:
    """404 for what is not theirs to see, 403 with a sentence for what is only to see."""
    found = get_object_or_404(diagnostics_detailed(person), pk=pk)
    if right not in rights_on(person, found.charge_point):
        raise PermissionDenied(NEEDS.format(right.label.lower()))
    return found


urlpatterns: list[URLPattern] = [
    path("charge-points/<int:pk>/diagnostics/", charge_point_diagnostics, name="charge_point_diagnostics"),
    path("diagnostics/<uuid:pk>/download", diagnostics_download, name="diagnostics_download"),
    path("diagnostics/<uuid:pk>/delete/", diagnostics_remove, name="diagnostics_delete"),
]
