"""Which OCPP versions are spoken, and where each is written down."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chargepoints.choices import CommandStatus
from ocpp_gateway.errors import Code, Version
from ocpp_gateway.router import Route
from ocpp_gateway.v16 import calls as v16_calls
from ocpp_gateway.v16 import results as v16_results
from ocpp_gateway.v16 import routes as v16_routes


@dataclass(frozen=True, slots=True)
class Dialect:
    """One version: messages taken, commands sent, answers judged."""

    routes: Mapping[str, Route]
    build: Callable[[str, dict[str, Any]], tuple[str, dict[str, Any]]]
    judge: Callable[[dict[str, Any]], tuple[CommandStatus, str]]
    judge_error: Callable[[Code, str, str], tuple[CommandStatus, str]]
    categories: Mapping[str, str]


DIALECTS: dict[Version, Dialect] = {
    Version.V16: Dialect(
        routes=v16_routes.ROUTES,
        build=v16_calls.build,
        judge=v16_results.judge,
        judge_error=v16_results.judge_error,
        categories=v16_calls.CATEGORIES,
    )
}
