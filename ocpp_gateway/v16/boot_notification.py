"""BootNotification: what the charger is, and whether it may work (CSMS.md 1.3, 2.1)."""

from datetime import UTC, datetime
from typing import Any

from chargepoints.choices import Category, Registration
from chargepoints.reports import Boot
from chargepoints.services.boots import boots_record
from ocpp_gateway.router import Exchange, route
from ocpp_gateway.v16.triggered import triggered
from ocpp_gateway.values import text

# Our own close code for a broken policy, 1008 in RFC 6455 (daphne allows 3000 to 4999).
CLOSE_STRANGER = 4008
REFUSED_INTERVAL = 3600


def _apply(exchanges: list[Exchange]) -> None:
    strangers = [exchange for exchange in exchanges if _is_stranger(exchange)]
    for exchange in strangers:
        _refuse(exchange)
    own = [exchange for exchange in exchanges if exchange not in strangers]
    if own:
        _record(own)
    triggered(own)


def _is_stranger(exchange: Exchange) -> bool:
    """Whether it came in with the certificate of another serial number than it boots with (B01.FR.11)."""
    name, serials = exchange.link.certificate_name, _serials(exchange.payload)
    return bool(name and serials) and name.lower() not in {serial.lower() for serial in serials}


def _refuse(exchange: Exchange) -> None:
    status = str(Registration.REJECTED)
    exchange.reply = {"currentTime": datetime.now(UTC), "interval": REFUSED_INTERVAL, "status": status}
    exchange.close = (CLOSE_STRANGER, "the serial number is not that of the certificate")
    exchange.category, exchange.is_error = Category.SECURITY, True
    exchange.fact = "serial number is not that of the certificate"
    exchange.text = f"{' '.join(_serials(exchange.payload))}, not {exchange.link.certificate_name}"


def _serials(told: dict[str, Any]) -> list[str]:
    both = (text(told.get("chargePointSerialNumber")), text(told.get("chargeBoxSerialNumber")))
    return [serial for serial in both if serial]


def _record(exchanges: list[Exchange]) -> None:
    boots = [_boot(exchange) for exchange in exchanges]
    answers = boots_record(boots=boots)
    for exchange, boot in zip(exchanges, boots, strict=True):
        registration, interval = answers.get(boot.charge_point_id, (Registration.REJECTED, 300))
        exchange.link.registration = str(registration)
        exchange.reply = {"currentTime": datetime.now(UTC), "interval": interval, "status": str(registration)}
        exchange.fact = " ".join(part for part in (boot.vendor, boot.model) if part)[:200]
        exchange.text = f"firmware {boot.firmware or 'not told'} → {registration}, interval {interval} s"
        exchange.is_error = registration == Registration.REJECTED


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
        asked_for=exchange.link.triggered == exchange.action,
    )


ROUTE = route("BootNotification", Category.STATE)(_apply)
