"""All HTTP addresses. Names stay: portal `/`, admin `/admin/`, health `/healthz`."""

from django.contrib import admin
from django.urls import include, path

from hub.health import healthz
from hub.views import preferences

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("preferences/", preferences, name="preferences"),
    path("", include("hub.account.urls")),
    path("admin/", admin.site.urls),
    path("api/", include("chargepoints.api.urls")),
    path("", include("installer.urls")),
    path("", include("chargepoints.urls")),
]
