"""Which OCPP versions are spoken, and where each is written down."""

from collections.abc import Mapping
from dataclasses import dataclass

from ocpp_gateway.errors import Version
from ocpp_gateway.outgoing import Outgoing
from ocpp_gateway.router import Route
from ocpp_gateway.v16 import calls as v16_calls
from ocpp_gateway.v16 import routes as v16_routes


@dataclass(frozen=True, slots=True)
class Dialect:
    """One version: messages taken by action, messages sent by kind of command."""

    routes: Mapping[str, Route]
    calls: Mapping[str, Outgoing]


DIALECTS: dict[Version, Dialect] = {
    Version.V16: Dialect(routes=v16_routes.ROUTES, calls=v16_calls.CALLS),
}
