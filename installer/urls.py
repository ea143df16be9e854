"""The addresses of installer jobs: the desk's, and those of the public page."""

from django.urls import include, path

from installer.views import photos, report
from installer.views.desk import addresses as desk
from installer.views.public import urls as public

urlpatterns = [
    path("", include(desk.urlpatterns)),
    *photos.urlpatterns,
    *report.urlpatterns,
    path("", include(public.urlpatterns)),
    path("", include(public.last)),
]
