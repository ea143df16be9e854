"""MeterValues: always acknowledged, whatever they say (CSMS.md 2.1, T4)."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from chargepoints.choices import Category
from chargepoints.reports import Reading, Sample
from chargepoints.services.meters import readings_record, totals_of
from ocpp_gateway.router import Exchange, route
from ocpp_gateway.v16.triggered import triggered
from ocpp_gateway.values import connector as connector_number
from ocpp_gateway.values import event_time, number, text, unit, whole


def _apply(exchanges: list[Exchange]) -> None:
    everything: list[Reading] = []
    counts: list[int] = []
    for exchange in exchanges:
        told = exchange.payload
        connector = connector_number(told["connectorId"])
        transaction = whole(told.get("transactionId")) or 0
        # 0, -1 and the like mean "none" (QUIRKS 4.1, 4.2)
        transaction_id = str(transaction) if transaction > 0 else ""
        found = readings(exchange.link.charge_point_id, connector, told["meterValue"], exchange.at, transaction_id)
        everything += found
        exchange.connector_number = connector
        exchange.transaction_id = transaction_id
        exchange.fact, exchange.text = _words(connector, found)
        counts.append(len(found))
    repeated = iter(readings_record(readings=everything))
    for exchange, count in zip(exchanges, counts, strict=True):
        if count and all(list(islice(repeated, count))):
            exchange.text = f"{exchange.text}, repeated, already known"
    triggered(exchanges)


def readings(
    charge_point_id: int, connector: int, values: Sequence[Any], received: datetime, transaction_id: str
) -> list[Reading]:
    """The readings of a meterValue list, with the defaults of OCPP 1.6 filled in."""
    return [
        Reading(
            charge_point_id=charge_point_id,
            connector_number=connector,
            at=event_time(value.get("timestamp"), received),
            received_at=received,
            samples=[sample_of(sampled) for sampled in value.get("sampledValue") or ()],
            transaction_id=transaction_id,
        )
        for value in values
    ]


def sample_of(sampled: dict[str, Any]) -> Sample:
    """One sampledValue, its unit normalised."""
    raw = text(sampled.get("value"), 65_536)
    measurand = text(sampled.get("measurand"), 64) or "Energy.Active.Import.Register"
    signed = sampled.get("format") == "SignedData"
    named = text(sampled.get("unit"), 16) or ("Wh" if measurand.startswith("Energy.Active") else "")
    normal, value = unit(named, None if signed else number(raw))
    return Sample(
        measurand=measurand,
        unit=normal,
        value=value,
        raw=raw,
        phase=text(sampled.get("phase"), 16),
        location=text(sampled.get("location"), 16),
        context=text(sampled.get("context"), 32) or "Sample.Periodic",
    )


def _words(connector: int, found: Sequence[Reading]) -> tuple[str, str]:
    if not found:
        return f"{connector}", "no values"
    totals = totals_of(found[-1])
    parts = []
    if totals.register is not None:
        parts.append(f"{totals.register / 1000:.2f} kWh")
    if totals.soc is not None:
        parts.append(f"{totals.soc} %")
    power = f"{connector}: {totals.power / 1000:.1f} kW" if totals.power is not None else f"{connector}"
    return power, ", ".join(parts) or f"{sum(len(reading.samples) for reading in found)} values"


ROUTE = route("MeterValues", Category.METER, hot=True)(_apply)
