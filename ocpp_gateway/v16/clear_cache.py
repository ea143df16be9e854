"""ClearCache: the charger forgets the keys it has seen (CSMS.md 2.2; TC_061)."""

from chargepoints.choices import Category
from ocpp_gateway.outgoing import Outgoing, Payload


def _build(_: Payload) -> Payload:
    return {}


OUT = Outgoing("clear_cache", "ClearCache", _build, Category.SECURITY)
