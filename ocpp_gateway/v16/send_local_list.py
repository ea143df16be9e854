"""SendLocalList: the keys that may charge while the charger is offline (CSMS.md 2.2; TC_043)."""

from collections.abc import Sequence

from chargepoints.choices import Category
from chargepoints.reports import Answer
from chargepoints.services.local_lists import local_lists_answered
from ocpp_gateway.outgoing import Outgoing, Payload


def _build(given: Payload) -> Payload:
    payload = {"listVersion": int(given["version"]), "updateType": given["update"]}
    if given["entries"]:
        payload["localAuthorizationList"] = [_entry(entry) for entry in given["entries"]]
    return payload


def _entry(entry: Payload) -> Payload:
    """An entry; one without idTagInfo is taken off the list."""
    if "status" not in entry:
        return {"idTag": entry["id_tag"]}
    info = {"status": entry["status"]}
    if entry.get("expires_at"):
        info["expiryDate"] = entry["expires_at"]
    if entry.get("parent_id_tag"):
        info["parentIdTag"] = entry["parent_id_tag"]
    return {"idTag": entry["id_tag"], "idTagInfo": info}


def _apply(answers: Sequence[Answer]) -> None:
    local_lists_answered(answers=answers)


OUT = Outgoing("local_list", "SendLocalList", _build, Category.SECURITY, apply=_apply)
