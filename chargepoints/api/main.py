"""The API put together."""

import msgspec
from django.http import HttpRequest
from django.urls import URLPattern
from ninja import NinjaAPI
from ninja.renderers import BaseRenderer

from chargepoints.api import charge_points, commands, history, me, sites, spot
from chargepoints.api.auth import ApiKeyAuth
from chargepoints.api.problems import guarded, problems_register

VERSION = "1"
DESCRIPTION = """\
Sites, charge points, what happened at them, and remote actions, for programs of the operator.

Send an API key with each request, as `Authorization: Bearer hub_...`. A key has a role and works in the whole \
operator, in one team, or in some sites. It sees what a person with that role would see there.

- Energy is in Wh, power in W, both whole numbers. Times are in UTC (RFC 3339). `null` means: not known.
- Lists come in pages of at most 200. Follow the link `next` until it is `null`; do not build cursors yourself.
- Errors have one shape, problem details (RFC 9457): `status`, `title`, `detail`, and `errors` with the wrong fields.
- What does not exist and what is not yours to see give the same 404.
- `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` (seconds) say how often you may still ask. \
Beyond it is 429 with `Retry-After`.
- Fields and operations may be added at any time; what is there stays as it is within `/api/v1`.
"""


class Json(BaseRenderer):
    """JSON with whole microseconds in times."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: object, *, response_status: int) -> bytes:
        """`data` is made of plain values."""
        return msgspec.json.encode(data)


api = NinjaAPI(
    title="Hub API",
    version=VERSION,
    description=DESCRIPTION,
    auth=ApiKeyAuth(),
    renderer=Json(),
    openapi_url=None,
    docs_url=None,
    urls_namespace="api",
)
problems_register(api)
for module in (me, sites, charge_points, commands, history, spot):
    api.add_router("", module.router)


def operations() -> list[URLPattern]:
    """The addresses of the operations, to be mounted at `/api/v1/`."""
    found = [pattern for pattern in api.urls[0] if isinstance(pattern, URLPattern) and pattern.name != "api-root"]
    for pattern in found:
        pattern.callback = guarded(pattern.callback)
    return found
