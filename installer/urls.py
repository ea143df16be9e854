"""The addresses of installer jobs."""

from django.urls import include, path

from installer.views.desk import addresses as desk

urlpatterns = [
    path("", include(desk.urlpatterns)),
]
