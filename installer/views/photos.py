"""The photos of a job, as the desk sees them."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from installer.permissions import job_photos_for
from installer.pictures import FULL, PRINT, SMALL
from installer.views.photo_bytes import photo_response


@require_safe
def desk_photo(request: HttpRequest, pk: UUID, size: str) -> HttpResponse:
    """The bytes of a photo."""
    return photo_response(request, get_object_or_404(job_photos_for(request.user), pk=pk), size)


urlpatterns: list[URLPattern] = [
    path("jobs/photos/<uuid:pk>/", desk_photo, {"size": FULL}, name="desk_photo"),
    path("jobs/photos/<uuid:pk>/print/", desk_photo, {"size": PRINT}, name="desk_photo_print"),
    path("jobs/photos/<uuid:pk>/small/", desk_photo, {"size": SMALL}, name="desk_photo_small"),
]
