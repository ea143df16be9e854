"""InstallCertificate: a root certificate for the charger to trust (CSMS.md 2.2; TC_075, TC_078)."""

from chargepoints.choices import Category
from ocpp_gateway.outgoing import Outgoing, Payload


def _build(given: Payload) -> Payload:
    return {"certificateType": given["type"], "certificate": given["certificate"]}


OUT = Outgoing("install_certificate", "InstallCertificate", _build, Category.SECURITY)
