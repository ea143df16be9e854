"""SignCertificate: a charger asks for a client certificate (CSMS.md 2.1; TC_074, A02).

Accepted only if it will be signed. The certificate follows some seconds later, as a command of its own (QUIRKS 2.7).
"""

from chargepoints.choices import Category
from chargepoints.services.certificates import request_receive
from ocpp_gateway.router import Exchange, route
from ocpp_gateway.v16.triggered import triggered


def _apply(exchanges: list[Exchange]) -> None:
    for exchange in exchanges:
        csr = exchange.payload["csr"]
        why = request_receive(
            charge_point_id=exchange.link.charge_point_id,
            csr=csr if isinstance(csr, str) else "",
            at=exchange.at,
        )
        exchange.fact = "Rejected" if why else "Accepted"
        exchange.reply = {"status": exchange.fact}
        exchange.text, exchange.is_error = why, bool(why)
    triggered(exchanges, "SignChargePointCertificate")


ROUTE = route("SignCertificate", Category.SECURITY)(_apply)
