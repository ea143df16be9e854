"""The addresses of browsers' websockets. Origin and session are checked by what wraps them in `hub.asgi`."""

from django.urls import URLPattern, path

from chargepoints.consumers.charge_point import ChargePointViewer
from chargepoints.consumers.overview import OverviewViewer

websocket_urlpatterns: list[URLPattern] = [
    path("ws/charge-points/<int:pk>/", ChargePointViewer.as_asgi()),
    path("ws/overview/", OverviewViewer.as_asgi()),
]
