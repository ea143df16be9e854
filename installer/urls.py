"""The addresses of installer jobs."""

from django.urls import include, path

from installer.views.public import urls as public

urlpatterns = [
    path("", include(public.urlpatterns)),
    path("", include(public.last)),
]
