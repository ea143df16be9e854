"""Chargers that start."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from chargepoints import sql
from chargepoints.choices import Registration
from chargepoints.reports import Boot
from chargepoints.services.changes import changed
from chargepoints.services.configuration import configuration_booted
from chargepoints.services.effects import effects_seen_boot

# What a charger leaves out keeps its last known value: some tell their serial only once.
_STORE = """
UPDATE chargepoints_chargepoint p SET booted_at = n.at,
    vendor = COALESCE(NULLIF(n.vendor, ''), p.vendor), model = COALESCE(NULLIF(n.model, ''), p.model),
    serial = COALESCE(NULLIF(n.serial, ''), p.serial), firmware = COALESCE(NULLIF(n.firmware, ''), p.firmware),
    meter_type = COALESCE(NULLIF(n.meter_type, ''), p.meter_type),
    meter_serial = COALESCE(NULLIF(n.meter_serial, ''), p.meter_serial),
    iccid = COALESCE(NULLIF(n.iccid, ''), p.iccid), imsi = COALESCE(NULLIF(n.imsi, ''), p.imsi)
FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
    %s::text[], %s::text[]) AS n (id, at, vendor, model, serial, firmware, meter_type, meter_serial, iccid, imsi)
WHERE p.id = n.id RETURNING p.id, p.registration, p.heartbeat_interval
"""


def boots_record(*, boots: Sequence[Boot]) -> dict[int, tuple[Registration, int]]:
    """Store what the chargers say of themselves; the registration and heartbeat interval (s) of each, by id.

    A boot ends no charge: its stop may follow by minutes (CSMS.md 4.3, pitfall 16).
    """
    latest = {boot.charge_point_id: boot for boot in boots}
    ordered = [latest[pk] for pk in sorted(latest)]
    found = sql.rows(
        _STORE,
        [b.charge_point_id for b in ordered],
        [b.at for b in ordered],
        [b.vendor for b in ordered],
        [b.model for b in ordered],
        [b.serial for b in ordered],
        [b.firmware for b in ordered],
        [b.meter_type for b in ordered],
        [b.meter_serial for b in ordered],
        [b.iccid for b in ordered],
        [b.imsi for b in ordered],
    )
    newest: datetime = max(boot.at for boot in boots)
    effects_seen_boot(charge_point_ids=latest, at=newest)
    configuration_booted(charge_point_ids=[boot.charge_point_id for boot in boots if not boot.asked_for])
    changed(latest, "head", "row")
    default = settings.OCPP_HEARTBEAT_INTERVAL
    return {row[0]: (Registration(row[1]), row[2] or default) for row in found}
