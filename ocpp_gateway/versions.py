"""Which OCPP versions are spoken, and where each is written down."""

from collections.abc import Mapping
from dataclasses import dataclass

from chargepoints.reports import ClaimedCommand
from ocpp_gateway.errors import Version
from ocpp_gateway.outgoing import Outgoing
from ocpp_gateway.router import Route
from ocpp_gateway.v16 import calls as v16_calls
from ocpp_gateway.v16 import routes as v16_routes


@dataclass(frozen=True, slots=True)
class Dialect:
    """One version: messages taken by action, messages sent by kind of command.

    `by_hand` are those that an operator writes, by action: their answers are judged and kept like those of our own.
    """

    routes: Mapping[str, Route]
    calls: Mapping[str, Outgoing]
    by_hand: Mapping[str, Outgoing]

    def message(self, command: ClaimedCommand) -> Outgoing | None:
        """How a command is written and its answer taken; None when this version has no such message."""
        found = self.calls.get(command.kind)
        return self.by_hand.get(str(command.parameters["action"]), found) if found and not found.action else found


DIALECTS: dict[Version, Dialect] = {
    Version.V16: Dialect(routes=v16_routes.ROUTES, calls=v16_calls.CALLS, by_hand=v16_calls.BY_HAND),
}
