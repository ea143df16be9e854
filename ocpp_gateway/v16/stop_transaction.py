"""StopTransaction: a charge ended. Never refused, whatever its id or its register (CSMS.md 2.1, T4)."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from chargepoints.choices import Category
from chargepoints.reports import KeyQuestion, Stop
from chargepoints.services.keys import keys_authorise
from chargepoints.services.meters import REGISTER, readings_record
from chargepoints.services.stops import charges_stop
from ocpp_gateway.router import Exchange, route
from ocpp_gateway.v16.authorize import id_tag_info
from ocpp_gateway.v16.meter_values import readings, sample_of
from ocpp_gateway.values import event_time, text, watt_hours, whole


def _apply(exchanges: list[Exchange]) -> None:
    stops = [_stop(exchange) for exchange in exchanges]
    answers = charges_stop(stops=stops)
    for exchange, stop, answer in zip(exchanges, stops, answers, strict=True):
        register = "no register" if stop.meter_stop_wh is None else f"meter {stop.meter_stop_wh} Wh"
        energy = "" if answer.energy_wh is None else f"{answer.energy_wh / 1000:.2f} kWh"
        exchange.fact = ", ".join(part for part in (stop.transaction_id, energy, stop.reason) if part)
        exchange.text = ", ".join(part for part in (register, answer.note) if part)
        exchange.is_error = not answer.known
        if not answer.known:
            exchange.notice("orphan-stop", f"transaction {stop.transaction_id}")
        elif answer.repeated:
            exchange.notice("repeated-stop", f"transaction {stop.transaction_id}")
        # A stop under another id stands with the charge that it ended.
        exchange.transaction_id = answer.matched or exchange.transaction_id
    # A repeat brings the same values once more (T3).
    _transaction_data([exchange for exchange, answer in zip(exchanges, answers, strict=True) if not answer.repeated])
    _tags(exchanges, stops)


def _stop(exchange: Exchange) -> Stop:
    told = exchange.payload
    number = whole(told["transactionId"])
    exchange.transaction_id = text(told["transactionId"], 64) if number is None else str(number)
    content = json.dumps([told.get(name) for name in ("transactionId", "timestamp", "meterStop")])
    return Stop(
        charge_point_id=exchange.link.charge_point_id,
        transaction_id=exchange.transaction_id,
        ended_at=event_time(told.get("timestamp"), exchange.at),
        received_at=exchange.at,
        fingerprint=hashlib.blake2b(content.encode(), digest_size=16).hexdigest(),
        meter_stop_wh=watt_hours(told["meterStop"]),
        reason=text(told.get("reason"), 64) or "Local",
        id_tag=text(told.get("idTag")),
        generation=exchange.link.generation,
        meter_start_wh=_register_at_begin(told.get("transactionData") or ()),
    )


def _register_at_begin(values: Sequence[Any]) -> int | None:
    """The register that the sent values say the charge began with (context Transaction.Begin)."""
    for value in values:
        for sampled in value.get("sampledValue") or ():
            sample = sample_of(sampled)
            what = sample.measured
            if (what.context, what.measurand, what.phase) == ("Transaction.Begin", REGISTER, ""):
                return watt_hours(sample.decimal)
    return None


def _transaction_data(exchanges: list[Exchange]) -> None:
    """The values sent along; they belong to the ended charge and reopen nothing."""
    readings_record(
        readings=[
            reading
            for exchange in exchanges
            for reading in readings(
                exchange.link.charge_point_id,
                0,
                exchange.payload.get("transactionData") or (),
                exchange.at,
                exchange.transaction_id,
            )
        ]
    )


def _tags(exchanges: list[Exchange], stops: list[Stop]) -> None:
    """An idTagInfo only where the stop named a tag; it informs, it refuses nothing (pitfall 13)."""
    named = [(exchange, stop) for exchange, stop in zip(exchanges, stops, strict=True) if stop.id_tag]
    if named:
        questions = [KeyQuestion(stop.charge_point_id, stop.id_tag) for _, stop in named]
        for (exchange, _), answer in zip(named, keys_authorise(questions=questions, now=exchanges[0].at), strict=True):
            exchange.reply = {"idTagInfo": id_tag_info(answer)}


ROUTE = route("StopTransaction", Category.TRANSACTION)(_apply)
