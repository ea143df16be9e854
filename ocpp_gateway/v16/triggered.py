"""A message that a TriggerMessage asked for is what proves that command."""

from collections.abc import Sequence

from chargepoints.services.effects import effects_seen_message
from ocpp_gateway.router import Exchange


def triggered(exchanges: Sequence[Exchange], message: str = "") -> None:
    """Mark the triggers for this action as effective on the charge points that were asked lately.

    `message` is the word that asks for it where that is not the action's own.
    """
    asked = [exchange for exchange in exchanges if exchange.link.triggered == (message or exchange.action)]
    if asked:
        effects_seen_message(
            charge_point_ids=[exchange.link.charge_point_id for exchange in asked],
            action=message or asked[0].action,
            at=asked[0].at,
        )
