"""FirmwareStatusNotification: how an update of the firmware goes (CSMS.md 2.1). Idle only after a trigger."""

from chargepoints.choices import Category
from chargepoints.reports import JobReport
from chargepoints.services.jobs import jobs_progress
from ocpp_gateway.router import Exchange, route
from ocpp_gateway.v16.triggered import triggered
from ocpp_gateway.values import text

_DONE = {"Installed": True, "DownloadFailed": False, "InstallationFailed": False}


def _apply(exchanges: list[Exchange]) -> None:
    for exchange in exchanges:
        exchange.fact = text(exchange.payload["status"])
        exchange.is_error = exchange.fact.endswith("Failed")
    jobs_progress(reports=[_report(exchange) for exchange in exchanges if exchange.fact != "Idle"])
    triggered(exchanges)


def _report(exchange: Exchange) -> JobReport:
    word = exchange.fact
    return JobReport(exchange.link.charge_point_id, ("firmware",), None, word, exchange.at, _DONE.get(word))


ROUTE = route("FirmwareStatusNotification", Category.STATE, hot=True)(_apply)
