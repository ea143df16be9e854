"""SignedFirmwareStatusNotification: how a signed update of the firmware goes (CSMS.md 2.1; TC_080, TC_081)."""

from chargepoints.choices import Category
from chargepoints.reports import JobReport
from chargepoints.services.jobs import jobs_progress
from ocpp_gateway.router import Exchange, route
from ocpp_gateway.v16.triggered import triggered
from ocpp_gateway.values import text, whole

_DONE = {
    "Installed": True,
    "DownloadFailed": False,
    "InstallationFailed": False,
    "InstallVerificationFailed": False,
    "InvalidSignature": False,
}


def _apply(exchanges: list[Exchange]) -> None:
    reports = []
    for exchange in exchanges:
        word = exchange.fact = text(exchange.payload["status"])
        number = whole(exchange.payload.get("requestId"))
        exchange.text = "" if number is None else f"request {number}"
        exchange.is_error = _DONE.get(word) is False
        if word != "Idle":
            pk = exchange.link.charge_point_id
            reports.append(JobReport(pk, ("signed_firmware",), number, word, exchange.at, _DONE.get(word)))
    jobs_progress(reports=reports)
    triggered(exchanges, "FirmwareStatusNotification")


ROUTE = route("SignedFirmwareStatusNotification", Category.STATE)(_apply)
