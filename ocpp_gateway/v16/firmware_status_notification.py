"""FirmwareStatusNotification: how an update of the firmware goes (CSMS.md 2.1). Idle only after a trigger."""

from chargepoints.choices import Category
from ocpp_gateway.router import Exchange, route
from ocpp_gateway.v16.jobs import jobs_told
from ocpp_gateway.v16.triggered import triggered

_DONE = {"Installed": True, "DownloadFailed": False, "InstallationFailed": False}


def _apply(exchanges: list[Exchange]) -> None:
    jobs_told(exchanges, "firmware", _DONE)
    triggered(exchanges)


ROUTE = route("FirmwareStatusNotification", Category.STATE, hot=True)(_apply)
