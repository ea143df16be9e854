"""Authorize: may this id tag charge? (CSMS.md 2.1, TC_053)"""

from typing import Any

from chargepoints.choices import Category, Verdict
from chargepoints.reports import KeyAnswer, KeyQuestion
from chargepoints.services.keys import keys_authorise
from ocpp_gateway.router import Exchange, route
from ocpp_gateway.values import text


def _apply(exchanges: list[Exchange]) -> None:
    questions = [KeyQuestion(exchange.link.charge_point_id, text(exchange.payload["idTag"])) for exchange in exchanges]
    answers = keys_authorise(questions=questions, now=exchanges[0].at)
    for exchange, question, answer in zip(exchanges, questions, answers, strict=True):
        exchange.reply = {"idTagInfo": id_tag_info(answer)}
        exchange.fact = f"{question.id_tag} → {answer.verdict}"
        exchange.text = answer.why
        exchange.is_error = answer.verdict != Verdict.ACCEPTED


def id_tag_info(answer: KeyAnswer) -> dict[str, Any]:
    """The IdTagInfo of an answer; the parent always where there is one (TC_053)."""
    info: dict[str, Any] = {"status": str(answer.verdict)}
    if answer.expires_at is not None:
        info["expiryDate"] = answer.expires_at
    if answer.parent_id_tag:
        info["parentIdTag"] = answer.parent_id_tag[:20]
    return info


ROUTE = route("Authorize", Category.SECURITY)(_apply)
