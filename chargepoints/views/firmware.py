"""The library of firmware: the list, a file, adding one, putting it away; and a charger's firmware."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chargepoints.exceptions import ChangeRefused
from chargepoints.forms.firmware import FirmwareForm
from chargepoints.forms.sites import ReasonForm
from chargepoints.models import FirmwareFile
from chargepoints.permissions import Person, firmware_for, organisations_of
from chargepoints.rendering.commands import life_lines
from chargepoints.selectors.firmware import (
    firmware_in_use,
    firmware_listed,
    firmware_organisations,
    firmware_recent,
    firmware_uses,
)
from chargepoints.services.firmware import firmware_archive, firmware_create, firmware_restore
from chargepoints.views.charge_point_files import charge_point_files
from chargepoints.views.firmware_upload import FIELD, FirmwareUpload
from chargepoints.views.sites import CONFLICT, INVALID, dialog, posted, to
from hub.audit.records import Actor
from hub.http import HtmxHttpRequest
from hub.teams.choices import Right

FORBIDDEN = "Your role does not allow this. It needs: change sites and charge points."
Context = dict[str, object]


@require_safe
def firmware_files(request: HttpRequest) -> HttpResponse:
    """The library with who runs what; `?archived=1` shows what was put away."""
    archived = request.GET.get("archived") == "1"
    context: Context = {
        "section": "firmware",
        "rows": firmware_listed(request.user, archived=archived),
        "archived": archived,
        "may_add": firmware_organisations(request.user).exists(),
        "many": organisations_of(request.user, Right.VIEW).count() > 1,
    }
    return render(request, "chargepoints/firmware/page.html", context)


@require_safe
def firmware_file(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One file: what is known of it, who runs it, and the updates with it."""
    found = firmware_get(request.user, pk)
    recent = firmware_recent(found, request.user)
    context: Context = {
        "section": "firmware",
        "file": found,
        "use": firmware_uses(request.user, [found])[0],
        "updates": list(zip(recent, life_lines(recent), strict=True)),
        "may_edit": _may_edit(request.user, found),
    }
    return render(request, "chargepoints/firmware/file.html", context)


# The token of the form stands in the same body as the file: the body is read below, where the file has its place.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def firmware_new(request: HttpRequest) -> HttpResponse:
    """Add a file: it is stored while it comes, and dropped unless everything is right."""
    if not firmware_organisations(request.user).exists():
        raise PermissionDenied(FORBIDDEN)
    upload = FirmwareUpload(request)
    request.upload_handlers = [upload]
    try:
        return _firmware_new(request, upload)
    finally:
        upload.drop()


@csrf_protect
def _firmware_new(request: HttpRequest, upload: FirmwareUpload) -> HttpResponse:
    sent = posted(request)
    form = FirmwareForm(sent, request.FILES if sent is not None else None, person=request.user, problem=upload.problem)
    if sent is not None and form.is_valid():
        draft = form.cleaned_data[FIELD].draft
        try:
            made = firmware_create(
                actor=Actor.asking(request),
                organisation=form.cleaned_data["organisation"],
                draft=draft,
                fields=form.facts(),
            )
        except ChangeRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"{made}: added to the library.")
            return redirect("firmware_file", pk=made.pk)
    context: Context = {"section": "firmware", "form": form}
    return render(request, "chargepoints/firmware/form.html", context, status=INVALID if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def firmware_put_away(request: HtmxHttpRequest, pk: UUID) -> HttpResponse:
    """Ask, and archive a file; 409 while something needs it."""
    found = firmware_get(request.user, pk, edit=True)
    form = ReasonForm(posted(request))
    used = firmware_in_use(found)
    refusal, status = f"{used[0].upper()}{used[1:]} still need it." if used else "", 200
    if request.method == "POST":
        if not form.is_valid():
            status = INVALID
        else:
            try:
                firmware_archive(actor=Actor.asking(request), firmware=found, reason=form.cleaned_data["reason"])
            except ChangeRefused as refused:
                refusal, status = str(refused), CONFLICT
            else:
                messages.success(request, f"{found}: archived.")
                return to(request, "firmware_files")
    context: Context = {
        "section": "firmware",
        "title": f"Archive {found}",
        "back": reverse("firmware_file", args=[found.pk]),
        "back_name": str(found),
        "file": found,
        "form": form,
        "refusal": refusal,
    }
    return dialog(request, "chargepoints/firmware/_archive.html", context, status=status)


@require_POST
def firmware_back(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Offer an archived file again."""
    found = firmware_get(request.user, pk, edit=True)
    firmware_restore(actor=Actor.asking(request), firmware=found)
    messages.success(request, f"{found}: restored.")
    return redirect("firmware_file", pk=found.pk)


def firmware_get(person: Person, pk: UUID, *, edit: bool = False) -> FirmwareFile:
    """A file, archived or not. Raises Http404, or PermissionDenied for who may only look."""
    found: FirmwareFile = get_object_or_404(_seen(person).select_related("organisation"), pk=pk)
    if edit and not _may_edit(person, found):
        raise PermissionDenied(FORBIDDEN)
    return found


def _seen(person: Person, right: Right = Right.VIEW) -> QuerySet[FirmwareFile]:
    return firmware_for(person, right) | firmware_for(person, right, archived=True)


def _may_edit(person: Person, found: FirmwareFile) -> bool:
    return _seen(person, Right.EDIT).filter(pk=found.pk).exists()


urlpatterns: list[URLPattern] = [
    path("firmware/", firmware_files, name="firmware_files"),
    path("firmware/new/", firmware_new, name="firmware_new"),
    path("firmware/<uuid:pk>/", firmware_file, name="firmware_file"),
    path("firmware/<uuid:pk>/archive/", firmware_put_away, name="firmware_archive"),
    path("firmware/<uuid:pk>/restore/", firmware_back, name="firmware_restore"),
    path("charge-points/<int:pk>/files/", charge_point_files, name="charge_point_files"),
]
