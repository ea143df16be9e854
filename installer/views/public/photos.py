"""Photos on the public page: taken in and shown. They are removed by an edit, as everything else is changed."""

from uuid import UUID, uuid4

from django.db import OperationalError
from django.http import HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST, require_safe

from installer.choices import EditKind, PhotoKind
from installer.pictures import FULL, MOST_BYTES, SMALL, PictureRefused
from installer.selectors.photos import photo_of
from installer.services.edits import WRONG, Answer, Edit
from installer.services.photos import PhotoNotStored
from installer.services.receiving import photo_receive
from installer.views.photo_bytes import no_photo, photo_response
from installer.views.public.edits import KEY, NOT_A_KEY, json_answer, key_of, number_of, plain_answer
from installer.views.public.gate import AWAY, TOO_LARGE, LinkRequest, by_link

NO_PICTURE = 415
LATER = "The photo could not be stored now. Try again in a minute."


@by_link
@require_POST
def job_photos(request: LinkRequest, token: str) -> HttpResponse:
    """Take the file `photo` for the charge point `row`; `photo_kind` says what it shows. Answers are those of edits."""
    told = request.headers.get(KEY)
    key = str(uuid4()) if told is None else key_of(told)
    edit = Edit(EditKind.PHOTO, number_of(request.POST.get("row", "")), {})
    answer = _answer(request, key, edit.row_id) if key else Answer(WRONG, {"error": NOT_A_KEY})
    return plain_answer(request, token, edit, answer) if told is None else json_answer(answer)


def _answer(request: LinkRequest, key: str, row_id: int) -> Answer:
    file = request.FILES.get("photo")
    if file is None:
        return Answer(WRONG, {"error": "Choose a photo.", "field": "photo"})
    try:
        return photo_receive(
            link=request.link,
            actor=request.actor,
            key=key,
            row_id=row_id,
            shows=request.POST.get("photo_kind", PhotoKind.OTHER),
            data=file.read(MOST_BYTES + 1),
        )
    except PictureRefused as refusal:
        status = TOO_LARGE if refusal.is_too_large else NO_PICTURE
        return Answer(status, {"error": str(refusal), "field": "photo"})
    except (PhotoNotStored, OperationalError):
        return Answer(AWAY, {"error": LATER, "field": "photo"})


@by_link
@require_safe
def job_photo(request: LinkRequest, token: str, pk: UUID, size: str) -> HttpResponse:
    """The bytes of a photo of this job."""
    found = photo_of(request.link.job, pk)
    return no_photo() if found is None else photo_response(request, found, size)


PHOTOS: list[URLPattern] = [
    path("j/<str:token>/photos/", job_photos, name="job_photos"),
    path("j/<str:token>/photos/<uuid:pk>/", job_photo, {"size": FULL}, name="job_photo"),
    path("j/<str:token>/photos/<uuid:pk>/small/", job_photo, {"size": SMALL}, name="job_photo_small"),
]
