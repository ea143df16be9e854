"""The ASGI application. HUB_ROLES says which routes this process serves."""

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
http = get_asgi_application()

from django.conf import settings  # noqa: E402 - after the apps are ready
from django.urls import re_path  # noqa: E402

from chargepoints.routing import websocket_urlpatterns as desk  # noqa: E402
from ocpp_gateway.routing import websocket_urlpatterns as chargers  # noqa: E402

# Two branches: browsers, whose origin and session are checked, and chargers, which have neither (H10).
_sockets = []
if "gateway" in settings.ROLES:
    _sockets += chargers
if "web" in settings.ROLES:
    _sockets.append(re_path(r"", AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(desk)))))

application = ProtocolTypeRouter({"http": http, "websocket": URLRouter(_sockets)})
