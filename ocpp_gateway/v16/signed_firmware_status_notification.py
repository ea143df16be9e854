"""SignedFirmwareStatusNotification: how a signed update of the firmware goes (CSMS.md 2.1; TC_080, TC_081)."""

from chargepoints.choices import Category
from ocpp_gateway.router import Exchange, route
from ocpp_gateway.v16.jobs import jobs_told
from ocpp_gateway.v16.triggered import triggered

_DONE = {
    "Installed": True,
    "DownloadFailed": False,
    "InstallationFailed": False,
    "InstallVerificationFailed": False,
    "InvalidSignature": False,
}


def _apply(exchanges: list[Exchange]) -> None:
    jobs_told(exchanges, "signed_firmware", _DONE, numbered=True)
    triggered(exchanges, "FirmwareStatusNotification")


ROUTE = route("SignedFirmwareStatusNotification", Category.STATE)(_apply)
