"""BootNotification: what the charger is, and whether it may work (CSMS.md 1.3, 2.1)."""

from datetime import UTC, datetime

from chargepoints.choices import Category, Registration
from chargepoints.reports import Boot
from chargepoints.services.boots import boots_record
from ocpp_gateway.router import Exchange, route
from ocpp_gateway.v16.triggered import triggered
from ocpp_gateway.values import text


def _apply(exchanges: list[Exchange]) -> None:
    boots = [_boot(exchange) for exchange in exchanges]
    answers = boots_record(boots=boots)
    for exchange, boot in zip(exchanges, boots, strict=True):
        registration, interval = answers.get(boot.charge_point_id, (Registration.REJECTED, 300))
        exchange.link.registration = str(registration)
        exchange.reply = {"currentTime": datetime.now(UTC), "interval": interval, "status": str(registration)}
        exchange.fact = " ".join(part for part in (boot.vendor, boot.model) if part)[:200]
        exchange.text = f"firmware {boot.firmware or 'not told'} → {registration}, interval {interval} s"
        exchange.is_error = registration == Registration.REJECTED
    triggered(exchanges)


def _boot(exchange: Exchange) -> Boot:
    told = exchange.payload
    return Boot(
        charge_point_id=exchange.link.charge_point_id,
        at=exchange.at,
        vendor=text(told.get("chargePointVendor")),
        model=text(told.get("chargePointModel")),
        serial=text(told.get("chargePointSerialNumber")) or text(told.get("chargeBoxSerialNumber")),
        firmware=text(told.get("firmwareVersion")),
        meter_type=text(told.get("meterType")),
        meter_serial=text(told.get("meterSerialNumber")),
        iccid=text(told.get("iccid")),
        imsi=text(told.get("imsi")),
    )


ROUTE = route("BootNotification", Category.STATE)(_apply)
