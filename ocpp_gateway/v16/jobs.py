"""Status messages of long jobs: of firmware, diagnostics and logs, signed or not. Idle only after a trigger."""

from collections.abc import Mapping, Sequence

from chargepoints.reports import JobReport
from chargepoints.services.jobs import jobs_progress
from ocpp_gateway.router import Exchange
from ocpp_gateway.values import text, whole


def jobs_told(exchanges: Sequence[Exchange], kind: str, done: Mapping[str, bool], *, numbered: bool = False) -> None:
    """Bring each status to the command of `kind` that it is about.

    `done` has the words that end a job: True well, False badly. `numbered` messages name it by their requestId.
    """
    reports = []
    for exchange in exchanges:
        word = exchange.fact = text(exchange.payload["status"])
        number = whole(exchange.payload.get("requestId")) if numbered else None
        exchange.text = "" if number is None else f"request {number}"
        exchange.is_error = done.get(word) is False or word.endswith("Failed")
        if word != "Idle":
            pk = exchange.link.charge_point_id
            reports.append(JobReport(pk, (kind,), number, word, exchange.at, done.get(word)))
    jobs_progress(reports=reports)
