"""SecurityEventNotification: something about its security happened in the charger; unknown types are taken too.

(Improved security for OCPP 1.6-J, CSMS.md 2.1, TC_077 and TC_078.)
"""

from chargepoints.choices import Category
from chargepoints.reports import SecurityReport
from chargepoints.services.security_events import is_critical, security_events_record
from ocpp_gateway.router import Exchange, route
from ocpp_gateway.values import text, time


def _apply(exchanges: list[Exchange]) -> None:
    security_events_record(reports=[_report(exchange) for exchange in exchanges])


def _report(exchange: Exchange) -> SecurityReport:
    told = exchange.payload
    report = SecurityReport(
        charge_point_id=exchange.link.charge_point_id,
        type=text(told["type"]),
        received_at=exchange.at,
        reported_at=time(told.get("timestamp")),
        tech_info=text(told.get("techInfo"), 1024),
    )
    exchange.fact, exchange.text = report.type, report.tech_info
    exchange.is_error = is_critical(report.type)
    return report


ROUTE = route("SecurityEventNotification", Category.SECURITY, hot=True)(_apply)
