"""Security events that chargers report."""

from collections.abc import Sequence

from chargepoints import sql
from chargepoints.reports import SecurityReport

# The whitepaper's list for OCPP 1.6, and what OCPP 2.x calls critical besides, in both spellings.
CRITICAL = frozenset(
    {
        "FirmwareUpdated",
        "SettingSystemTime",
        "StartupOfTheDevice",
        "ResetOrReboot",
        "SecurityLogWasCleared",
        "MemoryExhaustion",
        "TamperDetectionActivated",
        "InvalidFirmwareSignature",
        "InvalidFirmwareSigningCertificate",
        "InvalidCsmsCertificate",
        "InvalidCentralSystemCertificate",
        "InvalidChargingStationCertificate",
        "InvalidChargePointCertificate",
        "InvalidTLSVersion",
        "InvalidTLSCipherSuite",
        "InvalidTLSCipherSuites",
        "MaintenanceLoginAccepted",
        "MaintenanceLoginFailed",
        "DiscardedRenewedClientCertificate",
    }
)

# The same event told again, as after a lost answer, is one event.
_STORE = """
INSERT INTO chargepoints_securityevent (charge_point_id, type, is_critical, tech_info, reported_at, received_at)
SELECT DISTINCT ON (n.id, n.type, n.info, n.reported) n.id, n.type, n.critical, n.info, n.reported, n.received
FROM unnest(%s::bigint[], %s::text[], %s::bool[], %s::text[], %s::timestamptz[], %s::timestamptz[])
    AS n (id, type, critical, info, reported, received)
WHERE n.reported IS NULL OR NOT EXISTS (
    SELECT FROM chargepoints_securityevent e
    WHERE e.charge_point_id = n.id AND e.received_at > n.received - interval '1 day'
      AND e.type = n.type AND e.tech_info = n.info AND e.reported_at = n.reported)
"""


def is_critical(kind: str) -> bool:
    """Whether somebody should look at it now (SECURITY.md 1)."""
    return kind in CRITICAL


def security_events_record(*, reports: Sequence[SecurityReport]) -> None:
    """Keep what chargers report; unknown types too."""
    sql.execute(
        _STORE,
        [report.charge_point_id for report in reports],
        [report.type[:255] for report in reports],
        ["t" if is_critical(report.type) else "f" for report in reports],
        [report.tech_info[:1024] for report in reports],
        [report.reported_at for report in reports],
        [report.received_at for report in reports],
    )
