"""GetConfiguration: all settings, or some by name; no names at all, never an empty list (CSMS.md 2.2; TC_019)."""

import json
from collections.abc import Sequence
from typing import Any

from chargepoints.reports import Answer
from chargepoints.services.configuration import configuration_reported
from ocpp_gateway.outgoing import Outgoing, Payload


def _build(given: Payload) -> Payload:
    return {"key": list(given["keys"])} if given.get("keys") else {}


def _mend(answer: Any) -> Any:
    """Values that are no texts, and items without the mark read-only (QUIRKS 2.11); items without a key are dropped."""
    told = answer.get("configurationKey") if isinstance(answer, dict) else None
    if not isinstance(told, list):
        return answer
    items = [_item(item) for item in told if isinstance(item, dict) and isinstance(item.get("key"), str)]
    return {**answer, "configurationKey": items}


def _item(item: Payload) -> Payload:
    mended = {**item, "readonly": item.get("readonly") in {True, "true", "True"}}
    if "value" in item and not isinstance(item["value"], str):
        mended["value"] = json.dumps(item["value"])
    return mended


def _apply(answers: Sequence[Answer]) -> None:
    configuration_reported(answers=answers)


OUT = Outgoing("read_configuration", "GetConfiguration", _build, apply=_apply, mend=_mend)
