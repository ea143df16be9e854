"""The addresses of installer jobs."""

from django.urls import include, path

from installer.views import photos, report
from installer.views.public import urls as public

urlpatterns = [
    *photos.urlpatterns,
    *report.urlpatterns,
    path("", include(public.urlpatterns)),
    path("", include(public.last)),
]
