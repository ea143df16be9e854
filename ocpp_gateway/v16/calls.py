"""Commands as OCPP 1.6 calls (CSMS.md 2.2)."""

from typing import Any

from chargepoints.choices import Category

CATEGORIES = {"RemoteStartTransaction": Category.TRANSACTION, "RemoteStopTransaction": Category.TRANSACTION}


def build(kind: str, parameters: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Action and payload of a command. Raises KeyError or ValueError when a parameter is missing or odd."""
    return _BUILD[kind](parameters)


def _reboot(given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "Reset", {"type": given["type"]}


def _start(given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    # Always with the connector: some chargers refuse a start without one (QUIRKS 7.3).
    return "RemoteStartTransaction", {"connectorId": int(given["connector"]), "idTag": given["id_tag"]}


def _stop(given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "RemoteStopTransaction", {"transactionId": int(given["transaction_id"])}


def _unlock(given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "UnlockConnector", {"connectorId": int(given["connector"])}


def _trigger(given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    payload = {"requestedMessage": given["message"]}
    if given.get("connector"):
        payload["connectorId"] = int(given["connector"])
    return "TriggerMessage", payload


_BUILD = {"reboot": _reboot, "start": _start, "stop": _stop, "unlock": _unlock, "trigger": _trigger}
