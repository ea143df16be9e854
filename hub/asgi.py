"""The ASGI application. HUB_ROLES says which routes this process serves."""

import gc
import os
from typing import Any, cast

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
pages = get_asgi_application()

from django.conf import settings  # noqa: E402 - after the apps are ready
from django.urls import re_path  # noqa: E402

from chargepoints.consumers.uploads import is_upload, upload  # noqa: E402
from chargepoints.routing import websocket_urlpatterns as desk  # noqa: E402
from hub.bodies import Bounded  # noqa: E402
from ocpp_gateway.routing import websocket_urlpatterns as chargers  # noqa: E402

bounded = Bounded(pages)


async def http(scope: Any, receive: Any, send: Any) -> None:
    """Uploads of chargers as they come; pages and everything else with bodies of a sane size."""
    await (upload if is_upload(scope) else bounded)(scope, receive, send)


async def nothing_here(scope: Any, receive: Any, send: Any) -> None:
    """A websocket address that does not exist: 404 before the upgrade."""
    await send({"type": "websocket.http.response.start", "status": 404, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b""})


_nowhere = re_path(r"", cast("Any", nothing_here))
# Two branches: browsers, whose origin and session are checked, and chargers, which have neither (H10).
_browsers = AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter([*desk, _nowhere])))
_sockets = [
    *(chargers if "gateway" in settings.ROLES else []),
    *([re_path(r"^(?=ws/)", _browsers)] if "web" in settings.ROLES else []),
    _nowhere,
]

application = ProtocolTypeRouter({"http": http, "websocket": URLRouter(_sockets)})

# Looking through thousands of idle sockets for garbage takes about 0.4 CPU seconds per 10,000 messages (2,000 sockets).
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 100)
