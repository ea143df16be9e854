"""StatusNotification: the state of a connector, or of the box as connector 0 (CSMS.md 2.1, D15)."""

from chargepoints.choices import Category, ConnectorStatus
from chargepoints.reports import Status
from chargepoints.services.statuses import status_parse, statuses_record
from ocpp_gateway.router import Exchange, route
from ocpp_gateway.v16.triggered import triggered
from ocpp_gateway.values import connector as connector_number
from ocpp_gateway.values import text, time


def _apply(exchanges: list[Exchange]) -> None:
    reports = [_status(exchange) for exchange in exchanges]
    statuses_record(reports=reports)
    triggered(exchanges)


def _status(exchange: Exchange) -> Status:
    told = exchange.payload
    report = Status(
        charge_point_id=exchange.link.charge_point_id,
        connector_number=connector_number(told["connectorId"]),
        status=status_parse(told["status"]),
        raw_status=text(told["status"]),
        received_at=exchange.at,
        reported_at=time(told.get("timestamp")),
        error_code=text(told.get("errorCode")),
        vendor_error_code=text(told.get("vendorErrorCode")),
        info=text(told.get("info"), 1024),
    )
    exchange.connector_number = report.connector_number
    fault = report.error_code not in {"", "NoError"}
    box = "" if report.connector_number else "box "
    exchange.fact = f"{box}{report.connector_number or ''} {report.raw_status}".strip().replace("  ", " ")
    if fault:
        exchange.fact += f", {report.error_code}"
    exchange.text = ", ".join(part for part in (report.vendor_error_code, report.info) if part)
    exchange.is_error = fault or report.status == ConnectorStatus.FAULTED
    return report


ROUTE = route("StatusNotification", Category.STATE, hot=True)(_apply)
