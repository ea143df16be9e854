"""StartTransaction: a charge began. It is recorded whatever the verdict on its key (CSMS.md 2.1)."""

import hashlib

from chargepoints.choices import Category, Verdict
from chargepoints.reports import KeyAnswer, Start
from chargepoints.services.starts import charges_start
from ocpp_gateway.router import Exchange, route
from ocpp_gateway.v16.authorize import id_tag_info
from ocpp_gateway.values import connector as connector_number
from ocpp_gateway.values import event_time, text, watt_hours, whole


def _apply(exchanges: list[Exchange]) -> None:
    starts = [_start(exchange) for exchange in exchanges]
    for exchange, start, answer in zip(exchanges, starts, charges_start(starts=starts), strict=True):
        info = id_tag_info(KeyAnswer(answer.verdict, answer.expires_at, answer.parent_id_tag))
        exchange.reply = {"transactionId": int(answer.transaction_id), "idTagInfo": info}
        exchange.transaction_id = answer.transaction_id
        exchange.fact = f"connector {start.connector_number} → {answer.transaction_id}, {answer.verdict}"
        register = "no register" if start.meter_start_wh is None else f"meter {start.meter_start_wh} Wh"
        exchange.text = ", ".join(part for part in (f"key {start.id_tag}", register, answer.note) if part)
        exchange.is_error = answer.verdict != Verdict.ACCEPTED
        if answer.repeated:
            exchange.notice("repeated-start", f"transaction {answer.transaction_id}")


def _start(exchange: Exchange) -> Start:
    told = exchange.payload
    number = exchange.connector_number = connector_number(told["connectorId"])
    id_tag = text(told["idTag"])
    # Content, not message id: a repeat may come with a new id, after a reconnect or a restart of ours (T3).
    content = "|".join((str(number), id_tag.lower(), str(told.get("timestamp")), str(told["meterStart"])))
    return Start(
        charge_point_id=exchange.link.charge_point_id,
        connector_number=number,
        id_tag=id_tag,
        started_at=event_time(told.get("timestamp"), exchange.at),
        received_at=exchange.at,
        fingerprint=hashlib.blake2b(content.encode(), digest_size=16).hexdigest(),
        meter_start_wh=watt_hours(told["meterStart"]),
        # 0 and -1 stand for "none" (QUIRKS 4.2).
        reservation_id=max(whole(told.get("reservationId")) or 0, 0) or None,
        transaction_id=str(exchange.stored.get("transactionId", "")),
        verdict=Verdict(exchange.stored["idTagInfo"]["status"]) if exchange.stored else None,
    )


ROUTE = route("StartTransaction", Category.TRANSACTION)(_apply)
