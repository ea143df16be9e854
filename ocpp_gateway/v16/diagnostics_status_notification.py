"""DiagnosticsStatusNotification: how an upload of diagnostics goes (CSMS.md 2.1). Idle only after a trigger."""

from chargepoints.choices import Category
from ocpp_gateway.router import Exchange, route
from ocpp_gateway.v16.jobs import jobs_told
from ocpp_gateway.v16.triggered import triggered

_DONE = {"Uploaded": True, "UploadFailed": False}


def _apply(exchanges: list[Exchange]) -> None:
    jobs_told(exchanges, "diagnostics", _DONE)
    triggered(exchanges)


ROUTE = route("DiagnosticsStatusNotification", Category.STATE, hot=True)(_apply)
