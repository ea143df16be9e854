"""Where chargers connect: `/ocpp/<identity>`, all versions on one address."""

from django.urls import re_path

from ocpp_gateway.consumers import ChargerConsumer

websocket_urlpatterns = [re_path(r"^ocpp(?:/|$)", ChargerConsumer.as_asgi())]
