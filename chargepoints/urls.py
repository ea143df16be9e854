"""The desk's pages."""

from django.urls import URLPattern, path

from chargepoints.views import overview

urlpatterns: list[URLPattern] = [
    path("", overview.overview, name="overview"),
    path("overview/<slug:panel>/", overview.overview_panel, name="overview_panel"),
]
