"""Importing a list of charge points: upload, look, import."""

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chargepoints.columns import COLUMNS, MEANINGS, REQUIRED
from chargepoints.exceptions import ActionRefused
from chargepoints.forms.imports import ApplyForm, PasswordsForm, UploadForm
from chargepoints.selectors.imports import Checked, import_check
from chargepoints.selectors.strangers import sites_to_accept
from chargepoints.services.imports import (
    ImportDiffers,
    Imported,
    Upload,
    import_apply,
    passwords_open,
    passwords_seal,
    upload_claim,
    upload_find,
    upload_keep,
)
from chargepoints.views.unknown import editor_only
from hub.audit.records import Actor
from hub.spreadsheets import CSV_TYPE, MOST_ROWS, XLSX_TYPE, csv_write, xlsx_write

GONE, CONFLICT, INVALID = 410, 409, 422
SHOWN = 200
_LOST = "This list is not kept any more: it was imported already, or an hour has passed. Upload it again."


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Choose a file; a POST reads it and shows what would be made."""
    editor_only(request.user)
    form = UploadForm()
    if request.method == "POST":
        form = UploadForm(request.POST, request.FILES)
        if form.is_valid():
            return redirect("import_check", token=upload_keep(owner=_owner(request), upload=form.upload))
    return _upload_page(request, form, status=INVALID if form.errors else 200)


def _upload_page(request: HttpRequest, form: UploadForm, *, status: int = 200, lost: str = "") -> HttpResponse:
    columns = [(name, name in REQUIRED, MEANINGS[name], example) for name, example in COLUMNS.items()]
    context = {
        "section": "chargers",
        "form": form,
        "columns": columns,
        "most_rows": MOST_ROWS,
        "lost": lost,
        "sites": sites_to_accept(request.user).count(),
    }
    return render(request, "chargepoints/imports/upload.html", context, status=status)


def _owner(request: HttpRequest) -> int:
    return int(request.user.pk or 0)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, token: str) -> HttpResponse:
    """What would be made of an upload, compared anew each time; a POST makes it."""
    editor_only(request.user)
    if request.method == "POST":
        return _apply(request, token)
    found = upload_find(owner=_owner(request), token=token)
    if found is None:
        return _upload_page(request, UploadForm(), status=GONE, lost=_LOST)
    return _check_page(request, token, found, import_check(request.user, found.lines))


def _check_page(
    request: HttpRequest, token: str, found: Upload, checked: Checked, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "section": "chargers",
        "token": token,
        "upload": found,
        "checked": checked,
        "shown": checked.wrong[:SHOWN],
        "not_shown": max(len(checked.wrong) - SHOWN, 0),
        "preview": checked.drafts[:10],
        "refusal": refusal,
    }
    return render(request, "chargepoints/imports/check.html", context, status=status)


def _apply(request: HttpRequest, token: str) -> HttpResponse:
    form = ApplyForm(request.POST)
    if not form.is_valid():
        raise BadRequest
    owner = _owner(request)
    found = upload_claim(owner=owner, token=token)
    if found is None:
        return _upload_page(request, UploadForm(), status=GONE, lost=_LOST)
    try:
        done = import_apply(actor=Actor.asking(request), person=request.user, upload=found, only_good=form.only_good)
    except ImportDiffers as differs:
        kept = upload_keep(owner=owner, upload=found)
        return _check_page(request, kept, found, differs.checked, status=CONFLICT)
    except ActionRefused as refused:
        kept = upload_keep(owner=owner, upload=found)
        checked = import_check(request.user, found.lines)
        return _check_page(request, kept, found, checked, refusal=str(refused), status=CONFLICT)
    return _done(request, owner, done)


def _done(request: HttpRequest, owner: int, done: Imported) -> HttpResponse:
    """The page that offers the made passwords. It is the only one that has their key, so it is not redirected to."""
    count = len(done.charge_points)
    if not done.passwords:
        messages.success(request, f"{count} charge point{'' if count == 1 else 's'} imported.")
        return redirect("overview")
    sealed, key = passwords_seal(owner=owner, passwords=done.passwords)
    context = {"section": "chargers", "count": count, "passwords": len(done.passwords), "sealed": sealed, "key": key}
    return render(request, "chargepoints/imports/done.html", context)


@never_cache
@require_POST
def passwords(request: HttpRequest) -> HttpResponse:
    """The passwords that an import has made, as CSV, once."""
    editor_only(request.user)
    form = PasswordsForm(request.POST)
    if not form.is_valid():
        raise BadRequest
    found = passwords_open(owner=_owner(request), token=form.cleaned_data["token"], key=form.cleaned_data["key"])
    if found is None:
        return render(request, "chargepoints/imports/fetched.html", {"section": "chargers"}, status=GONE)
    return _file(found, CSV_TYPE, "passwords.csv")


@require_safe
def template(request: HttpRequest, kind: str) -> HttpResponse:
    """The columns and an example, to fill in."""
    editor_only(request.user)
    if kind not in {"csv", "xlsx"}:
        raise Http404
    first = sites_to_accept(request.user).first()
    rows = [list(COLUMNS), [first.name if first and name == "site" else text for name, text in COLUMNS.items()]]
    if kind == "csv":
        return _file(csv_write(rows), CSV_TYPE, "charge-points.csv")
    return _file(xlsx_write(rows, "Charge points"), XLSX_TYPE, "charge-points.xlsx")


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(content, content_type=kind, headers=headers)
