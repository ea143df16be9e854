"""MeterValues: always acknowledged, whatever they say (CSMS.md 2.1, T4)."""

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from chargepoints.choices import Category
from chargepoints.readings import Measured, Reading, Sample
from chargepoints.services.meters import readings_record, totals_of
from ocpp_gateway.router import Exchange, route
from ocpp_gateway.v16.triggered import triggered
from ocpp_gateway.values import connector as connector_number
from ocpp_gateway.values import decimal, event_time, number, text, unit, whole

# What is measured, and what the value is multiplied with.
_Description = tuple[Measured, int]
# Nearly all values: taken as they are.
_is_plain = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,12})?", re.ASCII).fullmatch
_MOST_DESCRIPTIONS = 4096
_descriptions: dict[tuple[Any, ...], _Description] = {}


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
    get = sampled.get
    raw = get("value")
    told = (get("measurand"), get("unit"), get("phase"), get("location"), get("context"))
    try:
        measured, scale = _descriptions[told]
    except (KeyError, TypeError):  # a list or an object where a text belongs
        measured, scale = _description(told)
    is_signed = get("format") == "SignedData"
    if scale == 1 and not is_signed and type(raw) is str and _is_plain(raw):
        return Sample(measured, raw, raw)
    raw = text(raw, 65_536)
    value = None if is_signed else number(raw)
    if value is not None and scale != 1:
        value *= scale
    return Sample(measured, decimal(value), raw)


def _description(told: tuple[Any, ...]) -> _Description:
    """What is said of a value besides itself. A fleet says the same few things over and over."""
    found = _describe(*told)
    if len(_descriptions) < _MOST_DESCRIPTIONS and all(v is None or (type(v) is str and len(v) < 64) for v in told):
        _descriptions[told] = found
    return found


def _describe(measurand: Any, named: Any, phase: Any, location: Any, context: Any) -> _Description:
    measured = text(measurand, 64) or "Energy.Active.Import.Register"
    normal, one = unit(text(named, 16) or ("Wh" if measured.startswith("Energy.Active") else ""), Decimal(1))
    scale = int(one or 1)
    where = (text(phase, 16), text(location, 16), text(context, 32) or "Sample.Periodic")
    return Measured(measured, normal, *where), scale


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
