"""A photo as bytes: an image and nothing else, whoever asks for it."""

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header

from installer.models import JobPhoto
from installer.photo_files import photo_path


def photo_response(request: HttpRequest, photo: JobPhoto, size: str) -> HttpResponse:
    """The JPEG in this size, `""` for the full one. Browsers keep it and ask each time whether they still may."""
    try:
        data = photo_path(photo.pk, size).read_bytes()
    except FileNotFoundError:
        return no_photo()
    etag = f'"{photo.sha256}{size}"'
    headers = {
        "ETag": etag,
        "Cache-Control": "private, no-cache",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Content-Disposition": content_disposition_header(as_attachment=False, filename=f"photo-{photo.pk}.jpg")
        or "inline",
    }
    response = HttpResponse(data, content_type="image/jpeg", headers=headers)
    found = get_conditional_response(request, etag=etag, response=response)
    assert found is not None
    return found


def no_photo() -> HttpResponse:
    """The answer where no photo is to be seen."""
    return HttpResponse("There is no such photo.\n", status=404, content_type="text/plain; charset=utf-8")
