"""All HTTP addresses. Names stay: portal `/`, admin `/admin/`, health `/healthz`."""

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from hub.health import healthz
from hub.views import preferences

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("preferences/", preferences, name="preferences"),
    path("admin/", admin.site.urls),
    path("api/", include("chargepoints.api.urls")),
    path("", include("chargepoints.urls")),
]
