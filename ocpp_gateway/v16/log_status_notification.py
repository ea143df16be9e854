"""LogStatusNotification: how an upload of a log goes (CSMS.md 2.1; TC_079). Idle only after a trigger."""

from chargepoints.choices import Category
from ocpp_gateway.router import Exchange, route
from ocpp_gateway.v16.jobs import jobs_told
from ocpp_gateway.v16.triggered import triggered

_DONE = {
    "Uploaded": True,
    "UploadFailure": False,
    "BadMessage": False,
    "NotSupportedOperation": False,
    "PermissionDenied": False,
}


def _apply(exchanges: list[Exchange]) -> None:
    jobs_told(exchanges, "log_upload", _DONE, numbered=True)
    triggered(exchanges)


ROUTE = route("LogStatusNotification", Category.STATE)(_apply)
