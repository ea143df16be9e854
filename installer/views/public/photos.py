"""Photos on the public page: taken in, shown, removed."""

from uuid import UUID, uuid4

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods, require_POST

from installer.choices import EditKind, PhotoKind
from installer.models import JobPhoto
from installer.pictures import FULL, MOST_BYTES, SMALL, PictureRefused
from installer.selectors.photos import photo_of
from installer.services.edits import DONE, WRONG, Answer, Edit, edit_apply
from installer.services.photos import PhotoNotStored
from installer.services.receiving import photo_receive
from installer.views.photo_bytes import no_photo, photo_response
from installer.views.public.gate import LinkRequest, by_link

SEE_OTHER, TOO_LARGE, NO_PICTURE, LATER = 303, 413, 415, 503
LONGEST_KEY = 64


@by_link
@require_POST
def job_photos(request: LinkRequest, token: str) -> HttpResponse:
    """Take the file `photo` for the charge point `row`; `photo_kind` says what it shows."""
    row = request.POST.get("row", "")
    row_id = int(row) if row.isascii() and row.isdigit() and len(row) < 19 else 0
    file = request.FILES.get("photo")
    if file is None:
        return _answered(request, token, row_id, Answer(WRONG, {"error": "Choose a photo.", "field": "photo"}))
    try:
        answer = photo_receive(
            link=request.link,
            actor=request.actor,
            key=_key(request),
            row_id=row_id,
            shows=request.POST.get("photo_kind", PhotoKind.OTHER),
            data=file.read(MOST_BYTES + 1),
        )
    except PictureRefused as refusal:
        status = TOO_LARGE if refusal.is_too_large else NO_PICTURE
        answer = Answer(status, {"error": str(refusal), "field": "photo"})
    except PhotoNotStored:
        answer = Answer(LATER, {"error": "The photo could not be stored now. Try again in a minute.", "field": "photo"})
    return _answered(request, token, row_id, answer)


@by_link
@require_http_methods(["GET", "HEAD", "POST"])
def job_photo(request: LinkRequest, token: str, pk: UUID, size: str) -> HttpResponse:
    """The bytes of a photo of this job; a POST removes it."""
    found = photo_of(request.link.job, pk)
    if request.method == "POST":
        return _removed(request, token, pk, found)
    if found is None or found.removed_at is not None:
        return no_photo()
    return photo_response(request, found, size)


def _removed(request: LinkRequest, token: str, pk: UUID, found: JobPhoto | None) -> HttpResponse:
    row_id = found.row_id if found else 0
    edit = Edit(EditKind.PHOTO_REMOVED, row_id, {"photo": str(pk)})
    answer = edit_apply(link=request.link, actor=request.actor, key=_key(request), edit=edit)
    return _answered(request, token, row_id, answer)


def _key(request: LinkRequest) -> str:
    """The phone's key of this edit; a form that a browser sends by itself has none."""
    return request.headers.get("Idempotency-Key", "")[:LONGEST_KEY].replace("\x00", "") or str(uuid4())


def _answered(request: LinkRequest, token: str, row_id: int, answer: Answer) -> HttpResponse:
    """JSON for the phone's script; without it, back to the page, or the sentence on a page of its own."""
    if "Idempotency-Key" in request.headers:
        response = JsonResponse(dict(answer.body), status=answer.http_status)
        if answer.is_replay:
            response["Idempotency-Replayed"] = "true"
        return response
    if answer.http_status != DONE:
        context = {"error": answer.body.get("error", ""), "token": token, "row": row_id}
        # Without the request: nothing of a session is read here.
        page = render_to_string("installer/public/photo_refused.html", context)
        return HttpResponse(page, status=answer.http_status)
    response = redirect(f"/j/{token}/#row-{row_id}")
    response.status_code = SEE_OTHER
    return response


urlpatterns: list[URLPattern] = [
    path("j/<str:token>/photos/", job_photos, name="job_photos"),
    path("j/<str:token>/photos/<uuid:pk>/", job_photo, {"size": FULL}, name="job_photo"),
    path("j/<str:token>/photos/<uuid:pk>/small/", job_photo, {"size": SMALL}, name="job_photo_small"),
]
