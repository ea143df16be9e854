"""Chargers that start."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from chargepoints import sql
from chargepoints.choices import CommandStatus, Registration
from chargepoints.models import ChargePoint, Command
from chargepoints.reports import Boot
from chargepoints.services.changes import changed
from chargepoints.services.configuration import configuration_booted
from chargepoints.services.effects import effects_seen_boot
from chargepoints.services.firmware_proof import firmware_booted
from chargepoints.services.kept import SEND_WITHIN

_BOOT = "BootNotification"

# What a charger leaves out keeps its last known value: some tell their serial only once.
_STORE = """
UPDATE chargepoints_chargepoint p SET booted_at = n.at, registration_told = p.registration,
    limit_unknown_since = CASE WHEN n.restarted THEN NULL ELSE p.limit_unknown_since END,
    vendor = COALESCE(NULLIF(n.vendor, ''), p.vendor), model = COALESCE(NULLIF(n.model, ''), p.model),
    serial = COALESCE(NULLIF(n.serial, ''), p.serial), firmware = COALESCE(NULLIF(n.firmware, ''), p.firmware),
    meter_type = COALESCE(NULLIF(n.meter_type, ''), p.meter_type),
    meter_serial = COALESCE(NULLIF(n.meter_serial, ''), p.meter_serial),
    iccid = COALESCE(NULLIF(n.iccid, ''), p.iccid), imsi = COALESCE(NULLIF(n.imsi, ''), p.imsi)
FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
    %s::text[], %s::text[], %s::boolean[]) AS n (id, at, vendor, model, serial, firmware, meter_type,
    meter_serial, iccid, imsi, restarted)
WHERE p.id = n.id RETURNING p.id, p.registration, p.heartbeat_interval
"""


def boots_record(*, boots: Sequence[Boot]) -> dict[int, tuple[Registration, int]]:
    """Store what the chargers say of themselves; the registration and heartbeat interval (s) of each, by id.

    A boot ends no charge: its stop may follow by minutes (CSMS.md 4.3, pitfall 16). One that was asked for
    is no restart.
    """
    latest = {boot.charge_point_id: boot for boot in boots}
    ordered = [latest[pk] for pk in sorted(latest)]
    restarted = {boot.charge_point_id for boot in boots if not boot.asked_for}
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
        [b.charge_point_id in restarted for b in ordered],
    )
    newest: datetime = max(boot.at for boot in boots)
    effects_seen_boot(charge_point_ids=latest, at=newest)
    firmware_booted(told={boot.charge_point_id: boot.firmware for boot in ordered}, at=newest)
    configuration_booted(charge_point_ids=restarted)
    changed(latest, "head", "row")
    return {row[0]: (Registration(row[1]), _interval(row[1], row[2])) for row in found}


def _interval(registration: str, heartbeat: int | None) -> int:
    """Seconds between heartbeats, or until the next boot while it is not accepted."""
    if registration != Registration.ACCEPTED:
        return int(settings.OCPP_BOOT_RETRY_INTERVAL)
    return heartbeat or int(settings.OCPP_HEARTBEAT_INTERVAL)


def boots_ask(*, charge_point_ids: Sequence[int], now: datetime) -> dict[int, str]:
    """Ask new charge points for a BootNotification, each once ever; how it is, by id.

    That is "asked", or what was told at a boot meanwhile, or empty for one that was asked before and did not boot.
    The commands are ready to be claimed: their gateway process is the one that asks.
    """
    told = dict(ChargePoint.objects.filter(pk__in=charge_point_ids).values_list("pk", "registration_told"))
    asked = set(
        Command.objects.filter(charge_point__in=told, kind="trigger", author=None, parameters__message=_BOOT)
        .values_list("charge_point", flat=True)
        .distinct()
    )
    fresh = [pk for pk, registration in told.items() if not registration and pk not in asked]
    Command.objects.bulk_create(
        [
            Command(
                charge_point_id=pk,
                kind="trigger",
                parameters={"message": _BOOT, "connector": None},
                status=CommandStatus.DISPATCHED,
                author_name="Hub",
                reason="A new charger that has not booted.",
                created_at=now,
                dispatched_at=now,
                expires_at=now + SEND_WITHIN,
            )
            for pk in fresh
        ]
    )
    changed(fresh, "commands", "actions", "row")
    return told | dict.fromkeys(fresh, "asked")
