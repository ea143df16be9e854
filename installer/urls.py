"""The pages of installer jobs: the desk's, and the public ones."""

from django.urls import URLPattern

from installer.views import photos, report
from installer.views.public import photos as public_photos
from installer.views.public import report as public_report

urlpatterns: list[URLPattern] = [
    *photos.urlpatterns,
    *report.urlpatterns,
    *public_photos.urlpatterns,
    *public_report.urlpatterns,
]
